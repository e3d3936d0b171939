package tillstream.domain.rules;

import static tillstream.domain.Instants.MINUTE_MS;
import static tillstream.domain.operators.Texts.number;

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

/** Order after order of one and the same, in minutes: `velocity.ts`. */
final class Velocity extends Rule<Receipt, Sliding<Receipt>, List<Receipt>> {
  private static final int MOST_KEPT = 50;

  private final String by;
  private final String label;
  private final double score;
  private final Function<Event, String> keyOf;

  private Velocity(String name, String by, String label, double orders, double score, Function<Event, String> keyOf) {
    super(name, "fraud", false, new Parameter("orders", orders), new Parameter("minutes", 10));
    this.by = by;
    this.label = label;
    this.score = score;
    this.keyOf = keyOf;
  }

  static Velocity ofCard() {
    return new Velocity("card_velocity", "with card", "Orders with this card", 4, 60, event -> event.details().cardToken());
  }

  static Velocity ofCustomer() {
    return new Velocity("customer_velocity", "of customer", "Orders of this customer", 5, 50, Event::customer);
  }

  @Override
  protected Given<Receipt> input(Seen seen, double[] p, Reference reference) {
    if (seen.event.type() != EventType.ORDER_PLACED) return null;
    String key = keyOf.apply(seen.event);
    return key == null ? null : new Given<>(key, seen.receipt());
  }

  @Override
  protected Windower<Receipt, Sliding<Receipt>, List<Receipt>> window(double[] p) {
    return Windower.sliding((long) (p[1] * MINUTE_MS), MOST_KEPT);
  }

  @Override
  protected Judgement judge(List<Receipt> receipts, Seen seen, Receipt item, String key, double[] p) {
    int count = receipts.size();
    if (count < p[0]) return null;
    return new Judgement(
        Math.min(100, score + 10 * (count - p[0])),
        count + " orders " + by + " " + key + " within " + number(p[1]) + " minutes",
        List.of(new Figure(label, Integer.toString(count), "fewer than " + number(p[0]))),
        receipts);
  }
}
