package tillstream.domain;

import static tillstream.domain.Instants.NONE;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import tillstream.domain.EventType.Movement;
import tillstream.domain.LogRecord.Event;
import tillstream.domain.LogRecord.Lines;
import tillstream.domain.Reference.Forecast;
import tillstream.domain.Reference.ShelfStore;
import tillstream.domain.Reference.Supply;
import tillstream.domain.StockState.Anchor;
import tillstream.domain.StockState.OpenDelivery;

/**
 * Folds stock movements and purchases, and judges each touched sku after each event; and where time alone may have changed
 * what is said of one, with the entry that takes the watermark there: `server/stream/fold/stock.ts` and `stock-state.ts`.
 *
 * <p>Whatever the order of arrival, the outcome is: the latest count (by event time, then offset) plus the deltas strictly
 * after it; without a count the earliest receipt's instant is the opening, from which on every delta counts; with neither,
 * unknown.
 */
public final class StockFold {
  /** A stock as it stands after a batch. @param wasShort by its level, before it */
  public record Touched(StockState state, boolean wasShort) {}

  private final int partition;
  private final Map<String, Map<String, StockState>> stocks;
  private final Map<PurchaseLine.Key, PurchaseLine> purchases;
  private final Deltas deltas;
  private Reference reference;

  private final List<StockState> touched = new ArrayList<>();
  private final Set<PurchaseLine.Key> touchedPurchases = new LinkedHashSet<>();
  private final Map<String, Episode.Change> episodes = new LinkedHashMap<>();
  /** Stocks by when time alone may matter; an entry whose stock has another moment by then is none. */
  private MinHeap<StockState> looks = new MinHeap<>();
  /** Stocks that have such a moment. */
  private int watched;
  private final List<StockState> ofEvent = new ArrayList<>();

  StockFold(
      int partition,
      Map<String, Map<String, StockState>> stocks,
      Map<PurchaseLine.Key, PurchaseLine> purchases,
      Deltas deltas,
      Reference reference) {
    this.partition = partition;
    this.stocks = stocks;
    this.purchases = purchases;
    this.deltas = deltas;
    referTo(reference);
  }

  /** Judges by other reference data from here on; a forecast may have been made since a stock was judged. */
  void referTo(Reference changed) {
    reference = changed;
    looks = new MinHeap<>();
    watched = 0;
    for (Map<String, StockState> skus : stocks.values())
      for (StockState state : skus.values()) {
        state.policies = null;
        state.forecasts = null;
        state.clock = null;
        state.lookAt = lookOf(state, state.lookAt);
        if (state.lookAt == NONE) continue;
        watched += 1;
        looks.push(state, state.lookAt);
      }
  }

  void apply(Event event) {
    EventType type = event.type();
    if (event.lines() == null || (type.movement == null && type.purchasing == null)) return;
    ofEvent.clear();
    if (type.movement == Movement.COUNTED) applyCounts(event);
    else if (type.movement != null) applyDeltas(event);
    if (type.purchasing != null && event.details().purchaseOrderId() != null) applyPurchases(event);
    // After the whole event: a document's lines are one moment.
    for (StockState state : ofEvent) judge(state, state.asOf, event.offset());
  }

  /** A product that one count names twice lies in two places: its units add up. */
  private void applyCounts(Event event) {
    Lines lines = event.lines();
    Map<String, Long> counted = new LinkedHashMap<>();
    for (int line = 0; line < lines.size(); line += 1)
      if (lines.movesStock(line)) counted.merge(lines.skus[line], lines.units[line], Long::sum);
    counted.forEach(
        (sku, units) -> {
          StockState state = touch(event, sku);
          ofEvent.add(state);
          long at = event.eventTime();
          if (state.anchorKind == Anchor.COUNT && state.anchorTime > at) return;
          state.onHand = units + deltasAfter(state, event, false);
          state.anchorKind = Anchor.COUNT;
          state.anchorTime = at;
          state.anchorOffset = event.offset();
          deltas.forgetUpTo(state.store, sku, at);
        });
  }

