package tillstream.domain;

import java.util.List;
import java.util.Map;

/**
 * What is kept of one partition between entries: the fold asks and tells, whoever runs it keeps (in memory, in Flink's
 * keyed state). What is answered is the fold's until the next `drain`; it may change it in place where the class says so.
 */
public interface PartitionStates {
    /** Null: no event has touched it yet. */
    StockState stock(String store, String sku);

    void putStock(String store, String sku, StockState state);

    /** Stocks whose `lookAt` is at or before an instant, in any order; what became of them is told by `putStock`. */
    List<StockKey> stocksDueBy(long instant);

    PurchaseLine purchase(String store, String purchaseOrder, String sku);

    void putPurchase(String store, String purchaseOrder, String sku, PurchaseLine line);

    /** @param key within the store */
    KeptState kept(String operator, String store, String key);

    void putKept(String operator, String store, String key, KeptState kept);

    /** All of an operator that is judged by the clock. */
    Iterable<Map.Entry<StateKey, KeptState>> keptOf(String operator);

    record StockKey(String store, String sku) {}

    record StateKey(String store, String key) {}
}
