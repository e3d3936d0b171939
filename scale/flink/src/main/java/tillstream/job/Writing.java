package tillstream.job;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tillstream.domain.Batch;
import tillstream.domain.Episode;
import tillstream.domain.StockFold;
import tillstream.domain.StockState;
import tillstream.domain.operators.Alert;
import tillstream.domain.operators.Texts;

/** What a batch becomes as rows: `server/stream/write/write-batch.ts`, with the lists of its change row. */
final class Writing {
    private Writing() {}

    static Written of(Batch batch) {
        Written.Upserts upserts = new Written.Upserts()
                .add(Tables.STOCK, batch.stocks())
                .add(Tables.PURCHASES, batch.purchases())
                .add(Tables.EPISODES, batch.episodes())
                .add(Tables.SOURCES, batch.sources())
                .add(Tables.OPERATOR_STATES, batch.operators().keptStates(batch.watermark()))
                .add(Tables.PANES, batch.operators().keptPanes(batch.watermark()))
                .add(Tables.SESSIONS, batch.operators().keptSessions(batch.watermark()))
                .add(Tables.ALERTS, batch.operators().alerts())
                .add(Tables.SET_ASIDE, batch.setAside())
                .add(Tables.LATE_EVENTS, batch.lateSales());
        return new Written(
                batch.previousOffset(),
                batch.previousAppendedAt(),
                Tables.orNull(batch.previousWatermark()),
                batch.throughOffset(),
                batch.throughAppendedAt(),
                Tables.orNull(batch.watermark()),
                batch.events(),
                batch.lateEvents(),
                batch.sales(),
                Written.Upsert.of(Tables.WINDOWS, batch.windows()),
                upserts.given,
                batch.forgottenSources(),
                changes(batch));
    }

    /** The shapes of `LiveStock`, `LiveAlert` and `LiveDetection` of the serving layer. */
    private static Written.Changes changes(Batch batch) {
        List<Object> stock = new ArrayList<>();
        for (StockFold.Touched touched : batch.stocks()) {
            if (touched.wasShort() || touched.state().isShort()) stock.add(liveStock(touched.state()));
        }
        List<Object> alerts = new ArrayList<>();
        for (Episode.Change change : batch.episodes()) if (change.isNews()) alerts.add(liveAlert(change.episode()));
        List<Object> detections = new ArrayList<>();
        for (Alert.Change change : batch.operators().alerts()) if (change.isNews()) detections.add(liveDetection(change.alert()));
        int most = Math.max(stock.size(), Math.max(alerts.size(), detections.size()));
        if (most > PartitionTables.MOST_CHANGES) return new Written.Changes("[]", "[]", "[]", most);
        return new Written.Changes(Texts.json(stock), Texts.json(alerts), Texts.json(detections), most);
    }

    private static Map<String, Object> liveStock(StockState state) {
        Map<String, Object> live = new LinkedHashMap<>();
        live.put("store", state.store);
        live.put("sku", state.sku);
        live.put("onHand", Tables.orNull(state.onHand));
        live.put("onOrder", state.onOrder);
        live.put("reorderPoint", Tables.orNull(state.reorderPoint));
        live.put("asOf", state.asOf);
        return live;
    }

    private static Map<String, Object> liveAlert(Episode episode) {
        Map<String, Object> live = new LinkedHashMap<>();
        live.put("alertId", episode.alertId());
        live.put("store", episode.store());
        live.put("sku", episode.sku());
        live.put("rule", episode.rule());
        live.put("severity", episode.severity());
        live.put("state", episode.state());
        live.put("openedAt", episode.openedAt());
        live.put("onHand", episode.onHand());
        live.put("onOrder", episode.onOrder());
        live.put("reorderPoint", Tables.orNull(episode.reorderPoint()));
        live.put("projectedStockoutAt", Tables.orNull(episode.projectedStockoutAt()));
        live.put("nextDeliveryAt", Tables.orNull(episode.nextDeliveryAt()));
        return live;
    }

    private static Map<String, Object> liveDetection(Alert alert) {
        Map<String, Object> live = new LinkedHashMap<>();
        live.put("alertId", alert.alertId());
        live.put("kind", alert.kind());
        live.put("rule", alert.rule());
        live.put("store", alert.store());
        live.put("subject", alert.subject());
        live.put("severity", alert.severity());
        live.put("score", alert.score());
        live.put("state", alert.state());
        live.put("openedAt", alert.openedAt());
        live.put("summary", alert.summary());
        return live;
    }
}
