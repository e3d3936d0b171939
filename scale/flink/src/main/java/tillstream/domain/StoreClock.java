package tillstream.domain;

import static tillstream.domain.Instants.HOUR_MS;
import static tillstream.domain.Instants.SECOND_MS;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.zone.ZoneOffsetTransition;
import java.time.zone.ZoneRules;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** What a store's clocks show, and which of its versions holds when: `domain/business-day.ts` and `hour-of-week.ts`. */
public final class StoreClock {
  public static final int HOURS_OF_WEEK = 168;
  /** 1 January 1970 was a Thursday: its midnight is hour 72 of the week from Monday. */
  private static final int EPOCH_HOUR = 72;

  /**
   * What a store is from a business day on.
   *
   * @param validFrom 'YYYY-MM-DD'; the first holds for all days before it, too
   * @param cutOverHour sales before it belong to the day before
   * @param isLive it sends over HTTP as it sells
   */
  public record Version(String validFrom, String zone, int cutOverHour, boolean isLive) {}

  private static final Map<String, Zone> ZONES = new ConcurrentHashMap<>();

  private StoreClock() {}

  /** How far a zone's clocks are ahead of UTC, in ms. */
  public static long offsetMs(String zone, double at) {
    return ZONES.computeIfAbsent(zone, Zone::new).offsetMs(at);
  }

  /** The hour of the week that a store's clocks show, 0 (Monday from midnight) to 167. */
  public static int hourOfWeek(double at, long offsetMs) {
    return (int) Math.floorMod((long) Math.floor((at + offsetMs) / HOUR_MS) + EPOCH_HOUR, (long) HOURS_OF_WEEK);
  }

  /** Classes of hours in which people buy alike: before 10:00, to 14:00, to 18:00, later. @param hour of the week */
  public static int hourClass(int hour) {
    int ofDay = hour % 24;
    return ofDay < 10 ? 0 : ofDay < 14 ? 1 : ofDay < 18 ? 2 : 3;
  }

  /** What hourly rates add up to between two instants, by the clocks of a zone, pieces of an hour in proportion. */
  public static double expectedBetween(double[] ratesByHour, String zone, double from, double to) {
    double sum = 0;
    for (double at = from; at < to; ) {
      long offset = offsetMs(zone, at);
      double next = Math.floor((at + offset) / HOUR_MS + 1) * HOUR_MS - offset;
      double until = Math.min(next, to);
      sum += (ratesByHour[hourOfWeek(at, offset)] * (until - at)) / HOUR_MS;
      at = until;
    }
    return sum;
  }

  /** What the store was on the business day of an instant. @param versions oldest first, one at least */
  public static Version versionAt(List<Version> versions, double at) {
    return versions.size() == 1 ? versions.get(0) : versionOn(versions, businessDayOf(versions, (long) Math.floor(at)));
  }

  private static LocalDate businessDayOf(List<Version> versions, long instant) {
    // Three days before, the day of the instant has not begun in any zone.
    LocalDate day = Instant.ofEpochMilli(instant).atZone(ZoneOffset.UTC).toLocalDate().minusDays(3);
    while (instant >= dayStart(versions, day.plusDays(1))) day = day.plusDays(1);
    return day;
  }

  /** A time that clocks show twice is the earlier, one that they skip is shifted forward: as java.time has it, too. */
  private static long dayStart(List<Version> versions, LocalDate day) {
    Version version = versionOn(versions, day);
    return ZonedDateTime.ofLocal(day.atTime(version.cutOverHour, 0), ZoneId.of(version.zone), null).toInstant().toEpochMilli();
  }

  private static Version versionOn(List<Version> versions, LocalDate day) {
    String text = day.toString();
    for (int place = versions.size() - 1; place > 0; place -= 1)
      if (versions.get(place).validFrom.compareTo(text) <= 0) return versions.get(place);
    return versions.get(0);
  }

  /** Instants come one near the other: the stretch between two changes of the clocks is remembered. */
  private static final class Zone {
    private record Stretch(long from, long to, long offsetMs) {}

    private final ZoneRules rules;
    private volatile Stretch last = new Stretch(0, 0, 0);

    Zone(String name) {
      rules = ZoneId.of(name).getRules();
    }

    long offsetMs(double at) {
      Stretch held = last;
      if (at < held.from || at >= held.to) last = held = find(Instant.ofEpochMilli((long) Math.floor(at)));
      return held.offsetMs;
    }

    private Stretch find(Instant at) {
      ZoneOffsetTransition next = rules.nextTransition(at);
      // Of the instant itself, where a change happens at it.
      ZoneOffsetTransition before = rules.previousTransition(at.plusMillis(1));
      return new Stretch(
          before == null ? Long.MIN_VALUE : before.getInstant().toEpochMilli(),
          next == null ? Long.MAX_VALUE : next.getInstant().toEpochMilli(),
          rules.getOffset(at).getTotalSeconds() * SECOND_MS);
    }
  }
}
