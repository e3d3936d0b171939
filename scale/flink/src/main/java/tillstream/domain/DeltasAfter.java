package tillstream.domain;

/** A look back into the partition's log, for an anchor that lies before deltas that came earlier (`fold/lookback.ts`). */
public interface DeltasAfter {
    /**
     * The sum of a sku's deltas in the entries before an offset that lie after an instant of event time (at it too, where
     * inclusive); counts are none.
     */
    long sum(String store, String sku, long after, boolean inclusive, long beforeOffset);
}
