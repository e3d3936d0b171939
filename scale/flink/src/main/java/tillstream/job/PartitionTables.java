package tillstream.job;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tillstream.job.Written.Upsert;

/**
 * The rows of one partition in one generation's tables, and the right to write them. A batch is one transaction: rows,
 * sources, change row and checkpoint, guarded by the owner's epoch and by the offset that the checkpoint stands at. So what
 * is folded again after a restart cannot be written again, whoever tries.
 */
final class PartitionTables implements AutoCloseable {
    private static final long HELD_PATIENCE_MS = 30_000;
    /** As `STANDSTILL_MS` of `server/log/fence.ts`. */
    private static final String STANDSTILL = "10 seconds";
    private static final String ARCHIVE_PATIENCE = "60 seconds";
    /** As `MOST_CHANGES` of `server/stream/write/changes.ts`. */
    static final int MOST_CHANGES = 500;
    private static final long MINUTE_MS = 60_000;
    private static final long ALLOWED_LATENESS_MS = 120 * MINUTE_MS;

    private final Connection connection;
    private final int generation;
    private final int partition;
    private final String consumer;
    private final long epoch;
    private final Map<Long, String> setAside = new LinkedHashMap<>();
    private boolean isActive;
    private boolean isHard = true;
    private String revision;

    /** Connects, and takes the partition from nobody who works on it: it waits for whoever does to end. */
    PartitionTables(Settings settings, int partition) throws SQLException, InterruptedException {
        this.generation = settings.generation;
        this.partition = partition;
        this.consumer = "stream/" + generation;
        Map<String, String> session = new LinkedHashMap<>();
        session.put("TimeZone", "UTC");
        // As server/stream/partition-session.ts: a transaction that nobody drives holds up whoever takes the partition.
        session.put("idle_in_transaction_session_timeout", "3000");
        session.put("client_connection_check_interval", "1000");
        session.put("jit", "off");
        session.put("enable_seqscan", "off");
        connection = DriverManager.getConnection(settings.jdbcUrl("tillstream flink " + partition, session));
        try {
            epoch = take(settings.owner);
        } catch (SQLException | InterruptedException | RuntimeException error) {
            connection.close();
            throw error;
        }
        connection.setAutoCommit(false);
    }

    private long take(String owner) throws SQLException, InterruptedException {
        long deadline = System.nanoTime() + HELD_PATIENCE_MS * 1_000_000;
        try (PreparedStatement statement = connection.prepareStatement("select log.take_free_partition(?, ?, ?, ?::interval)")) {
            statement.setString(1, consumer);
            statement.setInt(2, partition);
            statement.setString(3, owner);
            statement.setString(4, STANDSTILL);
            while (true) {
                try (ResultSet answer = statement.executeQuery()) {
                    answer.next();
                    long taken = answer.getLong(1);
                    if (!answer.wasNull()) return taken;
                }
                if (System.nanoTime() > deadline) {
                    throw new IllegalStateException(consumer + ": somebody works on partition " + partition);
                }
                Thread.sleep(50);
            }
        }
    }

    /** Connection of the partition, for what the fold asks of reference data. In a transaction of its own. */
    Connection connection() {
        return connection;
    }

