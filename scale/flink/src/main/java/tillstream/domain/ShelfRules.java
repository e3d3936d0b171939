package tillstream.domain;

import java.util.List;

/** By what one product of a store is judged, ascending by `validFrom`; empty where nothing is known. */
public interface ShelfRules {
    List<StockPolicy> policies(String store, String sku);

    List<ValidForecast> forecasts(String store, String sku);

    ShelfRules NONE = new ShelfRules() {
        @Override
        public List<StockPolicy> policies(String store, String sku) {
            return List.of();
        }

        @Override
        public List<ValidForecast> forecasts(String store, String sku) {
            return List.of();
        }
    };
}
