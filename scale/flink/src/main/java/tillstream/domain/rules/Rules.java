package tillstream.domain.rules;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
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

  /** Names of those that time judges too. */
  public static final Set<String> TIMED =
      STREAM.stream().filter(rule -> rule.isTimed).map(rule -> rule.name).collect(Collectors.toUnmodifiableSet());

  private Rules() {}
}
