package tillstream.domain;

import java.util.HashMap;
import java.util.Map;

/** What an event is, and what its type alone decides: its sales, its movement of stock, what it does to a purchase order. */
public enum EventType {
  ORDER_PLACED("order.placed", Movement.SOLD, -1, null),
  ORDER_VOIDED("order.voided", Movement.SOLD, 1, null),
  ORDER_RETURNED("order.returned", Movement.RETURNED, 1, null),
  STOCK_RECEIVED("stock.received", Movement.RECEIVED, 1, Purchasing.RECEIVED),
  STOCK_ADJUSTED("stock.adjusted", Movement.ADJUSTED, 1, null),
  STOCK_COUNTED("stock.counted", Movement.COUNTED, 1, null),
  /** Its sign is that of its leg. */
  STOCK_TRANSFERRED("stock.transferred", Movement.TRANSFERRED, 1, null),
  PURCHASE_PLACED("purchase.placed", null, 0, Purchasing.ORDERED),
  PURCHASE_CONFIRMED("purchase.confirmed", null, 0, Purchasing.CONFIRMED),
  PURCHASE_CANCELLED("purchase.cancelled", null, 0, Purchasing.CANCELLED),
  REVIEW_POSTED("review.posted", null, 0, null),
  TILL_CLOSED("till.closed", null, 0, null),
  PRICE_CHANGED("price.changed", null, 0, null);

  /** A signed delta of stock, or a count that replaces what was thought. */
  public enum Movement { SOLD, RETURNED, RECEIVED, ADJUSTED, TRANSFERRED, COUNTED }

  /** What a line does to a product of a purchase order. */
  public enum Purchasing { ORDERED, CONFIRMED, CANCELLED, RECEIVED }

  private static final Map<String, EventType> BY_WIRE = new HashMap<>();

  static {
    for (EventType type : values()) BY_WIRE.put(type.wire, type);
  }

  /** As senders and the log write it. */
  public final String wire;
  /** Null: it moves no stock. */
  public final Movement movement;
  public final int sign;
  /** Null: it is about no purchase order. */
  public final Purchasing purchasing;

  EventType(String wire, Movement movement, int sign, Purchasing purchasing) {
    this.wire = wire;
    this.movement = movement;
    this.sign = sign;
    this.purchasing = purchasing;
  }

  /** Null: no type of the log. */
  public static EventType of(String wire) {
    return BY_WIRE.get(wire);
  }

  /** An order, a void or a return: what windows add up. */
  public boolean isSale() {
    return this == ORDER_PLACED || this == ORDER_VOIDED || this == ORDER_RETURNED;
  }

  /** Those of whose details something is read; of the others nobody asks what stands there. */
  public boolean hasDetails() {
    return hasLines() && this != STOCK_ADJUSTED && this != STOCK_COUNTED;
  }

  /** Those that are about no goods of a shelf have none. */
  public boolean hasLines() {
    return this != REVIEW_POSTED && this != TILL_CLOSED && this != PRICE_CHANGED;
  }
}
