package tillstream.domain;

import static tillstream.domain.Instants.NONE;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tillstream.domain.operators.Alert;
import tillstream.domain.operators.OperatorBatch;
import tillstream.domain.operators.OperatorBatch.SessionRow;

/** What the Java fold makes of a case's log, in the shape in which the case says what it must be. */
final class Folded {
  /** How a log is cut, and whether the fold is written down and begun anew at each cut. */
  record Cut(int size, boolean restarts) {}

  private final List<Object> watermarks = new ArrayList<>();
  private final List<Object> lateOffsets = new ArrayList<>();
  private final List<Object> lateSales = new ArrayList<>();
  private final List<Object> news = new ArrayList<>();
  private final List<Object> setAside = new ArrayList<>();
  private final Map<String, Object> sources = new TreeMap<>();
  private final Map<String, long[]> windowSums = new TreeMap<>();
  private final Map<String, WindowFold.Delta> windows = new TreeMap<>();
  private final Map<String, Object> stocks = new TreeMap<>();
  private final Map<String, Object> purchases = new TreeMap<>();
  private final Map<String, Object> episodes = new TreeMap<>();
  private final Map<String, Object> alerts = new TreeMap<>();
  private final Map<String, Object> sessions = new TreeMap<>();
  private final Map<String, long[]> panes = new TreeMap<>();
  private final Map<String, OperatorBatch.State> states = new TreeMap<>();
  private long failures;
  private long watermark;

  Folded(JsonNode records, Reference reference, Cut cut) {
    RecordDecoder decoder = new RecordDecoder();
    PartitionState kept = new PartitionState();
    Deltas deltas = new KeptDeltas();
    PartitionFold fold = new PartitionFold(0, kept, reference, deltas);
    for (JsonNode record : records) {
      byte[] value = record.toString().getBytes(StandardCharsets.UTF_8);
      LogRecord read = decoder.decode(value, record.get("offset").longValue(), 0);
      fold.accept(read);
      if (!(read instanceof LogRecord.SetAside)) watermarks.add(orNull(fold.watermark()));
      // Told twice, as by a source that starts over: it counts once.
      fold.accept(read);
      if (fold.pending() < cut.size) continue;
      add(fold.drain());
      if (!cut.restarts) continue;
      Object[] restored = (Object[]) written(new Object[] {fold.state(), deltas});
      deltas = (Deltas) restored[1];
      fold = new PartitionFold(0, (PartitionState) restored[0], reference, deltas);
    }
    add(fold.drain());
    watermark = fold.watermark();
  }

  private void add(Batch batch) {
    for (LogRecord.SetAside one : batch.setAside()) setAside.add(row("offset", one.offset(), "reason", one.reason()));
    for (Batch.LateSale sale : batch.lateSales()) lateSales.add(sale);
    batch.forgottenSources().forEach(sources::remove);
    for (Judge.Progress progress : batch.sources()) sources.put(progress.source(), progress);
    for (WindowFold.Delta delta : batch.windows()) {
      String place = delta.store + "/" + delta.windowStart + "/" + delta.channel + "/" + delta.currency;
      windows.put(place, delta);
      long[] sums = windowSums.computeIfAbsent(place, key -> new long[10]);
      long[] adds = {
        delta.orders, delta.units, delta.gross, delta.discounts, delta.returns, delta.returnDocuments, delta.unitsReturned,
        delta.lateNet, delta.revision, delta.bulkEvents
      };
      for (int at = 0; at < adds.length; at += 1) sums[at] += adds[at];
    }
    for (StockFold.Touched touched : batch.stocks())
      stocks.put(touched.state().store + "/" + touched.state().sku, stockRow(touched.state()));
    for (PurchaseLine line : batch.purchases()) {
      PurchaseLine.Key key = line.key();
      purchases.put(key.store() + "/" + key.purchaseOrder() + "/" + key.sku(), purchaseRow(line));
    }
    for (Episode.Change change : batch.episodes()) episodes.put(change.episode().alertId(), episodeRow(change.episode()));
    OperatorBatch operators = batch.operators();
    operators.alerts().forEach(change -> alerts.put(change.alert().alertId(), change.alert()));
    operators.sessions().forEach(session -> sessions.put(session.sessionId(), sessionRow(session)));
    operators.states().forEach(state -> states.put(state.operator() + "/" + state.store() + "/" + state.key(), state));
    operators.dropped().forEach(dropped -> states.remove(dropped.operator() + "/" + dropped.store() + "/" + dropped.key()));
    for (OperatorBatch.Pane pane : operators.panes()) {
      long[] sums = panes.computeIfAbsent(pane.metric + "/" + pane.store + "/" + pane.paneStart + "/" + pane.key, key -> new long[2]);
      sums[0] += pane.documents;
      sums[1] += pane.units;
    }
    failures += operators.failures().size();
    List<String> told = new ArrayList<>();
    for (Episode.Change change : batch.episodes()) if (change.isNews()) told.add(change.episode().alertId());
    for (Alert.Change change : operators.alerts()) if (change.isNews()) told.add(change.alert().alertId());
    told.stream().sorted().forEach(alertId -> news.add(batch.throughOffset() + " " + alertId));
    if (batch.events() == 1 && batch.lateEvents() == 1) lateOffsets.add(batch.throughOffset());
  }

