package tillstream.domain;

import static tillstream.domain.Instants.HOUR_MS;
import static tillstream.domain.Instants.NONE;
import static tillstream.domain.StoreClock.HOURS_OF_WEEK;

/** How fast a product sells of late: `domain/replenishment/pace-of-sales.ts`. */
final class Pace {
  static final double LN2 = 0.6931471805599453;
  /** How many half-lives of an hour are looked back. */
  private static final int HALF_LIVES = 5;
  /** A rush is taken to go on for as long as sales are remembered. */
  private static final double RUSH_HOURS = 1 / LN2;
  /** Units that the forecast itself counts for when it is held against what is seen. */
  private static final double UNITS_OF_FORECAST = 2;

  private Pace() {}

  /** What is left of 1 after so long. By StrictMath, whose exp is the one of V8: bit by bit the same on every machine. */
  static double fading(double age, double halfLife) {
    return StrictMath.exp((-age / halfLife) * LN2);
  }

  /** The pace with a sale more, which may come late. @param units below zero: a sale that was voided */
  static void addSale(StockState state, long at, long units) {
    if (state.paceAt == NONE) {
      state.paceAt = at;
      state.paceUnits = units;
    } else if (at >= state.paceAt) {
      state.paceUnits = state.paceUnits * fading(at - state.paceAt, HOUR_MS) + units;
      state.paceAt = at;
    } else state.paceUnits = state.paceUnits + units * fading(state.paceAt - at, HOUR_MS);
  }

  /** How many times as fast as the forecast says a product sells now: 1 or more. @param place of `at` in the store's week */
  static double rushFactor(DemandClock clock, StockState state, long at, double place) {
    if (state.paceAt == NONE || state.paceUnits <= 0) return 1;
    double sold = at > state.paceAt ? state.paceUnits * fading(at - state.paceAt, HOUR_MS) : state.paceUnits;
    // Most shelves: nothing was sold for hours.
    if (sold < 0.05) return 1;
    double expected = 0;
    double weight = 0.5;
    for (int ago = 0; ago < HALF_LIVES; ago += 1) {
      double from = place - (ago + 1);
      double wrapped = from < 0 ? from + HOURS_OF_WEEK : from;
      // The mean of 2^(-t) over that half-life.
      expected += (clock.unitsWithin(wrapped, 1) * weight) / LN2;
      weight /= 2;
    }
    return Math.max(1, (UNITS_OF_FORECAST + sold) / (UNITS_OF_FORECAST + expected));
  }

  /** Units demanded within so many hours, a rush on the way. */
  static double unitsInRush(DemandClock clock, double place, double hours, double rush) {
    double usual = clock.unitsWithin(place, hours);
    return rush <= 1 ? usual : usual + (rush - 1) * clock.unitsWithin(place, Math.min(hours, RUSH_HOURS));
  }

  /** Hours until so many units are demanded, a rush on the way; infinite where nothing is. */
  static double hoursInRush(DemandClock clock, double place, double units, double rush) {
    if (rush <= 1) return clock.hoursUntil(place, units);
    double usual = clock.unitsWithin(place, RUSH_HOURS);
    return units <= rush * usual ? clock.hoursUntil(place, units / rush) : clock.hoursUntil(place, units - (rush - 1) * usual);
  }
}
