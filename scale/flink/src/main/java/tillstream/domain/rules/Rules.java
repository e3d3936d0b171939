package tillstream.domain.rules;

import java.util.List;
import tillstream.domain.operators.Rule;

/** Every rule that the stream judges by, in the order of `domain/rules/catalogue.ts`. */
public final class Rules {
  public static final List<Rule<?, ?, ?>> STREAM =
      List.of(
          Velocity.ofCard(),
          Velocity.ofCustomer(),
          RefundBurst.byCashier(),
          RefundBurst.atRegister(),
          new VoidAfterCash(),
          new HighDiscount(),
          new OddAmount(),
          new StoreSilent(),
          new TillSilent(),
          new StorePace());

  private Rules() {}
}
