package tillstream.job;

import static tillstream.job.Table.Kind.BOOL;
import static tillstream.job.Table.Kind.DATE;
import static tillstream.job.Table.Kind.INSTANT;
import static tillstream.job.Table.Kind.INT;
import static tillstream.job.Table.Kind.JSON;
import static tillstream.job.Table.Kind.REAL;
import static tillstream.job.Table.Kind.TEXT;

import tillstream.domain.Batch.LateSale;
import tillstream.domain.Episode;
import tillstream.domain.Instants;
import tillstream.domain.Judge;
import tillstream.domain.LogRecord.SetAside;
import tillstream.domain.PurchaseLine;
import tillstream.domain.StockFold;
import tillstream.domain.StockState.Anchor;
import tillstream.domain.WindowFold;
import tillstream.domain.operators.Alert;
import tillstream.domain.operators.OperatorBatch;
import tillstream.domain.operators.OperatorBatch.SessionRow;
import tillstream.domain.operators.Texts;

/** The tables of a generation (`db/migrations/0003_stream.sql`): what of a row is its key, what adds up, what is replaced. */
final class Tables {
    private Tables() {}

    static final Table<WindowFold.Delta> WINDOWS = Table.<WindowFold.Delta>of("windows")
            .key("store", TEXT, row -> row.store)
            .key("window_start", INSTANT, row -> row.windowStart)
            .key("channel", TEXT, row -> row.channel)
            .key("currency", TEXT, row -> row.currency)
            .once("business_day", DATE, row -> row.businessDay)
            .add("orders", row -> row.orders)
            .add("units", row -> row.units)
            .add("gross", row -> row.gross)
            .add("discounts", row -> row.discounts)
            .add("returns", row -> row.returns)
            .add("return_documents", row -> row.returnDocuments)
            .add("units_returned", row -> row.unitsReturned)
            .add("late_net", row -> row.lateNet)
            .add("revision", row -> row.revision)
            .add("bulk_events", row -> row.bulkEvents)
            .put("last_offset", INT, row -> row.lastOffset);

    static final Table<StockFold.Touched> STOCK = Table.<StockFold.Touched>of("stock")
            .key("store", TEXT, row -> row.state().store)
            .key("sku", TEXT, row -> row.state().sku)
            .put("on_hand", INT, row -> orNull(row.state().onHand))
            .put("on_order", INT, row -> row.state().onOrder)
            .put("anchor_kind", TEXT, row -> row.state().anchorKind == null ? null : row.state().anchorKind == Anchor.COUNT ? "count" : "opening")
            .put("anchor_time", INSTANT, row -> orNull(row.state().anchorTime))
            .put("anchor_offset", INT, row -> orNull(row.state().anchorOffset))
            .put("max_delta_time", INSTANT, row -> orNull(row.state().maxDeltaTime))
            .put("reorder_point", INT, row -> orNull(row.state().reorderPoint))
            .put("as_of", INSTANT, row -> row.state().asOf)
            .put("last_offset", INT, row -> row.state().lastOffset)
            .put("pace_at", INSTANT, row -> orNull(row.state().paceAt))
            .put("pace_units", REAL, row -> row.state().paceUnits)
            .put("judged_at", INSTANT, row -> row.state().judgedAt)
            .put("look_at", INSTANT, row -> orNull(row.state().lookAt));

    static final Table<PurchaseLine> PURCHASES = Table.<PurchaseLine>of("purchases")
            .key("store", TEXT, row -> row.key().store())
            .key("purchase_order", TEXT, row -> row.key().purchaseOrder())
            .key("sku", TEXT, row -> row.key().sku())
            .put("ordered", INT, row -> row.ordered())
            .put("cancelled", INT, row -> row.cancelled())
            .put("received", INT, row -> row.received())
            .put("placed_at", INSTANT, row -> orNull(row.placedAt()))
            .put("confirmed_at", INSTANT, row -> orNull(row.confirmedAt()))
            .put("said_at", INSTANT, row -> orNull(row.saidAt()))
            .put("supplier", TEXT, row -> row.supplier())
            .put("expected_at", INSTANT, row -> orNull(row.expectedAt()))
            .greatest("as_of", INSTANT, PurchaseLine::asOf)
            .put("last_offset", INT, PurchaseLine::lastOffset);

    static final Table<Episode.Change> EPISODES = Table.<Episode.Change>of("episodes")
            .key("alert_id", TEXT, row -> row.episode().alertId())
            .once("store", TEXT, row -> row.episode().store())
            .once("sku", TEXT, row -> row.episode().sku())
            .put("rule", TEXT, row -> row.episode().rule())
            .put("rule_version", INT, row -> row.episode().ruleVersion())
            .put("severity", TEXT, row -> row.episode().severity())
            .put("state", TEXT, row -> row.episode().state())
            .once("opened_at", INSTANT, row -> row.episode().openedAt())
            .once("opened_offset", INT, row -> row.episode().openedOffset())
            .put("amended_at", INSTANT, row -> row.episode().amendedAt())
            .put("amended_offset", INT, row -> row.episode().amendedOffset())
            .put("resolved_at", INSTANT, row -> orNull(row.episode().resolvedAt()))
            .put("on_hand", INT, row -> row.episode().onHand())
            .put("on_order", INT, row -> row.episode().onOrder())
            .put("reorder_point", INT, row -> orNull(row.episode().reorderPoint()))
            .put("suggested_units", INT, row -> orNull(row.episode().suggestedUnits()))
            .put("projected_stockout_at", INSTANT, row -> orNull(row.episode().projectedStockoutAt()))
            .put("stockout_early_at", INSTANT, row -> orNull(row.episode().stockoutEarlyAt()))
            .put("stockout_late_at", INSTANT, row -> orNull(row.episode().stockoutLateAt()))
            .put("next_delivery_at", INSTANT, row -> orNull(row.episode().nextDeliveryAt()))
            .put("order_arrives_at", INSTANT, row -> orNull(row.episode().orderArrivesAt()));

