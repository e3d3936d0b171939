package tillstream.domain;

import static tillstream.domain.Instants.HOUR_MS;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Reference data held in memory, from the rows of the tables of schema `ref`: as `db/operator-reference.ts` and `db/shelf-reference.ts`. */
public class ReferenceData implements Reference {
  /** Rows as the tables have them, in any order; lists may be empty, and none is null. */
  @JsonIgnoreProperties(ignoreUnknown = true)
  public record Rows(
      List<StoreRow> stores,
      List<PolicyRow> policies,
      List<ForecastRow> forecasts,
      List<ExpectedRow> expectedOrders,
      List<SizesRow> orderSizes,
      List<RuleRow> rules,
      List<TermRow> supplyTerms,
      List<LeadTimeRow> leadTimes,
      List<DeliveryRow> supplierTerms) {
    public static final Rows NONE =
        new Rows(List.of(), List.of(), List.of(), List.of(), List.of(), List.of(), List.of(), List.of(), List.of());
  }

  public record StoreRow(String id, List<StoreClock.Version> versions) {}

  public record PolicyRow(String store, String sku, long validFrom, long reorderPoint, Long orderUpTo) implements ValidFrom {}

  public record ForecastRow(String store, String sku, long validFrom, double[] unitsByWeekday, double spread) implements ValidFrom {}

  public record ExpectedRow(String store, long validFrom, double[] orders) implements ValidFrom {}

  public record SizesRow(String store, String currency, int hourClass, long validFrom, double median, double spread, int documents)
      implements ValidFrom {}

  public record RuleRow(String rule, int version, long validFrom, boolean isOn, Map<String, Double> parameters) implements ValidFrom {}

  public record TermRow(String sku, long validFrom, String supplier, double days) implements ValidFrom {}

  public record LeadTimeRow(String supplier, long validFrom, double meanDays, double spreadDays) implements ValidFrom {}

  public record DeliveryRow(String supplier, long validFrom, int[] days) implements ValidFrom {}

  private record StockKey(String store, String sku) {}

  private record SizesKey(String store, String currency, int hourClass) {}

  private record Lately(long stretch, ShelfStore store) {}

  /** Nowhere have clocks ever been set at another moment than a quarter of an hour. */
  private static final long SAME_CLOCKS_MS = HOUR_MS / 4;

  private final Map<String, List<StoreClock.Version>> stores = new HashMap<>();
  private final Map<StockKey, List<StockPolicy>> policies;
  private final Map<StockKey, List<Forecast>> forecasts;
  private final Map<String, List<ExpectedRow>> expectedOrders;
  private final Map<SizesKey, List<OrderSizes>> orderSizes;
  private final Map<String, List<RuleVersion>> rules;
  private final Map<String, List<TermRow>> supplyTerms;
  private final Map<String, List<LeadTimeRow>> leadTimes;
  private final Map<String, List<DeliveryRow>> supplierTerms;
  /** A store is asked for with every line it sells: what its clocks show is worked out once for a stretch of time. */
  private final Map<String, Lately> lately = new HashMap<>();

  public ReferenceData(Rows rows) {
    for (StoreRow store : rows.stores) stores.put(store.id, store.versions);
    policies =
        grouped(rows.policies, row -> new StockKey(row.store, row.sku), row -> new StockPolicy(row.validFrom, row.reorderPoint, row.orderUpTo));
    forecasts =
        grouped(rows.forecasts, row -> new StockKey(row.store, row.sku), row -> new Forecast(row.validFrom, row.unitsByWeekday, row.spread));
    expectedOrders = grouped(rows.expectedOrders, row -> row.store, row -> row);
    orderSizes =
        grouped(
            rows.orderSizes,
            row -> new SizesKey(row.store, row.currency, row.hourClass),
            row -> new OrderSizes(row.validFrom, row.median, row.spread, row.documents));
    rules = grouped(rows.rules, row -> row.rule, row -> new RuleVersion(row.version, row.validFrom, row.isOn, row.parameters));
    supplyTerms = grouped(rows.supplyTerms, row -> row.sku, row -> row);
    leadTimes = grouped(rows.leadTimes, row -> row.supplier, row -> row);
    supplierTerms = grouped(rows.supplierTerms, row -> row.supplier, row -> row);
  }

  @Override
  public List<StockPolicy> policies(String store, String sku) {
    return policies.isEmpty() ? List.of() : policies.getOrDefault(new StockKey(store, sku), List.of());
  }

  @Override
  public List<Forecast> forecasts(String store, String sku) {
    return forecasts.isEmpty() ? List.of() : forecasts.getOrDefault(new StockKey(store, sku), List.of());
  }

  @Override
  public ShelfStore storeAt(String store, long at) {
    long stretch = Math.floorDiv(at, SAME_CLOCKS_MS);
    Lately held = lately.get(store);
    if (held != null && held.stretch == stretch) return held.store;
    List<StoreClock.Version> versions = stores.get(store);
    if (versions == null) return null;
    StoreClock.Version version = StoreClock.versionAt(versions, at);
    ExpectedRow habits = Reference.validAt(expectedOrders.get(store), stretch * SAME_CLOCKS_MS);
    ShelfStore shelf =
        new ShelfStore(
            StoreClock.offsetMs(version.zone(), at), version.cutOverHour(), habits == null ? null : habits.orders, version.isLive());
    lately.put(store, new Lately(stretch, shelf));
    return shelf;
  }

  @Override
  public Supply supplyAt(String sku, long at) {
    TermRow term = Reference.validAt(supplyTerms.get(sku), at);
    if (term == null) return null;
    LeadTimeRow learned = Reference.validAt(leadTimes.get(term.supplier), at);
    DeliveryRow delivery = Reference.validAt(supplierTerms.get(term.supplier), at);
    int[] days = delivery == null ? null : delivery.days;
    return learned == null ? new Supply(term.days, 0, days) : new Supply(learned.meanDays, learned.spreadDays, days);
  }

  @Override
  public RuleVersion ruleAt(String rule, long at) {
    return rules.isEmpty() ? null : Reference.validAt(rules.get(rule), at);
  }

  @Override
  public double expectedOrders(String store, double from, double to) {
    ExpectedRow habits = Reference.validAt(expectedOrders.get(store), to);
    List<StoreClock.Version> versions = stores.get(store);
    if (habits == null || versions == null) return Double.NaN;
    return StoreClock.expectedBetween(habits.orders, StoreClock.versionAt(versions, to).zone(), from, to);
  }

  @Override
  public OrderSizes orderSizes(String store, String currency, long at) {
    List<StoreClock.Version> versions = orderSizes.isEmpty() ? null : stores.get(store);
    if (versions == null) return null;
    long offset = StoreClock.offsetMs(StoreClock.versionAt(versions, at).zone(), at);
    int hours = StoreClock.hourClass(StoreClock.hourOfWeek(at, offset));
    return Reference.validAt(orderSizes.get(new SizesKey(store, currency, hours)), at);
  }

  @Override
  public boolean isLive(String store, long at) {
    List<StoreClock.Version> versions = stores.get(store);
    return versions != null && StoreClock.versionAt(versions, at).isLive();
  }

  private static <R extends ValidFrom, K, V> Map<K, List<V>> grouped(List<R> rows, Function<R, K> keyOf, Function<R, V> valueOf) {
    Map<K, List<V>> grouped = new HashMap<>();
    rows.stream()
        .sorted(Comparator.comparingLong(ValidFrom::validFrom))
        .forEach(row -> grouped.computeIfAbsent(keyOf.apply(row), key -> new ArrayList<>(1)).add(valueOf.apply(row)));
    return grouped;
  }
}
