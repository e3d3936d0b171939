package tillstream.job;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * A table of a generation and how rows of one kind are written to it: one keyed upsert of arrays, as `server/stream/write/*`
 * writes the same rows. Statements name the generation's own table, so that the writer needs no lock on the parent.
 */
final class Table<Row> {
    /** How a value travels and what it is in the table; instants are milliseconds. */
    enum Kind {
        TEXT("text", "%s"),
        INT("bigint", "%s"),
        DATE("date", "%s"),
        INSTANT("bigint", "'epoch'::timestamptz + %s * interval '1 millisecond'"),
        REAL("double precision", "%s"),
        BOOL("boolean", "%s"),
        JSON("text", "%s::jsonb");

        final String sent;
        final String stored;

        Kind(String sent, String stored) {
            this.sent = sent;
            this.stored = stored;
        }
    }

    /** What becomes of a row that is there. */
    enum Then { KEY, STAYS, REPLACED, ADDED, GREATEST }

    private record Column<Row>(String name, Kind kind, Then then, Function<Row, Object> value) {}

    private final String name;
    private final boolean isPerGeneration;
    private final boolean keyHasPartition;
    private final boolean hasProcessedAt;
    private final List<Column<Row>> columns = new ArrayList<>();

    private Table(String name, boolean isPerGeneration, boolean keyHasPartition, boolean hasProcessedAt) {
        this.name = name;
        this.isPerGeneration = isPerGeneration;
        this.keyHasPartition = keyHasPartition;
        this.hasProcessedAt = hasProcessedAt;
    }

    static <Row> Table<Row> of(String name) {
        return new Table<>(name, true, false, true);
    }

    /** Keyed by partition, and without a time of processing. */
    static <Row> Table<Row> ofPartition(String name) {
        return new Table<>(name, true, true, false);
    }

    /** One table for all generations, keyed by partition. */
    static <Row> Table<Row> shared(String name, boolean hasProcessedAt) {
        return new Table<>(name, false, true, hasProcessedAt);
    }

    Table<Row> key(String column, Kind kind, Function<Row, Object> value) {
        return column(column, kind, Then.KEY, value);
    }

    /** Written with the row, and never again. */
    Table<Row> once(String column, Kind kind, Function<Row, Object> value) {
        return column(column, kind, Then.STAYS, value);
    }

    Table<Row> put(String column, Kind kind, Function<Row, Object> value) {
        return column(column, kind, Then.REPLACED, value);
    }

    Table<Row> add(String column, Function<Row, Object> value) {
        return column(column, Kind.INT, Then.ADDED, value);
    }

    Table<Row> greatest(String column, Kind kind, Function<Row, Object> value) {
        return column(column, kind, Then.GREATEST, value);
    }

    private Table<Row> column(String column, Kind kind, Then then, Function<Row, Object> value) {
        columns.add(new Column<>(column, kind, then, value));
        return this;
    }

    /** @param returning columns to answer, or '' */
    String statement(int generation, String returning) {
        List<String> names = new ArrayList<>(), stored = new ArrayList<>(), sent = new ArrayList<>();
        List<String> key = new ArrayList<>(), updates = new ArrayList<>();
        for (Column<Row> column : columns) {
            String quoted = quoted(column.name);
            names.add(quoted);
            stored.add(column.kind.stored.formatted("given." + quoted));
            sent.add("?::text::" + column.kind.sent + "[]");
            switch (column.then) {
                case KEY -> key.add(quoted);
                case STAYS -> {}
                case REPLACED -> updates.add("%1$s = excluded.%1$s".formatted(quoted));
                case ADDED -> updates.add("%1$s = kept.%1$s + excluded.%1$s".formatted(quoted));
                case GREATEST -> updates.add("%1$s = greatest(kept.%1$s, excluded.%1$s)".formatted(quoted));
            }
        }
        if (hasProcessedAt) updates.add("processed_at = excluded.processed_at");
        return "insert into stream." + name + (isPerGeneration ? "_g" + generation : "") + " as kept (generation, partition, "
                + String.join(", ", names) + (hasProcessedAt ? ", processed_at" : "") + ")\n select " + generation
                + "::integer, ?::smallint, " + String.join(", ", stored) + (hasProcessedAt ? ", now()" : "")
                + "\n from unnest(" + String.join(", ", sent) + ") as given(" + String.join(", ", names) + ")"
                + "\n on conflict (generation, " + (keyHasPartition ? "partition, " : "") + String.join(", ", key) + ") do update set "
                + String.join(", ", updates) + returning;
    }

    /** The values of rows, an array literal for each column: what the statement is given after the partition. */
    List<String> arrays(List<Row> rows) {
        List<String> arrays = new ArrayList<>(columns.size());
        for (Column<Row> column : columns) {
            ArrayText array = new ArrayText(rows.size());
            boolean isText = column.kind == Kind.TEXT || column.kind == Kind.JSON;
            for (Row row : rows) {
                Object value = column.value.apply(row);
                if (isText) array.text((String) value);
                else array.plain(value);
            }
            arrays.add(array.close());
        }
        return arrays;
    }

    private static String quoted(String column) {
        return column.equals("offset") ? "\"offset\"" : column;
    }
}
