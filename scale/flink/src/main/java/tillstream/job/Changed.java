package tillstream.job;

import java.io.Serializable;
import java.util.HashSet;
import java.util.Set;
import tillstream.domain.Batch;
import tillstream.domain.PurchaseLine;
import tillstream.domain.StockFold;
import tillstream.domain.operators.OperatorBatch;

/** Entries of a partition's state that changed, or are kept no longer, since Flink last took a snapshot. */
final class Changed {
    final Set<StockPlace> stocks = new HashSet<>();
    final Set<PurchaseLine.Key> purchases = new HashSet<>();
    final Set<OperatorPlace> operators = new HashSet<>();

    record StockPlace(String store, String sku) {}

    record OperatorPlace(String operator, String store, String key) implements Serializable {}

    void take(Batch batch) {
        for (StockFold.Touched touched : batch.stocks()) stocks.add(new StockPlace(touched.state().store, touched.state().sku));
        for (PurchaseLine purchase : batch.purchases()) purchases.add(purchase.key());
        for (OperatorBatch.State state : batch.operators().states()) {
            operators.add(new OperatorPlace(state.operator(), state.store(), state.key()));
        }
        for (OperatorBatch.Dropped dropped : batch.operators().dropped()) {
            operators.add(new OperatorPlace(dropped.operator(), dropped.store(), dropped.key()));
        }
    }

    void clear() {
        stocks.clear();
        purchases.clear();
        operators.clear();
    }
}
