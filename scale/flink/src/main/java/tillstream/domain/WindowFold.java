package tillstream.domain;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import tillstream.domain.LogRecord.Event;

/** Adds the sales of a batch up by minute, store, channel and currency. Nothing of it is kept: the table has the sums. */
public final class WindowFold {
  private record Key(String store, long start, String channel, String currency) {}

  /** What a batch adds to one window. Every figure is a sum, so batches may be cut anywhere; one that overflows is an error. */
  public static final class Delta implements Serializable {
    public final String store;
    public final String channel;
    public final String currency;
    public final long windowStart;
    /** 'YYYY-MM-DD' */
    public final String businessDay;
    public long orders, units, gross, discounts, returns, returnDocuments, unitsReturned;
    /** Net of the late events among them. */
    public long lateNet;
    /** Late events: each revises a window that had closed. */
    public long revision;
    public long bulkEvents;
    public long lastOffset;

    Delta(Event event, long windowStart) {
      store = event.store();
      channel = event.channel();
      currency = event.currency();
      this.windowStart = windowStart;
      businessDay = event.businessDay();
    }

    void add(Event event, boolean isLate) {
      switch (event.type()) {
        case ORDER_PLACED -> {
          orders += 1;
          units += event.totalUnits();
          gross = Math.addExact(gross, event.totalGross());
          discounts = Math.addExact(discounts, event.totalDiscounts());
        }
        case ORDER_VOIDED -> {
          orders -= 1;
          units -= event.totalUnits();
          gross = Math.subtractExact(gross, event.totalGross());
          discounts = Math.subtractExact(discounts, event.totalDiscounts());
        }
        case ORDER_RETURNED -> {
          returnDocuments += 1;
          unitsReturned += event.totalUnits();
          returns = Math.addExact(returns, event.totalReturns());
        }
        default -> throw new IllegalArgumentException(event.type() + " is no sale");
      }
      lastOffset = event.offset();
      if (!event.isLive()) bulkEvents += 1;
      if (isLate) {
        revision += 1;
        lateNet = Math.addExact(lateNet, event.net());
      }
    }
  }

  /** As the table's key sorts, so that writers of one batch lock rows in one order. */
  private static final Comparator<Delta> BY_KEY =
      Comparator.<Delta, String>comparing(delta -> delta.store)
          .thenComparingLong(delta -> delta.windowStart)
          .thenComparing(delta -> delta.channel)
          .thenComparing(delta -> delta.currency);

  private final Map<Key, Delta> deltas = new HashMap<>();
  private Delta last;

  void add(Event event, boolean isLate) {
    long start = Judge.windowStartOf(event.eventTime());
    // Orders of a store come minute by minute: nearly half of them fall where the one before did.
    if (last == null
        || last.windowStart != start
        || !last.store.equals(event.store())
        || !Objects.equals(last.channel, event.channel())
        || !Objects.equals(last.currency, event.currency()))
      last =
          deltas.computeIfAbsent(
              new Key(event.store(), start, event.channel(), event.currency()), key -> new Delta(event, start));
    last.add(event, isLate);
  }

  List<Delta> take() {
    List<Delta> taken = new ArrayList<>(deltas.values());
    taken.sort(BY_KEY);
    deltas.clear();
    last = null;
    return taken;
  }
}