    static final Table<Judge.Progress> SOURCES = Table.<Judge.Progress>ofPartition("sources")
            .key("source", TEXT, Judge.Progress::source)
            .put("max_event_time", INSTANT, Judge.Progress::maxEventTime)
            .put("last_appended_at", INSTANT, Judge.Progress::lastAppendedAt);

    static final Table<OperatorBatch.State> OPERATOR_STATES = Table.<OperatorBatch.State>ofPartition("operator_states")
            .key("operator", TEXT, OperatorBatch.State::operator)
            .key("store", TEXT, OperatorBatch.State::store)
            .key("key", TEXT, OperatorBatch.State::key)
            .put("state", JSON, row -> Texts.json(row.state()))
            .put("expires_at", INSTANT, OperatorBatch.State::expiresAt)
            .put("since_offset", INT, OperatorBatch.State::since)
            .put("alert", JSON, row -> row.alert() == null ? null : Texts.json(row.alert()))
            .put("is_held", BOOL, OperatorBatch.State::isHeld);

    static final Table<OperatorBatch.Pane> PANES = Table.<OperatorBatch.Pane>of("panes")
            .key("metric", TEXT, row -> row.metric)
            .key("store", TEXT, row -> row.store)
            .key("pane_start", INSTANT, row -> row.paneStart)
            .key("key", TEXT, row -> row.key)
            .add("documents", row -> row.documents)
            .add("units", row -> row.units)
            .add("net", row -> row.net);

    static final Table<SessionRow> SESSIONS = Table.<SessionRow>of("sessions")
            .key("session_id", TEXT, SessionRow::sessionId)
            .once("metric", TEXT, SessionRow::metric)
            .once("store", TEXT, SessionRow::store)
            .once("key", TEXT, SessionRow::key)
            .put("started_at", INSTANT, SessionRow::start)
            .put("ended_at", INSTANT, SessionRow::end)
            .put("orders", INT, SessionRow::orders)
            .put("units", INT, SessionRow::units)
            .put("net", INT, SessionRow::net)
            .put("views", INT, SessionRow::views);

    static final Table<Alert.Change> ALERTS = Table.<Alert.Change>of("alerts")
            .key("alert_id", TEXT, row -> row.alert().alertId())
            .once("kind", TEXT, row -> row.alert().kind())
            .once("rule", TEXT, row -> row.alert().rule())
            .once("rule_version", INT, row -> row.alert().ruleVersion())
            .once("store", TEXT, row -> row.alert().store())
            .once("register", TEXT, row -> row.alert().register())
            .once("subject", TEXT, row -> row.alert().subject())
            .put("severity", TEXT, row -> row.alert().severity())
            .put("score", REAL, row -> row.alert().score())
            .put("state", TEXT, row -> row.alert().state())
            .once("opened_at", INSTANT, row -> row.alert().openedAt())
            .once("opened_offset", INT, row -> row.alert().openedOffset())
            .put("amended_at", INSTANT, row -> row.alert().amendedAt())
            .put("amended_offset", INT, row -> row.alert().amendedOffset())
            .put("resolved_at", INSTANT, row -> row.alert().resolvedAt())
            .put("evidence", JSON, row -> Texts.json(row.alert().evidence()));

    static final Table<LateSale> LATE_EVENTS = Table.<LateSale>shared("late_events", true)
            .key("offset", INT, LateSale::offset)
            .put("appended_at", INSTANT, LateSale::appendedAt)
            .put("store", TEXT, LateSale::store)
            .put("channel", TEXT, LateSale::channel)
            .put("currency", TEXT, LateSale::currency)
            .put("window_start", INSTANT, LateSale::windowStart)
            .put("watermark", INSTANT, LateSale::watermark);

    static final Table<SetAside> SET_ASIDE = Table.<SetAside>shared("set_aside", false)
            .key("offset", INT, SetAside::offset)
            .put("appended_at", INSTANT, SetAside::appendedAt)
            .put("store", TEXT, SetAside::store)
            .put("business_day", DATE, row -> row.businessDay().matches("\\d{4}-(0[1-9]|1[0-2])-([0-2]\\d|3[01])") ? row.businessDay() : null)
            .put("type", TEXT, SetAside::type)
            .put("source", TEXT, SetAside::source)
            .put("id", TEXT, SetAside::id)
            .put("reason", TEXT, SetAside::reason);

    /** NONE is null in the tables. */
    static Long orNull(long value) {
        return value == Instants.NONE ? null : value;
    }
}
