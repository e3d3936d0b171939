package tillstream.domain;

import static tillstream.domain.Instants.DAY_MS;
import static tillstream.domain.Instants.HOUR_MS;
import static tillstream.domain.Instants.NONE;
import static tillstream.domain.Quantiles.Z_OF_RANGE;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import tillstream.domain.Reference.Supply;
import tillstream.domain.StockState.OpenDelivery;

/**
 * What will become of a shelf, as the stream sees it after an event: what lies on it, how fast it sells now, and what comes
 * when. `domain/replenishment/live-shelf.ts` and `delivery.ts`, where the sources of the formulas stand.
 */
final class Outlook {
  /** Further ahead a date says nothing. */
  private static final double HORIZON_HOURS = 182 * 24;
  /** A shelf that is short is looked at again after an hour in which nothing touched it. */
  private static final long LOOK_AGAIN_MS = HOUR_MS;
  private static final long LOOK_AHEAD_AT_MOST_MS = 7 * DAY_MS;
  /** A look that comes later than this is none: time has leapt, as over files of another year. */
  static final long LOOK_LATE_AT_MOST_MS = DAY_MS;

  /** When what is on order is said to come, of the first delivery that leaves more than nothing; NONE: none is open. */
  final long dueAt;
  /** That moment has passed. */
  final boolean isLate;
  /** When an order placed now would come; NONE: no lead time is known. */
  final long orderArrivesAt;
  /** When something can help: that delivery as it is to be expected, else an order placed now. */
  final long helpAt;
  /** The probability that the shelf is empty before that: 0 where nothing is known of help. */
  final double risk;

  private final long at;
  private final double place;
  private final long onHand;
  private final DemandClock clock;
  private final double rush;
  private final double spreadOfUnit;

  /** @param state as it is at its `judgedAt`, with a stock that is known */
  Outlook(StockState state, DemandClock clock, long offsetMs, Supply supply) {
    at = state.judgedAt;
    onHand = state.onHand;
    this.clock = clock;
    place = DemandClock.placeInWeek(at, offsetMs);
    Due delivery = nextDelivery(state.deliveries, at, onHand, supply);
    dueAt = delivery == null ? NONE : delivery.dueAt;
    isLate = delivery != null && delivery.isLate;
    orderArrivesAt = supply == null ? NONE : arrivalOf(at, supply, offsetMs);
    helpAt = delivery == null ? orderArrivesAt : delivery.at;
    rush = onHand > 0 ? Pace.rushFactor(clock, state, at, place) : 1;
    double perDay = clock.perWeek / 7;
    spreadOfUnit = perDay > 0 ? clock.spread() / Math.sqrt(perDay) : 0;
    if (onHand > 0 && perDay > 0 && helpAt != NONE) {
      double mean = Pace.unitsInRush(clock, place, (double) Math.max(0, helpAt - at) / HOUR_MS, rush);
      risk = Quantiles.demandAtLeast(mean, spreadOfUnit * spreadOfUnit * mean, onHand);
    } else risk = onHand <= 0 ? 1 : 0;
  }

  /** When the shelf is empty if nothing comes; NONE: not within half a year. */
  long stockoutAt() {
    return when(0);
  }

  long stockoutEarlyAt() {
    return when(Z_OF_RANGE);
  }

  long stockoutLateAt() {
    return when(-Z_OF_RANGE);
  }

  /** When time alone may change what is said of the shelf, if no event touches it. */
  long nextLook(boolean isShort, int[] deliveryDays) {
    long latest = at + LOOK_AHEAD_AT_MOST_MS;
    if (isShort) return at + LOOK_AGAIN_MS;
    if (dueAt != NONE && !isLate) return Math.min(latest, Math.max(at, dueAt) + 1);
    if (isLate) return at + LOOK_AGAIN_MS;
    if (orderArrivesAt == NONE) return latest;
    long early = stockoutEarlyAt();
    if (early == NONE) return latest;
    // A supplier that comes on some weekdays only may take up to a week longer tomorrow than today.
    long longest = orderArrivesAt - at + (deliveryDays == null ? 0 : 7 * DAY_MS);
    return Math.min(latest, Math.max(at + LOOK_AGAIN_MS, early - longest));
  }

  private long when(double z) {
    if (onHand <= 0) return at;
    if (clock.perWeek <= 0) return NONE;
    double units = z == 0 ? onHand : meanOfBound(onHand, z * spreadOfUnit);
    double hours = Pace.hoursInRush(clock, place, units, rush);
    return hours > HORIZON_HOURS ? NONE : Math.round(at + hours * HOUR_MS);
  }

  /** The mean M at which M + b√M is what is on hand. */
  private static double meanOfBound(long onHand, double b) {
    double root = (Math.sqrt(b * b + 4 * onHand) - b) / 2;
    return root * root;
  }

  private record Due(long at, long dueAt, boolean isLate, long units) {}

  /** The first of what is on order that brings the shelf above nothing; of several that are needed for it, the last. */
  private static Due nextDelivery(OpenDelivery[] deliveries, long at, long onHand, Supply supply) {
    if (deliveries.length == 0) return null;
    List<Due> expected = new ArrayList<>(deliveries.length);
    for (OpenDelivery delivery : deliveries) {
      long due = delivery.expectedAt();
      if (due == NONE && delivery.placedAt() != NONE && supply != null)
        due = Math.round(delivery.placedAt() + supply.meanDays() * DAY_MS);
      if (due == NONE) continue;
      // Who is late stays unsure: it comes a deviation of the lead time from now, and not before a day.
      boolean isLate = due < at;
      double spread = supply == null ? 1 : supply.spreadDays();
      expected.add(new Due(isLate ? Math.round(at + Math.max(1, spread) * DAY_MS) : due, due, isLate, delivery.units()));
    }
    expected.sort(Comparator.comparingLong(Due::at).thenComparingLong(Due::dueAt));
    long stock = Math.min(0, onHand);
    for (Due due : expected) {
      stock += due.units;
      if (stock > 0) return due;
    }
    return null;
  }

  /** After the lead time, and then on the first day on which the supplier delivers, at the same hour. */
  private static long arrivalOf(long orderedAt, Supply supply, long offsetMs) {
    long earliest = Math.round(orderedAt + supply.meanDays() * DAY_MS);
    int[] deliveryDays = supply.deliveryDays();
    if (deliveryDays == null || deliveryDays.length == 0) return earliest;
    for (int days = 0; days < 7; days += 1) {
      long on = earliest + days * DAY_MS;
      // 1 January 1970 was a Thursday.
      long weekday = Math.floorMod(Math.floorDiv(on + offsetMs, DAY_MS) + 3, 7L) + 1;
      for (int day : deliveryDays) if (day == weekday) return on;
    }
    return earliest;
  }
}
