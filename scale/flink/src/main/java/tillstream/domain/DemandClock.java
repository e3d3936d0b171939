package tillstream.domain;

import static tillstream.domain.Instants.HOUR_MS;
import static tillstream.domain.StoreClock.HOURS_OF_WEEK;

import tillstream.domain.Reference.Forecast;
import tillstream.domain.Reference.ShelfStore;

/**
 * How demand runs through a week, hour by hour of a store's clock: the forecast of each business day, spread over its
 * hours as orders come. `domain/replenishment/demand-clock.ts`, operation by operation: sums of doubles end alike only so.
 */
final class DemandClock {
  /** A day's demand where nothing is known of its hours: as good as any between nine and nine. */
  private static final int OPEN_FROM = 9;
  private static final int OPEN_TO = 21;
  /** Sums of shares miss what they add up to by less, as a share of a week. */
  private static final double ROUNDING = 1e-9;

  final Forecast forecast;
  final double[] ordersByHour;
  /** Units from Monday 00:00 to the beginning of each hour of the week; the last is the week's. */
  private final double[] cumulative = new double[HOURS_OF_WEEK + 1];
  final double perWeek;

  DemandClock(Forecast forecast, ShelfStore store) {
    this.forecast = forecast;
    ordersByHour = store.ordersByHour();
    double[] shares = new double[HOURS_OF_WEEK];
    int[] weekdays = new int[HOURS_OF_WEEK];
    for (int weekday = 0; weekday < 7; weekday += 1) {
      int first = weekday * 24 + store.cutOverHour();
      double orders = 0;
      for (int hour = 0; hour < 24; hour += 1) orders += ordersAt((first + hour) % HOURS_OF_WEEK);
      for (int hour = 0; hour < 24; hour += 1) {
        int at = (first + hour) % HOURS_OF_WEEK;
        int ofDay = at % 24;
        weekdays[at] = weekday;
        if (orders > 0) shares[at] = ordersAt(at) / orders;
        else shares[at] = ofDay >= OPEN_FROM && ofDay < OPEN_TO ? 1.0 / (OPEN_TO - OPEN_FROM) : 0;
      }
    }
    double sum = 0;
    for (int hour = 0; hour < HOURS_OF_WEEK; hour += 1) {
      sum += shares[hour] * forecast.unitsByWeekday()[weekdays[hour]];
      cumulative[hour + 1] = sum;
    }
    perWeek = sum;
  }

  /** Where in the week an instant lies, in hours from Monday 00:00 of the store's clock, with fractions. */
  static double placeInWeek(long at, long offsetMs) {
    double hours = ((double) (at + offsetMs) / HOUR_MS + 72) % HOURS_OF_WEEK;
    return hours < 0 ? hours + HOURS_OF_WEEK : hours;
  }

  /** Standard deviation of a day's units around the forecast. */
  double spread() {
    return forecast.spread();
  }

  /** Units demanded from a place in the week on within so many hours. */
  double unitsWithin(double place, double hours) {
    double end = place + hours;
    double weeks = Math.floor(end / HOURS_OF_WEEK);
    return weeks * perWeek + upTo(end - weeks * HOURS_OF_WEEK) - upTo(place);
  }

  /** Hours from a place in the week until so many units are demanded; infinite where nothing is. */
  double hoursUntil(double place, double units) {
    if (units <= 0) return 0;
    if (perWeek <= 0) return Double.POSITIVE_INFINITY;
    double wanted = upTo(place) + units;
    // A whole number of weeks is over at the end of the last hour that sells, and not at the next that does.
    double weeks = Math.max(0, Math.ceil(wanted / perWeek - ROUNDING) - 1);
    double rest = wanted - weeks * perWeek;
    double least = rest - ROUNDING * perWeek;
    int low = 0;
    int high = HOURS_OF_WEEK - 1;
    while (low < high) {
      int middle = (low + high) >> 1;
      if (cumulative[middle + 1] >= least) high = middle;
      else low = middle + 1;
    }
    double before = cumulative[low];
    double within = cumulative[low + 1] - before;
    double share = within > 0 ? Math.min(1, Math.max(0, (rest - before) / within)) : 1;
    return Math.max(0, weeks * HOURS_OF_WEEK + low + share - place);
  }

  private double upTo(double place) {
    int hour = Math.min(HOURS_OF_WEEK - 1, (int) Math.floor(place));
    return cumulative[hour] + (cumulative[hour + 1] - cumulative[hour]) * (place - hour);
  }

  private double ordersAt(int hour) {
    return ordersByHour == null ? 0 : ordersByHour[hour];
  }
}
