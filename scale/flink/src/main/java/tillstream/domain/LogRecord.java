package tillstream.domain;

import java.util.Map;

/**
 * An entry of one partition's log as the fold reads it: an event as `EventRecord` of `server/log/order-log.ts` has it, or
 * a tick. Instants are milliseconds since 1970, amounts 1/10,000 of the currency's unit. Fields are written once, by the
 * decoder (or a test).
 */
public final class LogRecord {
    public int partition;
    /** Our offset: Kafka's + 1. */
    public long offset;
    public long appendedAt;
    /** 'order.placed' …, or 'tick', of which the fields below mean nothing. */
    public String type;
    /** Whether its class is live; else bulk. */
    public boolean isLive;
    public String source;
    public String id;
    public String store;
    /** Null where there is none, as of the texts that follow. */
    public String register;
    public String channel;
    public String currency;
    public String customer;
    public String orderId;
    public long eventTime;
    /** 'YYYY-MM-DD' */
    public String businessDay;
    public long totalUnits;
    public long totalGross;
    public long totalDiscounts;
    public long totalReturns;
    /** Null for events without lines; then `units` and `stocked` are too. */
    public String[] skus;
    public long[] units;
    /** Null: every line moves stock. */
    public boolean[] stocked;
    /**
     * Plain JSON (Map, List, String, Long, Double, Boolean, null); null where there are none, and for counts, adjustments, Z
     * reports and reviews, of which nobody reads them.
     */
    public Map<String, Object> details;
    /** Why the entry cannot be read as an event at all, as a sentence; null of nearly all. */
    public String fault;

    public boolean isTick() {
        return "tick".equals(type);
    }
}
