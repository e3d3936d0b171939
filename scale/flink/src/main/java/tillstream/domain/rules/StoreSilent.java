package tillstream.domain.rules;

import static tillstream.domain.Instants.DAY_MS;
import static tillstream.domain.Instants.MINUTE_MS;
import static tillstream.domain.operators.Texts.fixed;

import java.io.Serializable;
import java.util.List;
import tillstream.domain.EventType;
import tillstream.domain.Instants;
import tillstream.domain.Reference;
import tillstream.domain.operators.Judgement;
import tillstream.domain.operators.Judgement.Figure;
import tillstream.domain.operators.Receipt;
import tillstream.domain.operators.Rule;
import tillstream.domain.operators.Windower;
import tillstream.domain.operators.Windower.Running;

/** A store that sells as it should and then sells nothing: `store-silent.ts`. */
final class StoreSilent extends Rule<Receipt, Running<StoreSilent.Selling>, Running<StoreSilent.Selling>> {
  record Selling(Receipt last, OrderPace pace) implements Serializable {}

  StoreSilent() {
    super("store_silent", "silence", true, new Parameter("expected", 10), new Parameter("minutes", 5));
  }

  @Override
  protected Given<Receipt> input(Seen seen, double[] p, Reference reference) {
    return seen.event.type() == EventType.ORDER_PLACED ? new Given<>("", seen.receipt()) : null;
  }

  @Override
  protected Windower<Receipt, Running<Selling>, Running<Selling>> window(double[] p) {
    return Windower.running(
        DAY_MS,
        (known, order, at) ->
            new Selling(
                known != null && known.last.eventTime() > order.eventTime() ? known.last : order,
                OrderPace.withOrder(known == null ? null : known.pace, at)));
  }

  @Override
  protected Judgement judgeAt(Running<Selling> selling, String store, String key, long at, double[] p, Reference reference) {
    long newest = selling.newest();
    if (at - newest < p[1] * MINUTE_MS || !reference.isLive(store, at)) return null;
    double since = reference.expectedOrders(store, newest, at);
    if (Double.isNaN(since)) return null;
    double byPace = selling.value().pace.expected(since, (from, to) -> reference.expectedOrders(store, from, to));
    double expected = Math.max(since, byPace);
    if (expected < p[0]) return null;
    long minutes = Math.round((double) (at - newest) / MINUTE_MS);
    return new Judgement(
        Math.min(100, Math.round(50 + 2 * expected)),
        "No order for " + minutes + " minutes; " + fixed(expected, 1) + " were to be expected",
        List.of(
            new Figure("Last order", Instants.format(newest)),
            new Figure(
                "Orders since",
                "0",
                fixed(expected, 1) + " by the habits of this hour of the week, or by today’s pace where that is faster")),
        List.of(selling.value().last));
  }
}
