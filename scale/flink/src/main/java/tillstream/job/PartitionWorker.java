package tillstream.job;

import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tillstream.domain.Batch;
import tillstream.domain.LogRecord;
import tillstream.domain.PartitionFold;
import tillstream.domain.PartitionState;
import tillstream.domain.RecordDecoder;

/**
 * One partition at work: decodes, folds and writes, one batch folded while the one before is written. What was written by
 * then, by whoever, is folded again without being written (`writtenThrough`): then the next batch begins where the tables
 * stand, and its sums are added once.
 */
final class PartitionWorker implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(PartitionWorker.class);
    /** A log whose newest entry is older is being caught up with: batches are as large as they may be. */
    private static final long BEHIND_MS = 2_000;

    private final Settings settings;
    private final int partition;
    private final ExecutorService writer;
    private final PartitionTables tables;
    private final LogDeltas deltas;
    private final RecordDecoder decoder = new RecordDecoder();
    private final PartitionState state;
    private final PartitionFold fold;
    private final Map<Long, String> setAside;
    private final long writtenThrough;
    /** Up to here each entry is written alone, as the database has refused a batch that ends here; 0: none. */
    private final long carefulThrough;
    private final Changed changed = new Changed();
    private boolean isSilent;
    private Future<?> writing;
    /** Last offset of the batch that is being written, or was. */
    private long writingThrough;
    /** Of the reference data that the fold judges by. */
    private String revision;
    private long newestAppendedAt;
    private boolean cameSinceLooked;

    /**
     * Takes the partition, and goes on from a state that Flink kept (an empty one: from the log's beginning).
     *
     * @param carefulThrough up to which offset each entry is written alone, so that one that is refused is known; 0: none is
     */
    PartitionWorker(Settings settings, int partition, PartitionState state, ExecutorService writer, long carefulThrough)
            throws Exception {
        this.settings = settings;
        this.partition = partition;
        this.state = state;
        this.writer = writer;
        this.carefulThrough = carefulThrough;
        tables = new PartitionTables(settings, partition);
        deltas = new LogDeltas(settings, partition);
        try {
            writtenThrough = tables.writtenThrough();
            if (state.offset > writtenThrough) {
                throw new IllegalStateException("partition " + partition + ": the tables of generation " + settings.generation
                        + " stand at offset " + writtenThrough + ", before the job's state (" + state.offset
                        + "): they were replaced. Begin with an empty state folder.");
            }
            setAside = tables.setAsideAfter(state.offset);
            References.Loaded reference = References.load(tables.connection(), partition);
            revision = reference.revision();
            fold = new PartitionFold(partition, state, reference.data(), deltas);
            isSilent = state.offset < writtenThrough;
        } catch (SQLException | RuntimeException error) {
            close();
            throw error;
        }
        LOGGER.info("partition {}: goes on after offset {}; written up to {}", partition, state.offset, writtenThrough);
    }

    void accept(RawRecord raw) throws Exception {
        if (raw.offset <= fold.offset()) return;
        if (isSilent && raw.offset > writtenThrough) endSilence();
        LogRecord entry = decoder.decode(raw.value, raw.offset, raw.timestamp);
        String known = setAside.isEmpty() ? null : setAside.get(raw.offset);
        if (known != null) entry = aside(entry, known);
        try {
            fold.accept(entry);
        } catch (LogDeltas.UnavailableException error) {
            throw error;
        } catch (RuntimeException error) {
            // Half folded: the state is of no use any more. The job begins again from Flink's, and goes round this entry.
            awaitWriting();
            LogRecord.SetAside poison = aside(entry, String.valueOf(error.getMessage()));
            tables.setAside(Written.Upsert.of(Tables.SET_ASIDE, List.of(poison)));
            throw new IllegalStateException("partition " + partition + ": offset " + raw.offset + " cannot be folded", error);
        }
        deltas.pass(entry.offset(), entry.appendedAt());
        newestAppendedAt = entry.appendedAt();
        cameSinceLooked = true;
        if (raw.offset <= carefulThrough && !isSilent) writeAlone(entry);
        else if (fold.pending() >= settings.largestBatch) flush(false);
    }

    /** @throws RefusedException where the database does not take it: it is set aside by then, and the fold has to begin again */
    private void writeAlone(LogRecord entry) throws Exception {
        try {
            flush(false);
            awaitWriting();
        } catch (RefusedException refused) {
            LOGGER.warn("partition {}: offset {} is set aside: {}", partition, entry.offset(), refused.getMessage());
            tables.setAside(Written.Upsert.of(Tables.SET_ASIDE, List.of(aside(entry, refused.getMessage()))));
            throw refused;
        }
    }

    /** The last entry that was folded. */
    long offset() {
        return fold.offset();
    }

    private static LogRecord.SetAside aside(LogRecord entry, String reason) {
        if (entry instanceof LogRecord.Event event) {
            return new LogRecord.SetAside(event.offset(), event.appendedAt(), event.store(), event.businessDay(),
                    event.type().wire, event.source(), event.id(), reason);
        }
        if (entry instanceof LogRecord.SetAside nobodys) return nobodys;
        return new LogRecord.SetAside(entry.offset(), entry.appendedAt(), "", "", "tick", "", "", reason);
    }

    private void endSilence() {
        changed.take(fold.drain());
        isSilent = false;
    }

    /** Called every few milliseconds: writes what has gathered, unless a batch is being written or more will come at once. */
    void look(long now) throws Exception {
        boolean isBehind = cameSinceLooked && now - newestAppendedAt > BEHIND_MS;
        cameSinceLooked = false;
        if (fold.pending() == 0 || isBehind || (writing != null && !writing.isDone())) return;
        flush(false);
    }

    /** Hands what has gathered to the writer, once it is done with the batch before. */
    private void flush(boolean isDurable) throws Exception {
        Batch batch = fold.drain();
        changed.take(batch);
        if (isSilent) return;
        Written written = Writing.of(batch);
        awaitWriting();
        writingThrough = batch.throughOffset();
        writing = writer.submit(() -> {
            tables.write(written, isDurable);
            return null;
        });
    }

    /** Writes all that came, and waits until it is on the disk: Flink's snapshot may then say that it has been read. */
    void settle() throws Exception {
        if (fold.pending() > 0) flush(true);
        awaitWriting();
        if (!isSilent) tables.harden();
    }

    private void awaitWriting() throws Exception {
        if (writing == null) return;
        try {
            writing.get();
        } catch (ExecutionException error) {
            if (error.getCause() instanceof SQLException refused && RefusedException.isOfData(refused)) {
                throw new RefusedException(writingThrough, refused);
            }
            if (error.getCause() instanceof Exception cause) throw cause;
            throw error;
        } finally {
            writing = null;
        }
        String newest = tables.revision();
        if (newest == null || newest.equals(revision)) return;
        References.Loaded reference = References.load(tables.connection(), partition);
        fold.referTo(reference.data());
        revision = reference.revision();
    }

    /** All that is kept, and what of it changed since this was last asked. */
    PartitionState state() {
        return fold.state();
    }

    Changed changed() {
        return changed;
    }

    @Override
    public void close() throws SQLException {
        deltas.close();
        tables.close();
    }
}
