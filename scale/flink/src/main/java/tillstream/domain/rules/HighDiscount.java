package tillstream.domain.rules;

import static tillstream.domain.Instants.HOUR_MS;
import static tillstream.domain.operators.Texts.fixed;
import static tillstream.domain.operators.Texts.money;
import static tillstream.domain.operators.Texts.number;

import java.io.Serializable;
import java.util.List;
import tillstream.domain.EventType;
import tillstream.domain.LogRecord.Event;
import tillstream.domain.Reference;
import tillstream.domain.operators.Judgement;
import tillstream.domain.operators.Judgement.Figure;
import tillstream.domain.operators.Receipt;
import tillstream.domain.operators.Rule;
import tillstream.domain.operators.Windower;
import tillstream.domain.operators.Windower.Sliding;

/** Documents whose discount is more than the house allows: `high-discount.ts`. */
final class HighDiscount extends Rule<HighDiscount.Discounted, Sliding<HighDiscount.Discounted>, List<HighDiscount.Discounted>> {
  private static final int MOST_KEPT = 25;

  record Discounted(Receipt receipt, double percent, String discount) implements Serializable {}

  HighDiscount() {
    super("high_discount", "fraud", false, new Parameter("percent", 55), new Parameter("documents", 2));
  }

  @Override
  protected Given<Discounted> input(Seen seen, double[] p, Reference reference) {
    Event event = seen.event;
    if (event.type() != EventType.ORDER_PLACED || event.totalDiscounts() == 0) return null;
    double percent = 100.0 * event.totalDiscounts() / event.totalGross();
    // As in TypeScript, what is not a number is above nothing and kept.
    if (percent <= p[0]) return null;
    String key = event.details().cashier() != null ? event.details().cashier() : event.register() != null ? event.register() : event.channel();
    return new Given<>(key, new Discounted(seen.receipt(), percent, money(event.totalDiscounts(), event.currency())));
  }

  @Override
  protected Windower<Discounted, Sliding<Discounted>, List<Discounted>> window(double[] p) {
    return Windower.sliding(HOUR_MS, MOST_KEPT);
  }

  @Override
  protected Judgement judge(List<Discounted> items, Seen seen, Discounted item, String key, double[] p) {
    if (items.size() < p[1]) return null;
    Discounted highest = items.get(0);
    for (Discounted one : items) if (one.percent > highest.percent) highest = one;
    return new Judgement(
        Math.min(100, Math.round(40 + 10 * (items.size() - p[1]) + (highest.percent - p[0]) / 2)),
        items.size() + " documents by " + key + " with up to " + fixed(highest.percent, 0) + "% off",
        List.of(
            new Figure("Highest discount", fixed(highest.percent, 1) + "%", number(p[0]) + "%"),
            new Figure("Taken off there", highest.discount)),
        items.stream().map(Discounted::receipt).toList());
  }
}
