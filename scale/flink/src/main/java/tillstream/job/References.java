package tillstream.job;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tillstream.domain.ReferenceData;
import tillstream.domain.ReferenceData.DeliveryRow;
import tillstream.domain.ReferenceData.ExpectedRow;
import tillstream.domain.ReferenceData.ForecastRow;
import tillstream.domain.ReferenceData.LeadTimeRow;
import tillstream.domain.ReferenceData.PolicyRow;
import tillstream.domain.ReferenceData.RuleRow;
import tillstream.domain.ReferenceData.SizesRow;
import tillstream.domain.ReferenceData.StoreRow;
import tillstream.domain.ReferenceData.TermRow;
import tillstream.domain.StoreClock;

/**
 * Reads what a partition's stores are judged by: `db/shelf-reference.ts`, `db/operator-reference.ts` and the policies and
 * forecasts of `server/stream/state/load-stock.ts`, all at once; and again when a revision tells that something changed.
 */
final class References {
    /** One text that changes whenever something of it does. */
    static final String REVISION = "select concat(p.revision, '/', d.revision, '/', o.revision, '/', s.revision)"
            + " from ref.policy_revision p, ref.demand_revision d, ref.operator_revision o, ref.reference_revision s";

    private static final String MS = "(date_part('epoch', %s) * 1000)::bigint";
    private static final String VALID_FROM = MS.formatted("valid_from");

    private static final ObjectMapper JSON = new ObjectMapper();

    private References() {}

    record Loaded(String revision, ReferenceData data) {}

    /** @param connection without autocommit; one snapshot answers all */
    static Loaded load(Connection connection, int partition) throws SQLException {
        try (PreparedStatement begin = connection.prepareStatement("set transaction isolation level repeatable read, read only")) {
            begin.execute();
            String revision = rows(connection, REVISION, row -> row.getString(1)).get(0);
            String own = " where store in (select store from ref.stores where partition = " + partition + ")";
            ReferenceData.Rows rows = new ReferenceData.Rows(
                    stores(connection),
                    rows(connection, "select store, sku, " + VALID_FROM + ", reorder_point, order_up_to from ref.stock_policies" + own,
                            row -> new PolicyRow(row.getString(1), row.getString(2), row.getLong(3), row.getLong(4), row.getObject(5, Long.class))),
                    rows(connection, "select store, sku, " + VALID_FROM + ", units_by_weekday, spread from ref.demand_forecasts" + own,
                            row -> new ForecastRow(row.getString(1), row.getString(2), row.getLong(3), doubles(row.getArray(4)), row.getDouble(5))),
                    rows(connection, "select store, " + VALID_FROM + ", orders from ref.expected_orders" + own,
                            row -> new ExpectedRow(row.getString(1), row.getLong(2), doubles(row.getArray(3)))),
                    rows(connection, "select store, currency, hour_class, " + VALID_FROM + ", median, spread, documents from ref.order_sizes" + own,
                            row -> new SizesRow(row.getString(1), row.getString(2), row.getInt(3), row.getLong(4), row.getDouble(5), row.getDouble(6), row.getInt(7))),
                    rows(connection, "select rule, version, " + VALID_FROM + ", is_on, parameters::text from ref.rule_versions",
                            row -> new RuleRow(row.getString(1), row.getInt(2), row.getLong(3), row.getBoolean(4), numbers(row.getString(5)))),
                    rows(connection, "select sku, " + VALID_FROM + ", supplier, lead_time_days::double precision from ref.supply_terms",
                            row -> new TermRow(row.getString(1), row.getLong(2), row.getString(3), row.getDouble(4))),
                    rows(connection, "select supplier, " + VALID_FROM + ", mean_days, spread_days from ref.lead_times",
                            row -> new LeadTimeRow(row.getString(1), row.getLong(2), row.getDouble(3), row.getDouble(4))),
                    rows(connection, "select supplier, " + VALID_FROM + ", delivery_days from ref.supplier_terms",
                            row -> new DeliveryRow(row.getString(1), row.getLong(2), integers(row.getArray(3)))));
            return new Loaded(revision, new ReferenceData(rows));
        } finally {
            connection.rollback();
        }
    }

    private static List<StoreRow> stores(Connection connection) throws SQLException {
        record Version(String store, StoreClock.Version version) {}
        Map<String, List<StoreClock.Version>> stores = new LinkedHashMap<>();
        List<Version> versions = rows(connection,
                "select store, valid_from::text, zone, cut_over_hour, input = 'live' from ref.store_versions order by store, valid_from",
                row -> new Version(row.getString(1), new StoreClock.Version(row.getString(2), row.getString(3), row.getInt(4), row.getBoolean(5))));
        for (Version one : versions) stores.computeIfAbsent(one.store, store -> new ArrayList<>()).add(one.version);
        List<StoreRow> rows = new ArrayList<>();
        stores.forEach((store, own) -> rows.add(new StoreRow(store, own)));
        return rows;
    }

    private interface Read<Row> {
        Row of(ResultSet row) throws SQLException;
    }

    private static <Row> List<Row> rows(Connection connection, String query, Read<Row> read) throws SQLException {
        List<Row> rows = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(query); ResultSet answer = statement.executeQuery()) {
            while (answer.next()) rows.add(read.of(answer));
        }
        return rows;
    }

    private static double[] doubles(Array array) throws SQLException {
        Double[] given = (Double[]) array.getArray();
        double[] numbers = new double[given.length];
        for (int index = 0; index < given.length; index++) numbers[index] = given[index];
        return numbers;
    }

    private static int[] integers(Array array) throws SQLException {
        if (array == null) return null;
        Number[] given = (Number[]) array.getArray();
        int[] numbers = new int[given.length];
        for (int index = 0; index < given.length; index++) numbers[index] = given[index].intValue();
        return numbers;
    }

    private static Map<String, Double> numbers(String json) {
        try {
            return JSON.readValue(json, new TypeReference<Map<String, Double>>() {});
        } catch (JsonProcessingException error) {
            throw new IllegalStateException("parameters of a rule are no numbers: " + json, error);
        }
    }
}
