package tillstream.job;

import java.math.BigInteger;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tillstream.domain.operators.Texts;

/** A window as the table holds it after a batch, and as live pages are told of it (`liveWindow` of `server/stream/write/changes.ts`). */
record LiveWindow(
        String store, String channel, String currency, long windowStart, long orders, long units, String gross, String discounts,
        String returns, long returnDocuments, long unitsReturned, String lateNet, long revision) {
    static final String COLUMNS = "store, channel, currency, (date_part('epoch', window_start) * 1000)::bigint, orders, units,"
            + " gross::text, discounts::text, returns::text, return_documents, units_returned, late_net::text, revision";
    private static final long MINUTE_MS = 60_000;
    private static final long ALLOWED_LATENESS_MS = 120 * MINUTE_MS;
    private static final BigInteger SCALE = BigInteger.valueOf(10_000);

    static LiveWindow read(ResultSet row) throws SQLException {
        return new LiveWindow(row.getString(1), row.getString(2), row.getString(3), row.getLong(4), row.getLong(5), row.getLong(6),
                row.getString(7), row.getString(8), row.getString(9), row.getLong(10), row.getLong(11), row.getString(12), row.getLong(13));
    }

    String key() {
        return store + '\u001f' + windowStart + '\u001f' + channel + '\u001f' + currency;
    }

    static String json(Collection<LiveWindow> windows, Long watermark) {
        List<Object> list = new ArrayList<>();
        for (LiveWindow window : windows) list.add(window.plain(watermark));
        return Texts.json(list);
    }

    private Map<String, Object> plain(Long watermark) {
        Map<String, Object> plain = new LinkedHashMap<>();
        plain.put("store", store);
        plain.put("channel", channel);
        plain.put("currency", currency);
        plain.put("windowStart", windowStart);
        plain.put("orders", orders);
        plain.put("units", units);
        plain.put("gross", decimal(new BigInteger(gross)));
        plain.put("discounts", decimal(new BigInteger(discounts)));
        plain.put("returns", decimal(new BigInteger(returns)));
        plain.put("returnDocuments", returnDocuments);
        plain.put("unitsReturned", unitsReturned);
        plain.put("net", decimal(new BigInteger(gross).subtract(new BigInteger(discounts)).subtract(new BigInteger(returns))));
        plain.put("lateNet", decimal(new BigInteger(lateNet)));
        plain.put("revision", revision);
        plain.put("state", state(watermark));
        return plain;
    }

    private String state(Long watermark) {
        long end = windowStart + MINUTE_MS;
        if (watermark == null || watermark < end) return "open";
        return watermark < end + ALLOWED_LATENESS_MS ? "closed" : "final";
    }

    /** An amount of 1/10,000 with four decimals, as `formatAmount` of `domain/money.ts`. */
    static String decimal(BigInteger amount) {
        BigInteger[] parts = amount.abs().divideAndRemainder(SCALE);
        return (amount.signum() < 0 ? "-" : "") + parts[0] + "." + "%04d".formatted(parts[1].intValue());
    }
}