    /** The offset up to which everything is written; 0 where nothing is. */
    long writtenThrough() throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "select \"offset\" from stream.checkpoints where generation = ? and partition = ?")) {
            statement.setInt(1, generation);
            statement.setInt(2, partition);
            try (ResultSet answer = statement.executeQuery()) {
                return answer.next() ? answer.getLong(1) : 0;
            }
        } finally {
            connection.commit();
        }
    }

    /** Why entries after an offset count nowhere: the fold failed on them, or the archive could not take them; it goes round them. */
    Map<Long, String> setAsideAfter(long offset) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "select \"offset\", reason from stream.set_aside where generation = ? and partition = ? and \"offset\" > ?"
                        + " union all select \"offset\", reason from log.set_aside where partition = ? and \"offset\" > ?")) {
            statement.setInt(1, generation);
            statement.setInt(2, partition);
            statement.setLong(3, offset);
            statement.setInt(4, partition);
            statement.setLong(5, offset);
            try (ResultSet answer = statement.executeQuery()) {
                while (answer.next()) setAside.put(answer.getLong(1), answer.getString(2));
            }
        } finally {
            connection.commit();
        }
        return setAside;
    }

    /**
     * Writes a batch, all of it or nothing.
     *
     * @param isDurable false: what a crash of the database loses is written again, as Flink's checkpoint does not reach past it
     * @throws FencedException when the partition was taken
     */
    void write(Written batch, boolean isDurable) throws SQLException {
        try {
            boolean wasActive = isActive;
            boolean lists = isActive && batch.windows().rows() <= MOST_CHANGES;
            List<LiveWindow> windows = writeRows(batch, lists, isDurable || isActive);
            if (isActive) writeChanges(batch, lists ? windows : null);
            connection.commit();
            isHard = isDurable || wasActive;
        } catch (SQLException | RuntimeException error) {
            try {
                connection.rollback();
            } catch (SQLException gone) {
                error.addSuppressed(gone);
            }
            throw error;
        }
    }

    /** The revision of reference data that the last batch met; null before the first. */
    String revision() {
        return revision;
    }

    /** Waits until all that was written is on the disk: a commit that is takes those before it along. */
    void harden() throws SQLException {
        if (isHard) return;
        try (PreparedStatement statement = connection.prepareStatement("select pg_current_xact_id()")) {
            statement.execute();
        }
        connection.commit();
        isHard = true;
    }

    /** All statements in one round trip, which the server runs in order: the owner's check first, then what holds now. */
    private List<LiveWindow> writeRows(Written batch, boolean lists, boolean isDurable) throws SQLException {
        List<String> statements = new ArrayList<>();
        List<Object> values = new ArrayList<>();
        if (!isDurable) statements.add("set local synchronous_commit to off");
        // First, so that nobody waits for a lock of ours meanwhile: no result stands on what the archive does not have.
        statements.add("select \"offset\" from log.await_archive(?, ?, ?, ?::interval)");
        values.addAll(List.of(partition, batch.previousOffset(), batch.throughOffset(), ARCHIVE_PATIENCE));
        statements.add("select true from log.owners where consumer = ? and partition = ? and epoch = ? for share");
        values.addAll(List.of(consumer, partition, epoch));
        // A statement of its own: whoever held the owner's row may have moved the active generation, which this one sees.
        statements.add("select generation = ?, (" + References.REVISION + ") from stream.active_generation");
        values.add(generation);
        if (batch.windows().rows() > 0) {
            add(statements, values, batch.windows(), lists ? "\n returning " + LiveWindow.COLUMNS : "");
        }
        List<long[]> crossed = lists ? crossed(batch.previousWatermark(), batch.watermark()) : List.of();
        for (long[] range : crossed) {
            statements.add("select " + LiveWindow.COLUMNS + " from stream.windows_g" + generation + " where partition = ?"
                    + " and window_start > 'epoch'::timestamptz + ?::bigint * interval '1 millisecond'"
                    + " and window_start <= 'epoch'::timestamptz + ?::bigint * interval '1 millisecond' limit " + (MOST_CHANGES + 1));
            values.addAll(List.of(partition, range[0], range[1]));
        }
        for (Upsert upsert : batch.upserts()) add(statements, values, upsert, "");
        if (!batch.forgottenSources().isEmpty()) {
            ArrayText names = new ArrayText(batch.forgottenSources().size());
            batch.forgottenSources().forEach(names::text);
            statements.add("delete from stream.sources_g" + generation
                    + " where generation = " + generation + " and partition = ? and source = any (?::text::text[])");
            values.addAll(List.of(partition, names.close()));
        }
        statements.add(CHECKPOINT);
        values.addAll(List.of(generation, partition, batch.throughOffset(), batch.throughAppendedAt(),
                String.valueOf(batch.watermark()), epoch, batch.events(), batch.lateEvents(), batch.previousOffset()));

        List<LiveWindow> windows = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(String.join(";\n", statements))) {
            for (int index = 0; index < values.size(); index++) statement.setObject(index + 1, values.get(index));
            boolean isRows = statement.execute();
            boolean isOwner = false;
            int written = -1;
            for (String part : statements) {
                if (isRows) {
                    try (ResultSet rows = statement.getResultSet()) {
                        if (part.startsWith("select \"offset\"")) refuseUnknown(rows);
                        else if (part.startsWith("select true")) isOwner = rows.next();
                        else if (part.startsWith("select generation")) {
                            rows.next();
                            isActive = rows.getBoolean(1);
                            revision = rows.getString(2);
                        } else while (rows.next()) windows.add(LiveWindow.read(rows));
                    }
                } else written = statement.getUpdateCount();
                isRows = statement.getMoreResults();
            }
            if (!isOwner) throw new FencedException(consumer, partition, epoch);
            if (written != 1) {
                throw new IllegalStateException("generation " + generation + ", partition " + partition
                        + ": the checkpoint is not at offset " + batch.previousOffset() + ", where this batch began");
            }
        }
        return windows;
    }

    /** What the archive could not take was folded as if it had: the job begins again and goes round it. */
    private void refuseUnknown(ResultSet refused) throws SQLException {
        while (refused.next()) {
            if (!setAside.containsKey(refused.getLong(1))) {
                throw new IllegalStateException("partition " + partition + ": the archive has set offset " + refused.getLong(1) + " aside");
            }
        }
    }

    private void add(List<String> statements, List<Object> values, Upsert upsert, String returning) {
        statements.add(upsert.table().statement(generation, returning));
        values.add(partition);
        values.addAll(upsert.arrays());
    }

    private static final String CHECKPOINT = """
            insert into stream.checkpoints as kept
              (generation, partition, "offset", appended_at, watermark, epoch, events, late_events, processed_at)
            values (?, ?, ?, 'epoch'::timestamptz + ?::bigint * interval '1 millisecond',
              'epoch'::timestamptz + nullif(?, 'null')::bigint * interval '1 millisecond', ?, ?, ?, now())
            on conflict (generation, partition) do update
            set "offset" = excluded."offset", appended_at = excluded.appended_at, watermark = excluded.watermark,
              epoch = excluded.epoch, events = kept.events + excluded.events,
              late_events = kept.late_events + excluded.late_events, processed_at = excluded.processed_at
            where kept."offset" = ?""";

    /** Ranges of starts (after, through] of windows that close or become final as the watermark moves. */
    private static List<long[]> crossed(Long from, Long to) {
        if (from == null || to == null || Math.floorDiv(from, MINUTE_MS) == Math.floorDiv(to, MINUTE_MS)) return List.of();
        List<long[]> ranges = new ArrayList<>();
        for (long age : new long[] {MINUTE_MS, MINUTE_MS + ALLOWED_LATENESS_MS}) ranges.add(new long[] {from - age, to - age});
        return ranges;
    }

    /** @param windows null: more than can be listed, or the generation has only become the active one */
    private void writeChanges(Written batch, List<LiveWindow> windows) throws SQLException {
        Map<String, LiveWindow> distinct = new LinkedHashMap<>();
        if (windows != null) windows.forEach(window -> distinct.putIfAbsent(window.key(), window));
        boolean isListed = windows != null && distinct.size() <= MOST_CHANGES && batch.changes().most() <= MOST_CHANGES;
        try (PreparedStatement statement = connection.prepareStatement(CHANGE.formatted(generation))) {
            statement.setInt(1, generation);
            statement.setInt(2, partition);
            statement.setLong(3, batch.throughOffset());
            statement.setLong(4, isListed ? batch.previousOffset() : batch.throughOffset());
            statement.setLong(5, isListed ? batch.previousAppendedAt() : batch.throughAppendedAt());
            statement.setLong(6, batch.throughAppendedAt());
            statement.setString(7, String.valueOf(batch.watermark()));
            statement.setInt(8, isListed ? (int) batch.sales() : 0);
            statement.setString(9, isListed ? LiveWindow.json(distinct.values(), batch.watermark()) : "[]");
            statement.setString(10, isListed ? batch.changes().stock() : "[]");
            statement.setString(11, isListed ? batch.changes().alerts() : "[]");
            statement.setString(12, isListed ? batch.changes().detections() : "[]");
            statement.executeUpdate();
        }
    }

    private static final String CHANGE = """
            insert into stream.changes_g%d (generation, partition, through_offset, previous_offset, previous_appended_at,
              through_appended_at, watermark, sales, windows, stock, alerts, detections, processed_at)
            values (?, ?, ?, ?, 'epoch'::timestamptz + ?::bigint * interval '1 millisecond',
              'epoch'::timestamptz + ?::bigint * interval '1 millisecond',
              'epoch'::timestamptz + nullif(?, 'null')::bigint * interval '1 millisecond', ?,
              ?::text::jsonb, ?::text::jsonb, ?::text::jsonb, ?::text::jsonb, now())""";

    /**
     * Sets an entry aside on which the fold failed, in a transaction of its own: the job begins again and goes round it.
     */
    void setAside(Upsert entry) throws SQLException {
        connection.rollback();
        List<String> statements = new ArrayList<>();
        List<Object> values = new ArrayList<>();
        add(statements, values, entry, "");
        try (PreparedStatement owner = connection.prepareStatement(
                        "select 1 from log.owners where consumer = ? and partition = ? and epoch = ? for share");
                PreparedStatement insert = connection.prepareStatement(statements.get(0))) {
            owner.setString(1, consumer);
            owner.setInt(2, partition);
            owner.setLong(3, epoch);
            try (ResultSet row = owner.executeQuery()) {
                if (!row.next()) throw new FencedException(consumer, partition, epoch);
            }
            for (int index = 0; index < values.size(); index++) insert.setObject(index + 1, values.get(index));
            insert.executeUpdate();
            connection.commit();
        }
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
