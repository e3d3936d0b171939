package tillstream.domain;

import java.util.List;

/**
 * The stream path over one partition, entry by entry in the order of offsets: lateness, windows, stock and shortages, and
 * the operators. A function of the entries, of what was kept, and of reference data; where batches are drained changes no
 * total, no verdict and no episode.
 */
public interface PartitionFold {
    /** The next entry. One that nobody can digest is set aside: it tells no time and counts nowhere. */
    void accept(LogRecord entry);

    /** Entries since the last drain, those set aside among them. */
    int pending();

    /** What they mean; begins the next batch where this one ends. */
    Batch drain();

    /** What the watermark needs to go on: null while there is none. */
    Long watermark();

    List<SourceProgress> sources();

    /** The place after the last entry. */
    long offset();

    long appendedAt();
}
