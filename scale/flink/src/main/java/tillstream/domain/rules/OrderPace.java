package tillstream.domain.rules;

import static tillstream.domain.Instants.MINUTE_MS;

import java.io.Serializable;
import java.util.function.DoubleBinaryOperator;

/** How fast orders come of late, each counting half as much for every twenty minutes: `pace-of-orders.ts`. */
record OrderPace(long newest, double weight) implements Serializable {
  private static final double LN2 = 0.6931471805599453;
  /** A till that has sold fast for so long is known to be fast. */
  private static final double HALF_LIFE_MS = 20 * MINUTE_MS;
  /** How many of them before the newest order are looked at. */
  private static final int HALF_LIVES = 6;
  /** Standard deviations below what was counted: so fast it surely is. */
  private static final double SURELY = 3;

  /** @param known null: the first order */
  static OrderPace withOrder(OrderPace known, long at) {
    if (known == null) return new OrderPace(at, 1);
    return at >= known.newest
        ? new OrderPace(at, known.weight * fading(at - known.newest) + 1)
        : new OrderPace(known.newest, known.weight + fading(known.newest - at));
  }

  /**
   * Orders that the pace of late surely lets expect.
   *
   * @param since orders that habits let expect since the newest one
   * @param habit orders that they let expect between two instants; NaN: not known
   */
  double expected(double since, DoubleBinaryOperator habit) {
    // The variance of such a sum over a Poisson process is half its mean.
    double surely = weight - SURELY * Math.sqrt(weight / 2);
    if (since <= 0 || surely <= 0) return 0;
    double usual = 0;
    double share = 0.5;
    for (int ago = 0; ago < HALF_LIVES; ago += 1) {
      double to = newest - ago * HALF_LIFE_MS;
      double orders = habit.applyAsDouble(to - HALF_LIFE_MS, to);
      // The integral of 2^(-t) over that half-life.
      usual += ((Double.isNaN(orders) ? 0 : orders) * share) / LN2;
      share /= 2;
    }
    return usual > 0 ? (since * surely) / usual : 0;
  }

  private static double fading(long age) {
    return StrictMath.exp((-age / HALF_LIFE_MS) * LN2);
  }
}
