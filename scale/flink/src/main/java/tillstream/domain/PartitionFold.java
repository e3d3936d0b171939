package tillstream.domain;

import java.util.List;

/**
 * The stream path over one partition, entry by entry in the order of offsets: lateness, windows, stock and shortages, and
 * the operators. A function of the entries, of what was kept, and of reference data; where batches are drained changes no
 * total, no verdict and no episode.
 */
public interface PartitionFold {
    /** Where a partition stands: what a fold begins with. @param watermark null while there is none */
    record Start(int partition, long offset, long appendedAt, Long watermark, List<SourceProgress> sources) {
        public static Start ofLog(int partition) {
            return new Start(partition, 0, 0, null, List.of());
        }
    }

    /** What it asks beside the entries. */
    record World(PartitionStates states, DeltasAfter log, ShelfRules shelves, ReferenceData reference) {}

    /** Reference data has changed: it holds from the next entry on. */
    void takeReference(ShelfRules shelves, ReferenceData reference);

    /** The next entry. One that nobody can digest is set aside: it tells no time and counts nowhere. */
    void accept(LogRecord entry);

    /** Entries since the last drain, those set aside among them. */
    int pending();

    /** What they mean; begins the next batch where this one ends. */
    Batch drain();

    /** Null while there is none. */
    Long watermark();

    /** All sources that are kept. */
    List<SourceProgress> sources();

    /** The place after the last entry. */
    long offset();

    long appendedAt();
}
