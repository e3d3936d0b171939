package tillstream.domain.rules;

import static tillstream.domain.Instants.DAY_MS;
import static tillstream.domain.Instants.MINUTE_MS;
import static tillstream.domain.operators.Texts.fixed;

import java.io.Serializable;
import java.util.List;
import tillstream.domain.EventType;
import tillstream.domain.Instants;
import tillstream.domain.LogRecord.Event;
import tillstream.domain.Reference;
import tillstream.domain.operators.Judgement;
import tillstream.domain.operators.Judgement.Figure;
import tillstream.domain.operators.Receipt;
import tillstream.domain.operators.Rule;
import tillstream.domain.operators.Windower;
import tillstream.domain.operators.Windower.Running;

/** A till that takes its share of a store's orders, and then takes none: `till-silent.ts`. */
final class TillSilent extends Rule<Receipt, Running<TillSilent.Share>, Running<TillSilent.Share>> {
  private static final long KEPT_MS = 7 * DAY_MS;
  /** Fewer orders tell too little of a till's share. */
  private static final int LEAST_ORDERS = 30;
  /** Past as many, the older half of what is counted is forgotten: a till's share changes. */
  private static final int MOST_ORDERS = 2_000;

  /** @param first since when its orders are counted: half a millisecond where the older half was forgotten */
  record Share(double first, int orders, Receipt last, OrderPace pace) implements Serializable {}

  TillSilent() {
    super("till_silent", "silence", true, new Parameter("expected", 10), new Parameter("minutes", 5));
  }

  /** A web shop has no tills: that it is silent is another rule's to say. */
  @Override
  protected Given<Receipt> input(Seen seen, double[] p, Reference reference) {
    Event event = seen.event;
    if (event.type() != EventType.ORDER_PLACED || "online".equals(event.channel())) return null;
    return new Given<>(event.register() == null ? event.source() : event.register(), seen.receipt());
  }

  @Override
  protected Windower<Receipt, Running<Share>, Running<Share>> window(double[] p) {
    return Windower.running(KEPT_MS, TillSilent::withOrder);
  }

  private static Share withOrder(Share known, Receipt order, long at) {
    if (known == null) return new Share(at, 1, order, OrderPace.withOrder(null, at));
    OrderPace pace = OrderPace.withOrder(known.pace, at);
    Receipt newest = known.last.eventTime() > order.eventTime() ? known.last : order;
    return known.orders < MOST_ORDERS
        ? new Share(Math.min(known.first, at), known.orders + 1, newest, pace)
        : new Share((known.first + newest.eventTime()) / 2, MOST_ORDERS / 2, newest, pace);
  }

  @Override
  protected Judgement judgeAt(Running<Share> till, String store, String key, long at, double[] p, Reference reference) {
    Share own = till.value();
    long newest = till.newest();
    if (own.orders < LEAST_ORDERS || at - newest < p[1] * MINUTE_MS || !reference.isLive(store, at)) return null;
    double since = reference.expectedOrders(store, newest, at);
    if (Double.isNaN(since)) return null;
    double byPace = own.pace.expected(since, (from, to) -> reference.expectedOrders(store, from, to));
    // No share is more than the whole: most minutes end here, before a week is added up.
    if (Math.max(since, byPace) < p[0]) return null;
    double before = reference.expectedOrders(store, own.first, newest);
    double share = before > 0 ? Math.min(1, own.orders / before) : 0;
    double expected = Math.max(since * share, byPace);
    if (expected < p[0]) return null;
    long minutes = Math.round((double) (at - newest) / MINUTE_MS);
    return new Judgement(
        Math.min(100, Math.round(45 + 2 * expected)),
        "No order from till " + key + " for " + minutes + " minutes; " + fixed(expected, 1) + " were to be expected",
        List.of(
            new Figure("Last order", Instants.format(newest)),
            new Figure("Orders since", "0", fixed(expected, 1) + " by its share of the store's"),
            new Figure("Share of the store", Math.round(100 * share) + "%")),
        List.of(own.last));
  }
}
