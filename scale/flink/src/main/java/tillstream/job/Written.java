package tillstream.job;

import java.util.ArrayList;
import java.util.List;

/**
 * What a batch writes, as text: made by the thread that folds, whose states go on changing, and sent by the one that waits
 * for the database.
 *
 * @param upserts without those of windows, of which the change row wants the answer
 */
record Written(
        long previousOffset,
        long previousAppendedAt,
        Long previousWatermark,
        long throughOffset,
        long throughAppendedAt,
        Long watermark,
        long events,
        long lateEvents,
        long sales,
        Upsert windows,
        List<Upsert> upserts,
        List<String> forgottenSources,
        Changes changes) {
    /** Rows of one table. */
    record Upsert(Table<?> table, List<String> arrays, int rows) {
        static <Row> Upsert of(Table<Row> table, List<Row> rows) {
            return new Upsert(table, table.arrays(rows), rows.size());
        }
    }

    /** Lists of the change row as JSON, without that of windows. @param most entries of the longest of them */
    record Changes(String stock, String alerts, String detections, int most) {}

    static final class Upserts {
        final List<Upsert> given = new ArrayList<>();

        <Row> Upserts add(Table<Row> table, List<Row> rows) {
            if (!rows.isEmpty()) given.add(Upsert.of(table, rows));
            return this;
        }
    }
}
