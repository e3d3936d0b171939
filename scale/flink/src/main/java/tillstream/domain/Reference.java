package tillstream.domain;

import java.util.List;

/**
 * Reference data by which the stream judges, as of an event's time: rows with validity, never figures of the moment, so
 * that a replay next year looks up the same.
 */
public interface Reference {
  /** What holds from an instant on, until the next of its kind. */
  interface ValidFrom {
    long validFrom();
  }

  /** @param orderUpTo level that an order brings the inventory position up to; null where none is set */
  record StockPolicy(long validFrom, long reorderPoint, Long orderUpTo) implements ValidFrom {}

  /**
   * What a store will sell of a product on a day.
   *
   * @param unitsByWeekday of business days, Monday first
   * @param spread standard deviation of a day's units
   */
  record Forecast(long validFrom, double[] unitsByWeekday, double spread) implements ValidFrom {}

  /**
   * What a store's clocks and habits are at an instant.
   *
   * @param offsetMs how far its clocks are ahead of UTC
   * @param ordersByHour orders that its habits let expect in each hour of the week; null: not known
   * @param isLive it sends as it sells: of a store that sends files nobody knows at noon what it has sold
   */
  record ShelfStore(long offsetMs, int cutOverHour, double[] ordersByHour, boolean isLive) {}

  /**
   * Who delivers a product, as of an instant.
   *
   * @param deliveryDays weekdays on which they deliver, 1 is Monday; null: any
   */
  record Supply(double meanDays, double spreadDays, int[] deliveryDays) {}

  /** A rule as it holds from an instant on. @param parameters by name; those left out are as the rule brings them */
  record RuleVersion(int version, long validFrom, boolean isOn, java.util.Map<String, Double> parameters) implements ValidFrom {}

  /** The middle of ln(net in 1/10,000) of a store's orders in a class of hours, and its spread. */
  record OrderSizes(long validFrom, double median, double spread, int documents) implements ValidFrom {}

  /** Ascending by `validFrom`. */
  List<StockPolicy> policies(String store, String sku);

  /** Ascending by `validFrom`. */
  List<Forecast> forecasts(String store, String sku);

  /** Null: no such store. */
  ShelfStore storeAt(String store, long at);

  /** Null: nobody is known to deliver it. */
  Supply supplyAt(String sku, long at);

  /** Null: the rule as it comes. */
  RuleVersion ruleAt(String rule, long at);

  /** Orders that a store's habits let expect between two instants; NaN where nothing is known of them. */
  double expectedOrders(String store, double from, double to);

  /** Null where too few documents are known. */
  OrderSizes orderSizes(String store, String currency, long at);

  /** Whether a store sends as it sells: one that sends a file at close is never silent before it. */
  boolean isLive(String store, long at);

  /** The newest that holds at an instant; null: nothing does yet. @param versions oldest first */
  static <V extends ValidFrom> V validAt(List<V> versions, double at) {
    if (versions != null)
      for (int place = versions.size() - 1; place >= 0; place -= 1)
        if (versions.get(place).validFrom() <= at) return versions.get(place);
    return null;
  }
}