  /** @param everyRecord whether batches were of one record, so that each verdict on lateness and each piece of news is seen */
  Map<String, Object> asExpected(boolean everyRecord) {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("setAside", setAside);
    all.put("watermarks", watermarks);
    if (everyRecord) all.put("lateOffsets", lateOffsets);
    if (everyRecord) all.put("news", news);
    all.put("lateSales", lateSales);
    all.put("sources", sources.values());
    List<Object> minutes = new ArrayList<>();
    windowSums.forEach((place, sums) -> minutes.add(windowRow(place, sums)));
    all.put("windows", minutes);
    all.put("stocks", stocks.values());
    all.put("purchases", purchases.values());
    all.put("episodes", episodes.values());
    List<Object> sumsOfPanes = new ArrayList<>();
    panes.forEach((place, sums) -> sumsOfPanes.add(row("place", place, "documents", sums[0], "units", sums[1])));
    List<Object> kept = new ArrayList<>();
    states.forEach(
        (place, state) -> {
          boolean hasExpired = !state.isHeld() && state.expiresAt() <= watermark;
          if (!hasExpired)
            kept.add(
                row(
                    "place", place, "state", state.state(), "expiresAt", state.expiresAt(), "since", state.since(), "alert",
                    state.alert(), "isHeld", state.isHeld()));
        });
    all.put(
        "operators",
        row("alerts", alerts.values(), "sessions", sessions.values(), "panes", sumsOfPanes, "states", kept, "failures", failures));
    return all;
  }

  /** Windows by key, for examples that state figures: orders, units, gross, discounts, returns, documents and units returned. */
  Map<String, long[]> sums() {
    return windowSums;
  }

  WindowFold.Delta window(String place) {
    return windows.get(place);
  }

  @SuppressWarnings("unchecked")
  Map<String, Object> stock(String store, String sku) {
    return (Map<String, Object>) stocks.get(store + "/" + sku);
  }

  private Map<String, Object> windowRow(String place, long[] sums) {
    WindowFold.Delta last = windows.get(place);
    return row(
        "place", place, "businessDay", last.businessDay, "orders", sums[0], "units", sums[1], "gross", sums[2], "discounts", sums[3],
        "returns", sums[4], "returnDocuments", sums[5], "unitsReturned", sums[6], "lateNet", sums[7], "revision", sums[8],
        "bulkEvents", sums[9], "lastOffset", last.lastOffset);
  }

  private static Map<String, Object> stockRow(StockState state) {
    List<Object> deliveries = new ArrayList<>();
    for (StockState.OpenDelivery one : state.deliveries)
      deliveries.add(
          row("purchaseOrder", one.purchaseOrder(), "units", one.units(), "placedAt", orNull(one.placedAt()), "expectedAt", orNull(one.expectedAt())));
    return row(
        "place", state.store + "/" + state.sku, "onHand", orNull(state.onHand), "onOrder", state.onOrder, "deliveries", deliveries,
        "pace", row("newest", orNull(state.paceAt), "units", state.paceUnits),
        "anchorKind", state.anchorKind == null ? null : state.anchorKind.name().toLowerCase(),
        "anchorTime", orNull(state.anchorTime), "anchorOffset", orNull(state.anchorOffset), "maxDeltaTime", orNull(state.maxDeltaTime),
        "reorderPoint", orNull(state.reorderPoint), "asOf", state.asOf, "judgedAt", state.judgedAt, "lookAt", orNull(state.lookAt),
        "lastOffset", state.lastOffset, "episode", state.episode == null ? null : episodeRow(state.episode));
  }

  private static Map<String, Object> purchaseRow(PurchaseLine line) {
    return row(
        "key", line.key().store() + "/" + line.key().purchaseOrder() + "/" + line.key().sku(), "ordered", line.ordered(),
        "cancelled", line.cancelled(), "received", line.received(), "placedAt", orNull(line.placedAt()), "confirmedAt",
        orNull(line.confirmedAt()), "saidAt", orNull(line.saidAt()), "supplier", line.supplier(), "expectedAt", orNull(line.expectedAt()));
  }

  private static Map<String, Object> episodeRow(Episode one) {
    return row(
        "alertId", one.alertId(), "store", one.store(), "sku", one.sku(), "rule", one.rule(), "ruleVersion", one.ruleVersion(),
        "severity", one.severity(), "state", one.state(), "openedAt", one.openedAt(), "openedOffset", one.openedOffset(),
        "amendedAt", one.amendedAt(), "amendedOffset", one.amendedOffset(), "resolvedAt", orNull(one.resolvedAt()),
        "onHand", one.onHand(), "onOrder", one.onOrder(), "reorderPoint", orNull(one.reorderPoint()),
        "suggestedUnits", orNull(one.suggestedUnits()), "projectedStockoutAt", orNull(one.projectedStockoutAt()),
        "stockoutEarlyAt", orNull(one.stockoutEarlyAt()), "stockoutLateAt", orNull(one.stockoutLateAt()),
        "nextDeliveryAt", orNull(one.nextDeliveryAt()), "orderArrivesAt", orNull(one.orderArrivesAt()));
  }

  private static Map<String, Object> sessionRow(SessionRow one) {
    return row(
        "sessionId", one.sessionId(), "metric", one.metric(), "store", one.store(), "key", one.key(), "start", one.start(),
        "end", one.end(), "orders", one.orders(), "units", one.units(), "net", one.net(), "views", one.views());
  }

  private static Long orNull(long number) {
    return number == NONE ? null : number;
  }

  static Map<String, Object> row(Object... pairs) {
    Map<String, Object> row = new LinkedHashMap<>();
    for (int at = 0; at < pairs.length; at += 2) row.put((String) pairs[at], pairs[at + 1]);
    return row;
  }

  /** Through bytes and back, as a snapshot goes. */
  private static Object written(Object state) {
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
        out.writeObject(state);
      }
      return new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray())).readObject();
    } catch (IOException wrong) {
      throw new UncheckedIOException(wrong);
    } catch (ClassNotFoundException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
