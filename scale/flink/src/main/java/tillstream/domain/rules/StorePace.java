package tillstream.domain.rules;

import static tillstream.domain.Instants.HOUR_MS;
import static tillstream.domain.Instants.MINUTE_MS;
import static tillstream.domain.operators.Texts.fixed;
import static tillstream.domain.operators.Texts.number;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import tillstream.domain.EventType;
import tillstream.domain.Reference;
import tillstream.domain.operators.Judgement;
import tillstream.domain.operators.Judgement.Figure;
import tillstream.domain.operators.Rule;
import tillstream.domain.operators.Windower;
import tillstream.domain.operators.Windower.Running;

/** A store that sells far less, or far more, than its habits let expect of these hours: `store-pace.ts`. */
final class StorePace extends Rule<Boolean, Running<StorePace.Hours>, Running<StorePace.Hours>> {
  private static final long BUCKET_MS = 5 * MINUTE_MS;
  private static final long KEPT_MS = 5 * HOUR_MS;
  /** Days scatter around their like by such a share of what is expected. */
  private static final double BELOW = 0.15;
  private static final double ABOVE = 0.3;
  /** Past it the habits are those of another store: what it was before a move, or a test. They say nothing then. */
  private static final double MOST_TIMES = 4.5;

  @JsonFormat(shape = JsonFormat.Shape.ARRAY)
  @JsonPropertyOrder({"end", "orders"})
  record Bucket(long end, long orders) implements Serializable {}

  /**
   * @param first of the first order: what lies before it nobody has looked at
   * @param end of the newest five minutes: nearly every order is in them, and costs no copy of the others
   */
  record Hours(long first, long end, long orders, List<Bucket> buckets) implements Serializable {}

  StorePace() {
    super("store_pace", "pace", true, new Parameter("deviations", 3), new Parameter("hours", 2), new Parameter("expected", 20));
  }

  @Override
  protected Given<Boolean> input(Seen seen, double[] p, Reference reference) {
    return seen.event.type() == EventType.ORDER_PLACED ? new Given<>("", Boolean.TRUE) : null;
  }

  @Override
  protected Windower<Boolean, Running<Hours>, Running<Hours>> window(double[] p) {
    return Windower.running(KEPT_MS, (hours, order, at) -> withOrder(hours, at));
  }

  private static Hours withOrder(Hours known, long at) {
    long own = (Math.floorDiv(at, BUCKET_MS) + 1) * BUCKET_MS;
    if (known == null) return new Hours(at, own, 1, List.of());
    long since = Math.min(known.first, at);
    if (own == known.end) return new Hours(since, own, known.orders + 1, known.buckets);
    List<Bucket> others = new ArrayList<>(known.buckets.size() + 1);
    if (own > known.end) {
      for (Bucket one : known.buckets) if (one.end > own - KEPT_MS) others.add(one);
      if (known.orders > 0) others.add(new Bucket(known.end, known.orders));
      return new Hours(since, own, 1, others);
    }
    // A late one.
    if (own <= known.end - KEPT_MS) return new Hours(since, known.end, known.orders, known.buckets);
    long orders = 0;
    for (Bucket one : known.buckets) {
      if (one.end == own) orders = one.orders;
      else others.add(one);
    }
    others.add(new Bucket(own, orders + 1));
    return new Hours(since, known.end, known.orders, others);
  }

  @Override
  protected Judgement judgeAt(Running<Hours> running, String store, String key, long at, double[] p, Reference reference) {
    Hours hours = running.value();
    // Whole buckets alone: half of one would be held against the whole of it.
    long to = Math.floorDiv(at, BUCKET_MS) * BUCKET_MS;
    double from = to - p[1] * HOUR_MS;
    if (hours.first > from || !reference.isLive(store, at)) return null;
    double expected = reference.expectedOrders(store, from, to);
    if (Double.isNaN(expected) || expected < p[2]) return null;
    long orders = hours.end > from && hours.end <= to ? hours.orders : 0;
    for (Bucket one : hours.buckets) if (one.end > from && one.end <= to) orders += one.orders;
    // That nothing comes at all is another rule's to say.
    if (orders == 0 || orders > MOST_TIMES * expected) return null;
    double least = expected - reachOf(BELOW, expected, p[0]);
    double most = expected + reachOf(ABOVE, expected, p[0]);
    if (orders >= least && orders <= most) return null;
    double reach = orders < least ? expected - least : most - expected;
    double deviations = (p[0] * Math.abs(orders - expected)) / reach;
    String range = Math.max(0, Math.round(least)) + " to " + Math.round(most);
    return new Judgement(
        Math.min(100, Math.round(40 + 5 * (deviations - p[0]))),
        orders + " orders in the last " + number(p[1]) + " hours; " + fixed(expected, 0) + " were to be expected, " + range + " would be usual",
        List.of(
            new Figure("Orders of the last " + number(p[1]) + " hours", Long.toString(orders), range),
            new Figure("To be expected", fixed(expected, 1))),
        List.of());
  }

  private static double reachOf(double share, double expected, double deviations) {
    double ofDays = share * expected;
    return deviations * Math.sqrt(expected + ofDays * ofDays);
  }
}