  private void applyDeltas(Event event) {
    Lines lines = event.lines();
    Movement kind = event.type().movement;
    long at = event.eventTime();
    for (int line = 0; line < lines.size(); line += 1) {
      if (!lines.movesStock(line)) continue;
      String sku = lines.skus[line];
      long units = event.movedUnits(line);
      StockState state = touch(event, sku);
      if (kind == Movement.RECEIVED && state.opensBefore(at)) {
        state.onHand = deltasAfter(state, event, true) + units;
        state.anchorKind = Anchor.OPENING;
        state.anchorTime = at;
        state.anchorOffset = event.offset();
      } else if (state.onHand != NONE && (state.anchorKind == Anchor.COUNT ? at > state.anchorTime : at >= state.anchorTime))
        state.onHand += units;
      state.maxDeltaTime = Math.max(state.maxDeltaTime, at);
      deltas.add(state.store, sku, at, units);
      if (kind == Movement.SOLD) Pace.addSale(state, at, -units);
      ofEvent.add(state);
    }
  }

  private void applyPurchases(Event event) {
    Lines lines = event.lines();
    for (int line = 0; line < lines.size(); line += 1) {
      if (!lines.movesStock(line)) continue;
      StockState state = touch(event, lines.skus[line]);
      PurchaseLine.Key key = new PurchaseLine.Key(event.store(), event.details().purchaseOrderId(), state.sku);
      PurchaseLine known = purchases.get(key);
      PurchaseLine before = known == null ? PurchaseLine.nothingOrdered(key, event.eventTime()) : known;
      PurchaseLine after = before.after(event, lines.units[line]);
      purchases.put(key, after);
      touchedPurchases.add(key);
      state.onOrder += after.openUnits() - before.openUnits();
      state.deliveries = withDelivery(state.deliveries, after);
      ofEvent.add(state);
    }
  }

  /** Nothing is asked where no delta can lie after the anchor. */
  private long deltasAfter(StockState state, Event anchor, boolean inclusive) {
    long at = anchor.eventTime();
    boolean none = state.maxDeltaTime == NONE || state.maxDeltaTime < at || (!inclusive && state.maxDeltaTime == at);
    return none ? 0 : deltas.sumAfter(state.store, state.sku, at, inclusive, anchor.offset());
  }

  private static OpenDelivery[] withDelivery(OpenDelivery[] deliveries, PurchaseLine purchase) {
    List<OpenDelivery> open = new ArrayList<>(deliveries.length + 1);
    for (OpenDelivery delivery : deliveries)
      if (!delivery.purchaseOrder().equals(purchase.key().purchaseOrder())) open.add(delivery);
    long units = purchase.openUnits();
    if (units > 0)
      open.add(new OpenDelivery(purchase.key().purchaseOrder(), units, purchase.placedAt(), purchase.expectedAt()));
    return open.isEmpty() ? StockState.NO_DELIVERIES : open.toArray(OpenDelivery[]::new);
  }

  /** Looks at what is due by a watermark, as of it: so each is judged once for an entry, however far that takes time. */
  void passTime(long watermark, long offset) {
    while (looks.size() > 0 && looks.topKey() <= watermark) {
      StockState state = looks.top();
      long due = looks.topKey();
      looks.pop();
      if (state.lookAt != due) continue;
      mark(state);
      ShelfStore store = reference.storeAt(state.store, watermark);
      boolean isLate = watermark - due > Outlook.LOOK_LATE_AT_MOST_MS;
      if (store != null && store.isLive() && !isLate) judge(state, watermark, offset);
      // Of a store that sends files: by what is known of it, as of the forecast's beginning.
      else if (!isLate && beginsAt(forecastsOf(state), due)) judge(state, due, offset);
      else lookAgain(state, NONE);
    }
  }

  private static boolean beginsAt(List<Forecast> forecasts, long at) {
    for (Forecast forecast : forecasts) if (forecast.validFrom() == at) return true;
    return false;
  }

