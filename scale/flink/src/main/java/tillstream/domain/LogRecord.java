package tillstream.domain;

/** An entry of one partition of the log. Offsets ascend; on Kafka they have gaps. */
public sealed interface LogRecord {
  long offset();

  long appendedAt();

  /** It tells the time, and nothing else. */
  record Tick(long offset, long appendedAt) implements LogRecord {}

  /** An event that nobody could count: the fold goes on without it, and says so. */
  record SetAside(
      long offset, long appendedAt, String store, String businessDay, String type, String source, String id, String reason)
      implements LogRecord {}

  /**
   * An event as the stream reads it: what decides figures, stock and rules. Money in 1/10,000, totals as positive
   * magnitudes of the document. Null where the log has null.
   *
   * @param isLive whether it moves watermarks and can be late; else it came by file
   * @param businessDay 'YYYY-MM-DD'
   * @param lines null for events without
   */
  record Event(
      long offset,
      long appendedAt,
      EventType type,
      boolean isLive,
      String source,
      String id,
      String store,
      String register,
      String channel,
      String currency,
      String customer,
      long eventTime,
      String businessDay,
      String orderId,
      long totalUnits,
      long totalGross,
      long totalDiscounts,
      long totalReturns,
      Lines lines,
      Details details)
      implements LogRecord {

    /** net = gross − discounts − returns, signed as the type counts. */
    public long net() {
      return switch (type) {
        case ORDER_PLACED -> totalGross - totalDiscounts;
        case ORDER_VOIDED -> totalDiscounts - totalGross;
        case ORDER_RETURNED -> -totalReturns;
        default -> 0;
      };
    }

    /** Signed units of a line, as its stock takes them; of a count the units counted. */
    public long movedUnits(int line) {
      int sign = type == EventType.STOCK_TRANSFERRED && "out".equals(details.leg()) ? -1 : type.sign;
      return sign * lines.units[line];
    }
  }

  /** The lines of an event as parallel arrays. */
  final class Lines {
    public final String[] skus;
    /** Signed only for stock.adjusted. */
    public final long[] units;
    /** False: the line moves no stock. Null: all lines do. */
    public final boolean[] stocked;

    public Lines(String[] skus, long[] units, boolean[] stocked) {
      this.skus = skus;
      this.units = units;
      this.stocked = stocked;
    }

    public int size() {
      return skus.length;
    }

    public boolean movesStock(int line) {
      return stocked == null || stocked[line];
    }
  }

  /** Of what only some types carry, what the fold reads. Null: absent, or no text. @param tenders types of payment */
  record Details(
      String leg,
      String purchaseOrderId,
      String supplier,
      String expectedAt,
      String cashier,
      String cardToken,
      String session,
      String originalOrderId,
      String[] tenders) {
    public static final Details NONE = new Details(null, null, null, null, null, null, null, null, null);

    /** Whether it was paid in this way, wholly or in part. */
    public boolean isPaidBy(String tender) {
      if (tenders != null) for (String one : tenders) if (tender.equals(one)) return true;
      return false;
    }
  }
}
