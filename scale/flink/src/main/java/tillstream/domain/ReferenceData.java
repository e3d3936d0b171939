package tillstream.domain;

import java.util.List;
import java.util.Map;

/**
 * Rows of reference data with validity, as `db/shelf-reference.ts` and `db/operator-reference.ts` read them; each list in
 * the order of `validFrom`. The fold looks up by event time, never by the moment.
 */
public record ReferenceData(
        List<StoreVersion> stores,
        List<RuleVersion> rules,
        List<ExpectedOrders> expectedOrders,
        List<OrderSizes> orderSizes,
        List<SupplyTerm> supplyTerms,
        List<LeadTime> leadTimes,
        List<SupplierTerm> supplierTerms) {
    public static final ReferenceData NONE =
            new ReferenceData(List.of(), List.of(), List.of(), List.of(), List.of(), List.of(), List.of());

    /** @param validFrom 'YYYY-MM-DD', a business day @param isLive sends as it sells; else a file at close */
    public record StoreVersion(String store, String validFrom, String zone, int cutOverHour, String currency, String channel,
            boolean isLive, List<Integer> openingDays, Map<String, String> openingTimes, String opened, String closed,
            Double latitude, Double longitude) {}

    public record RuleVersion(String rule, int version, long validFrom, boolean isOn, Map<String, Double> parameters) {}

    /** @param orders in each hour of the week, from Monday 00:00 of the store's clock */
    public record ExpectedOrders(String store, long validFrom, double[] orders) {}

    public record OrderSizes(String store, String currency, int hourClass, long validFrom, double median, double spread, long documents) {}

    public record SupplyTerm(String sku, long validFrom, String supplier, double days) {}

    public record LeadTime(String supplier, long validFrom, double meanDays, double spreadDays, int deliveries) {}

    /** @param deliveryDays 1 is Monday; null: any */
    public record SupplierTerm(String supplier, long validFrom, List<Integer> deliveryDays) {}
}
