package tillstream.domain;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/** Moments in milliseconds since 1970-01-01T00:00:00Z, as everywhere in the log. */
public final class Instants {
  /** No instant, and no number: what is null in the tables. Kept as a primitive, since millions are looked at. */
  public static final long NONE = Long.MIN_VALUE;

  public static final long SECOND_MS = 1_000;
  public static final long MINUTE_MS = 60_000;
  public static final long HOUR_MS = 3_600_000;
  public static final long DAY_MS = 24 * HOUR_MS;

  private static final DateTimeFormatter WRITTEN =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

  private Instants() {}

  /** RFC 3339 in UTC with milliseconds. */
  public static String format(long instant) {
    return WRITTEN.format(Instant.ofEpochMilli(instant));
  }

  /**
   * Reads an RFC 3339 date-time with seconds and an offset; fractions beyond milliseconds are cut. As
   * `domain/instant.ts`. @return {@link #NONE} for anything else
   */
  public static long parse(String text) {
    int length = text.length();
    if (length < 20 || text.charAt(4) != '-' || text.charAt(7) != '-' || text.charAt(10) != 'T'
        || text.charAt(13) != ':' || text.charAt(16) != ':') return NONE;
    int year = digits(text, 0, 4);
    if (year < 1900 || year > 2199) return NONE;
    int[] parts = {digits(text, 5, 2), digits(text, 8, 2), digits(text, 11, 2), digits(text, 14, 2), digits(text, 17, 2)};
    for (int part : parts) if (part < 0) return NONE;
    int end = 19;
    int milliseconds = 0;
    if (text.charAt(end) == '.') {
      int places = 0;
      while (end + 1 + places < length && Character.digit(text.charAt(end + 1 + places), 10) >= 0) places += 1;
      if (places < 1 || places > 9) return NONE;
      int kept = Math.min(3, places);
      milliseconds = digits(text, end + 1, kept) * (kept == 1 ? 100 : kept == 2 ? 10 : 1);
      end += 1 + places;
    }
    long offset = zoneOffsetMs(text, end);
    if (offset == NONE) return NONE;
    try {
      LocalDateTime local = LocalDate.of(year, parts[0], parts[1]).atTime(parts[2], parts[3], parts[4]);
      return local.toEpochSecond(ZoneOffset.UTC) * SECOND_MS + milliseconds - offset;
    } catch (DateTimeException noSuchMoment) {
      return NONE;
    }
  }

  private static long zoneOffsetMs(String text, int from) {
    int length = text.length();
    if (from >= length) return NONE;
    char sign = text.charAt(from);
    if (sign == 'Z') return length == from + 1 ? 0 : NONE;
    if ((sign != '+' && sign != '-') || length != from + 6 || text.charAt(from + 3) != ':') return NONE;
    int hours = digits(text, from + 1, 2);
    int minutes = digits(text, from + 4, 2);
    if (hours < 0 || hours > 18 || minutes < 0 || minutes > 59) return NONE;
    return (sign == '-' ? -1 : 1) * (hours * HOUR_MS + minutes * MINUTE_MS);
  }

  private static int digits(String text, int from, int count) {
    int number = 0;
    for (int at = from; at < from + count; at += 1) {
      char character = text.charAt(at);
      if (character < '0' || character > '9') return -1;
      number = number * 10 + (character - '0');
    }
    return number;
  }
}
