package tillstream.domain.rules;

import static tillstream.domain.Instants.MINUTE_MS;
import static tillstream.domain.operators.Texts.money;
import static tillstream.domain.operators.Texts.number;

import java.io.Serializable;
import java.math.BigDecimal;
import java.util.List;
import java.util.function.Function;
import tillstream.domain.EventType;
import tillstream.domain.LogRecord.Event;
import tillstream.domain.Reference;
import tillstream.domain.operators.Judgement;
import tillstream.domain.operators.Judgement.Figure;
import tillstream.domain.operators.Receipt;
import tillstream.domain.operators.Rule;
import tillstream.domain.operators.Windower;
import tillstream.domain.operators.Windower.Sliding;

/** Refund after refund by one hand: `refund-burst.ts`. */
final class RefundBurst extends Rule<RefundBurst.Refund, Sliding<RefundBurst.Refund>, List<RefundBurst.Refund>> {
  private static final int MOST_KEPT = 60;

  /** @param isUnmatched it names no order that goods were bought with */
  record Refund(Receipt receipt, boolean isUnmatched) implements Serializable {}

  private final String by;
  private final Function<Event, String> keyOf;

  private RefundBurst(String name, String by, Function<Event, String> keyOf) {
    super(name, "fraud", false, new Parameter("refunds", 6), new Parameter("minutes", 30));
    this.by = by;
    this.keyOf = keyOf;
  }

  static RefundBurst byCashier() {
    return new RefundBurst("refunds_by_cashier", "by cashier", event -> event.details().cashier());
  }

  /** Where the cashier is known, that is whom it is about. */
  static RefundBurst atRegister() {
    return new RefundBurst("refunds_at_register", "at till", event -> event.details().cashier() == null ? event.register() : null);
  }

  @Override
  protected Given<Refund> input(Seen seen, double[] p, Reference reference) {
    if (seen.event.type() != EventType.ORDER_RETURNED) return null;
    String key = keyOf.apply(seen.event);
    if (key == null) return null;
    return new Given<>(key, new Refund(seen.receipt(), seen.event.details().originalOrderId() == null));
  }

  @Override
  protected Windower<Refund, Sliding<Refund>, List<Refund>> window(double[] p) {
    return Windower.sliding((long) (p[1] * MINUTE_MS), MOST_KEPT);
  }

  @Override
  protected Judgement judge(List<Refund> refunds, Seen seen, Refund item, String key, double[] p) {
    int unmatched = 0;
    long sum = 0;
    for (Refund refund : refunds) {
      if (refund.isUnmatched) unmatched += 1;
      sum += new BigDecimal(refund.receipt.net()).movePointRight(4).longValueExact();
    }
    int weight = refunds.size() + unmatched;
    if (weight < p[0]) return null;
    String currency = refunds.get(0).receipt.currency();
    String paid = money(-sum, currency == null ? "" : currency);
    return new Judgement(
        Math.min(100, 60 + 5 * (weight - p[0]) + (unmatched > 0 ? 10 : 0)),
        refunds.size() + " refunds " + by + " " + key + " within " + number(p[1]) + " minutes, " + paid,
        List.of(
            new Figure("Refunds", Integer.toString(refunds.size()), "fewer than " + number(p[0])),
            new Figure("Of them without an order", Integer.toString(unmatched)),
            new Figure("Paid out", paid)),
        refunds.stream().map(Refund::receipt).toList());
  }
}
