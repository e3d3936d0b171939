package tillstream.domain;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import tillstream.domain.LogRecord.Details;
import tillstream.domain.LogRecord.Event;
import tillstream.domain.LogRecord.Lines;
import tillstream.domain.LogRecord.SetAside;
import tillstream.domain.LogRecord.Tick;

/**
 * Reads the value of a record (`server/log/kafka/record.ts` writes it): the event as the log holds it, as JSON. What no
 * path can count becomes a {@link SetAside} with the reasons of `domain/digestible.ts`. Token by token and into
 * primitives: an order is read in a few microseconds.
 */
public final class RecordDecoder {
  private static final long MOST = (1L << 53) - 1;
  /** A number that is none, or none that every reader of the log could hold. */
  private static final long BAD = Long.MIN_VALUE;

  private final JsonFactory json = new JsonFactory();
  private final Names names = new Names();
  private String[] skus = new String[16];
  private long[] units = new long[16];
  private boolean[] stocked = new boolean[16];

  /**
   * @param offset our offset: Kafka's and one
   * @param timestamp of the record: its append time, unless the value says another (history copied from a Postgres log)
   */
  public LogRecord decode(byte[] value, long offset, long timestamp) {
    Reading read = new Reading();
    try (JsonParser parser = json.createParser(value)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) read.complain("it is no object");
      else readFields(parser, read);
    } catch (IOException broken) {
      read.complain("it is no JSON");
    }
    return read.asRecord(offset, timestamp);
  }

  private void readFields(JsonParser parser, Reading read) throws IOException {
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      parser.nextToken();
      switch (name) {
        case "type" -> read.type = name(parser);
        case "class" -> read.isLive = "live".equals(name(parser));
        case "source" -> read.source = name(parser);
        case "id" -> read.id = text(parser);
        case "store" -> read.store = name(parser);
        case "register" -> read.register = name(parser);
        case "channel" -> read.channel = name(parser);
        case "currency" -> read.currency = name(parser);
        case "customer" -> read.customer = text(parser);
        case "eventTime" -> read.eventTime = whole(parser);
        case "appendedAt" -> read.appendedAt = whole(parser);
        case "businessDay" -> read.businessDay = name(parser);
        case "orderId" -> read.orderId = text(parser);
        case "totalUnits" -> read.totalUnits = whole(parser);
        case "totalGross" -> read.totalGross = whole(parser);
        case "totalDiscounts" -> read.totalDiscounts = whole(parser);
        case "totalReturns" -> read.totalReturns = whole(parser);
        case "lines" -> readLines(parser, read);
        case "details" -> readDetails(parser, read);
        default -> parser.skipChildren();
      }
    }
  }

  private void readLines(JsonParser parser, Reading read) throws IOException {
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      parser.skipChildren();
      return;
    }
    int ofSkus = 0;
    int ofUnits = 0;
    int ofStocked = -1;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      boolean isArray = parser.nextToken() == JsonToken.START_ARRAY;
      if (isArray && name.equals("skus")) {
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          if (ofSkus == skus.length) skus = Arrays.copyOf(skus, 2 * ofSkus);
          skus[ofSkus++] = name(parser);
        }
      } else if (isArray && name.equals("units")) {
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          if (ofUnits == units.length) units = Arrays.copyOf(units, 2 * ofUnits);
          units[ofUnits++] = whole(parser);
        }
      } else if (isArray && name.equals("stocked")) {
        ofStocked = 0;
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          if (ofStocked == stocked.length) stocked = Arrays.copyOf(stocked, 2 * ofStocked);
          stocked[ofStocked++] = parser.currentToken() != JsonToken.VALUE_FALSE;
          parser.skipChildren();
        }
      } else parser.skipChildren();
    }
    if (ofUnits != ofSkus || (ofStocked >= 0 && ofStocked != ofSkus)) read.linesDiffer = true;
    else
      read.lines =
          new Lines(
              Arrays.copyOf(skus, ofSkus),
              Arrays.copyOf(units, ofUnits),
              ofStocked < 0 ? null : Arrays.copyOf(stocked, ofStocked));
  }

  private void readDetails(JsonParser parser, Reading read) throws IOException {
    if (parser.currentToken() == JsonToken.VALUE_NULL) return;
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      read.detailsAreNone = true;
      parser.skipChildren();
      return;
    }
    String leg = null, order = null, supplier = null, expected = null, cashier = null, card = null, session = null, original = null;
    List<String> tenders = null;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      parser.nextToken();
      switch (name) {
        case "leg" -> leg = name(parser);
        case "purchaseOrderId" -> order = text(parser);
        case "supplier" -> supplier = name(parser);
        case "expectedAt" -> expected = text(parser);
        case "cashier" -> cashier = name(parser);
        case "cardToken" -> card = text(parser);
        case "session" -> session = text(parser);
        case "originalOrderId" -> original = text(parser);
        case "tenders" -> tenders = readTenders(parser);
        default -> parser.skipChildren();
      }
    }
    String[] paidBy = tenders == null ? null : tenders.toArray(String[]::new);
    read.details = new Details(leg, order, supplier, expected, cashier, card, session, original, paidBy);
  }

  private List<String> readTenders(JsonParser parser) throws IOException {
    List<String> types = new ArrayList<>();
    if (parser.currentToken() != JsonToken.START_ARRAY) {
      parser.skipChildren();
      return types;
    }
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (parser.currentToken() != JsonToken.START_OBJECT) {
        parser.skipChildren();
        continue;
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        if (name.equals("type")) types.add(name(parser));
        else parser.skipChildren();
      }
    }
    return types;
  }

  private static String text(JsonParser parser) throws IOException {
    if (parser.currentToken() == JsonToken.VALUE_STRING) return parser.getText();
    parser.skipChildren();
    return null;
  }

  /** A text of which there are few. */
  private String name(JsonParser parser) throws IOException {
    if (parser.currentToken() == JsonToken.VALUE_STRING)
      return names.of(parser.getTextCharacters(), parser.getTextOffset(), parser.getTextLength());
    parser.skipChildren();
    return null;
  }

  private static long whole(JsonParser parser) throws IOException {
    if (parser.currentToken() == JsonToken.VALUE_NUMBER_INT && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER) {
      long number = parser.getLongValue();
      return number >= -MOST && number <= MOST ? number : BAD;
    }
    parser.skipChildren();
    return BAD;
  }

  /** What was read so far. */
  private static final class Reading {
    String type, source = "", id = "", store = "", register, channel, currency, customer, businessDay = "", orderId;
    boolean isLive, linesDiffer, detailsAreNone;
    long eventTime = BAD, appendedAt = BAD, totalUnits = BAD, totalGross = BAD, totalDiscounts = BAD, totalReturns = BAD;
    Lines lines;
    Details details = Details.NONE;
    String complaint;

    void complain(String reason) {
      if (complaint == null) complaint = reason;
    }

    LogRecord asRecord(long offset, long timestamp) {
      long at = appendedAt == BAD ? timestamp : appendedAt;
      if (complaint == null && "tick".equals(type)) return new Tick(offset, at);
      EventType known = type == null ? null : EventType.of(type);
      String reason = whyIndigestible(known);
      if (reason != null)
        return new SetAside(offset, at, orEmpty(store), orEmpty(businessDay), orEmpty(type), orEmpty(source), orEmpty(id), reason);
      return new Event(
          offset, at, known, isLive, source, id, store, register, channel, currency, customer, eventTime, businessDay,
          orderId, totalUnits, totalGross, totalDiscounts, totalReturns, lines, details);
    }

    private String whyIndigestible(EventType known) {
      if (known == null && complaint == null) return "its type \"" + orEmpty(type) + "\" is unknown";
      if (known == null) return complaint;
      if (orEmpty(store).isEmpty()) return "it names no store";
      if (!isDayOfTheLog(orEmpty(businessDay)))
        return "its business day "
            + (orEmpty(businessDay).isEmpty() ? "is missing" : businessDay)
            + " is none between 1900-01-01 and 2199-12-31";
      if (eventTime == BAD) return "its event time is no instant";
      if (totalUnits == BAD || totalGross == BAD || totalDiscounts == BAD || totalReturns == BAD)
        return "a total of it is larger than any sum is exact";
      if (known.isSale() && (orEmpty(channel).isEmpty() || orEmpty(currency).isEmpty())) return "it names no channel or no currency";
      if (complaint != null) return complaint;
      if (detailsAreNone && known.hasDetails()) return "its details are no object";
      return known.hasLines() ? whyNoLines() : null;
    }

    private String whyNoLines() {
      if (linesDiffer) return "its skus, units and stocked differ in number";
      if (lines == null || lines.size() == 0) return "it has no lines";
      for (int line = 0; line < lines.size(); line += 1)
        if (orEmpty(lines.skus[line]).isEmpty() || lines.units[line] == BAD) return "a line of it has no product or no units";
      return null;
    }

    private static boolean isDayOfTheLog(String day) {
      if (day.length() != 10 || day.charAt(4) != '-' || day.charAt(7) != '-') return false;
      for (int at = 0; at < 10; at += 1) {
        char digit = day.charAt(at);
        if (at != 4 && at != 7 && (digit < '0' || digit > '9')) return false;
      }
      return day.compareTo("1900-01-01") >= 0 && day.compareTo("2199-12-31") <= 0;
    }

    private static String orEmpty(String text) {
      return text == null ? "" : text;
    }
  }
}
