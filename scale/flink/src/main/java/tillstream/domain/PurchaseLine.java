package tillstream.domain;

import static tillstream.domain.Instants.NONE;

import java.io.Serializable;

/**
 * What became of one product of one purchase order of a store, whatever order the events came in: `domain/purchase.ts`.
 * Replaced, never changed in place. NONE is null in the tables.
 *
 * @param placedAt event time of the first placement
 * @param confirmedAt event time of the first confirmation
 * @param saidAt event time of the newest of both, whose word on supplier and date holds
 * @param asOf newest event time of anything that touched it
 */
public record PurchaseLine(
    Key key,
    long ordered,
    long cancelled,
    long received,
    long placedAt,
    long confirmedAt,
    long saidAt,
    String supplier,
    long expectedAt,
    long asOf,
    long lastOffset)
    implements Serializable {

  public record Key(String store, String purchaseOrder, String sku) implements Serializable {}

  static PurchaseLine nothingOrdered(Key key, long asOf) {
    return new PurchaseLine(key, 0, 0, 0, NONE, NONE, NONE, null, NONE, asOf, 0);
  }

  /** Units still to come, never below zero: an over-delivery of one order hides nothing that another still owes. */
  public long openUnits() {
    return Math.max(0, ordered - cancelled - received);
  }

  /** After a line of an event. Of two that say a date at one instant the one that arrived last stands. */
  PurchaseLine after(LogRecord.Event event, long units) {
    long at = event.eventTime();
    EventType.Purchasing kind = event.type().purchasing;
    boolean orders = kind == EventType.Purchasing.ORDERED;
    boolean confirms = kind == EventType.Purchasing.CONFIRMED;
    boolean says = (orders || confirms) && (saidAt == NONE || at >= saidAt);
    String expected = event.details().expectedAt();
    return new PurchaseLine(
        key,
        ordered + (orders ? units : 0),
        cancelled + (kind == EventType.Purchasing.CANCELLED ? units : 0),
        received + (kind == EventType.Purchasing.RECEIVED ? units : 0),
        orders ? earliest(placedAt, at) : placedAt,
        confirms ? earliest(confirmedAt, at) : confirmedAt,
        says ? at : saidAt,
        says ? event.details().supplier() : supplier,
        says ? (expected == null ? NONE : Instants.parse(expected)) : expectedAt,
        Math.max(asOf, at),
        event.offset());
  }

  private static long earliest(long known, long at) {
    return known == NONE ? at : Math.min(known, at);
  }
}