  private void judge(StockState state, long at, long offset) {
    state.judgedAt = Math.max(state.judgedAt, at);
    if (state.policies == null) state.policies = reference.policies(state.store, state.sku);
    Outlook outlook = null;
    Supply supply = null;
    boolean looksAgain = false;
    List<Forecast> forecasts = forecastsOf(state);
    if (state.onHand != NONE && !forecasts.isEmpty()) {
      Forecast forecast = Reference.validAt(forecasts, state.judgedAt);
      ShelfStore store = forecast == null ? null : reference.storeAt(state.store, state.judgedAt);
      if (store != null) {
        supply = reference.supplyAt(state.sku, state.judgedAt);
        outlook = new Outlook(state, clockOf(state, forecast, store), store.offsetMs(), supply);
        // Of what is empty time changes nothing, and of a store that sends files nobody knows what it has sold by now.
        looksAgain = state.onHand > 0 && store.isLive();
      }
    }
    Episode.Change change =
        Shortages.judge(state, Reference.validAt(state.policies, state.judgedAt), outlook, partition, offset);
    if (change != null) remember(change);
    long look = looksAgain ? outlook.nextLook(state.episode != null, supply == null ? null : supply.deliveryDays()) : NONE;
    lookAgain(state, lookOf(state, look));
  }

  /**
   * When a shelf is to be looked at: as it was said, or when its next forecast begins to hold, if it is at its reorder point
   * or below. Without it, what sells little would be judged by none until somebody buys it.
   */
  private long lookOf(StockState state, long look) {
    if (state.onHand == NONE || state.onHand > Math.max(0, state.reorderPoint)) return look;
    for (Forecast forecast : forecastsOf(state))
      if (forecast.validFrom() > state.judgedAt) return look == NONE ? forecast.validFrom() : Math.min(forecast.validFrom(), look);
    return look;
  }

  private void lookAgain(StockState state, long look) {
    if (look == state.lookAt && look == NONE) return;
    if (state.lookAt == NONE) watched += 1;
    state.lookAt = look;
    if (look == NONE) {
      watched -= 1;
      return;
    }
    looks.push(state, look);
    // A shelf that sells gets another moment with each sale; those of before would gather.
    if (looks.size() > 2 * watched + 64) looks.retain((one, key) -> one.lookAt == key, outdated -> {});
  }

  private static DemandClock clockOf(StockState state, Forecast forecast, ShelfStore store) {
    DemandClock clock = state.clock;
    if (clock == null || clock.forecast != forecast || clock.ordersByHour != store.ordersByHour())
      state.clock = clock = new DemandClock(forecast, store);
    return clock;
  }

  private List<Forecast> forecastsOf(StockState state) {
    if (state.forecasts == null) state.forecasts = reference.forecasts(state.store, state.sku);
    return state.forecasts;
  }

  private StockState touch(Event event, String sku) {
    Map<String, StockState> skus = stocks.get(event.store());
    if (skus == null) stocks.put(event.store(), skus = new HashMap<>());
    StockState state = skus.get(sku);
    if (state == null) skus.put(sku, state = new StockState(event.store(), sku, event.eventTime()));
    mark(state);
    state.lastOffset = event.offset();
    state.asOf = Math.max(state.asOf, event.eventTime());
    return state;
  }

  private void mark(StockState state) {
    if (state.isTouched) return;
    state.isTouched = true;
    state.wasShort = state.isShort();
    touched.add(state);
  }

  private void remember(Episode.Change change) {
    Episode.Change known = episodes.get(change.episode().alertId());
    boolean isNews = change.isNews() || (known != null && known.isNews());
    episodes.put(change.episode().alertId(), new Episode.Change(change.episode(), isNews));
  }

  /** The stocks of the batch as they stand: copies, which whoever writes them may hold. */
  List<Touched> takeStocks() {
    List<Touched> taken = new ArrayList<>(touched.size());
    for (StockState state : touched) {
      state.clock = null;
      state.isTouched = false;
      taken.add(new Touched(state.copy(), state.wasShort));
    }
    touched.clear();
    return taken;
  }

  List<PurchaseLine> takePurchases() {
    List<PurchaseLine> taken = new ArrayList<>(touchedPurchases.size());
    for (PurchaseLine.Key key : touchedPurchases) taken.add(purchases.get(key));
    touchedPurchases.clear();
    return taken;
  }

  List<Episode.Change> takeEpisodes() {
    List<Episode.Change> taken = List.copyOf(episodes.values());
    episodes.clear();
    return taken;
  }
}
