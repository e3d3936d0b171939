package tillstream.domain;

import java.io.Serializable;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** Deltas in memory: 16 bytes a line since the sku was last counted, and so without bound where nobody counts. */
public final class KeptDeltas implements Deltas, Serializable {
  private static final long serialVersionUID = 1;

  private record Key(String store, String sku) implements Serializable {}

  private static final class Kept implements Serializable {
    private static final long serialVersionUID = 1;
    long[] times = new long[4];
    long[] units = new long[4];
    int size;
    long forgottenUpTo = Long.MIN_VALUE;
  }

  private final Map<Key, Kept> bySku = new HashMap<>();

  @Override
  public long sumAfter(String store, String sku, long after, boolean inclusive, long beforeOffset) {
    Kept kept = bySku.get(new Key(store, sku));
    long sum = 0;
    if (kept != null)
      for (int at = 0; at < kept.size; at += 1)
        if (kept.times[at] > after || (inclusive && kept.times[at] == after)) sum += kept.units[at];
    return sum;
  }

  @Override
  public void add(String store, String sku, long eventTime, long units) {
    Kept kept = bySku.computeIfAbsent(new Key(store, sku), key -> new Kept());
    if (eventTime <= kept.forgottenUpTo) return;
    if (kept.size == kept.times.length) {
      kept.times = Arrays.copyOf(kept.times, 2 * kept.size);
      kept.units = Arrays.copyOf(kept.units, 2 * kept.size);
    }
    kept.times[kept.size] = eventTime;
    kept.units[kept.size] = units;
    kept.size += 1;
  }

  @Override
  public void forgetUpTo(String store, String sku, long countedAt) {
    Kept kept = bySku.computeIfAbsent(new Key(store, sku), key -> new Kept());
    int left = 0;
    for (int at = 0; at < kept.size; at += 1) {
      if (kept.times[at] <= countedAt) continue;
      kept.times[left] = kept.times[at];
      kept.units[left] = kept.units[at];
      left += 1;
    }
    kept.size = left;
    kept.forgottenUpTo = countedAt;
  }
}
