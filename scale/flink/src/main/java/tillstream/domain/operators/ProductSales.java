package tillstream.domain.operators;

import static tillstream.domain.Instants.MINUTE_MS;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tillstream.domain.EventType;
import tillstream.domain.LogRecord.Event;
import tillstream.domain.operators.OperatorBatch.Pane;

/**
 * What sells: orders and units of each product in each store, in panes of five minutes that a window of fifteen slides by.
 * Ordered less voided, each at its own time (`domain/metrics/product-sales.ts`).
 */
final class ProductSales {
  static final String NAME = "product_sales";
  static final long PANE_MS = 5 * MINUTE_MS;
  static final long WINDOW_MS = 15 * MINUTE_MS;

  private record Place(String store, long paneStart) {}

  private final Map<Place, Map<String, Pane>> places = new HashMap<>();
  private List<Pane> panes = new ArrayList<>();

  void apply(Event event) {
    int sign = event.type() == EventType.ORDER_PLACED ? 1 : event.type() == EventType.ORDER_VOIDED ? -1 : 0;
    if (sign == 0 || event.lines() == null) return;
    long start = Math.floorDiv(event.eventTime(), PANE_MS) * PANE_MS;
    Map<String, Pane> keys = places.computeIfAbsent(new Place(event.store(), start), place -> new HashMap<>());
    String[] skus = event.lines().skus;
    for (int line = 0; line < skus.length; line += 1) {
      Pane pane = keys.get(skus[line]);
      if (pane == null) {
        pane = new Pane(NAME, event.store(), skus[line], start);
        keys.put(skus[line], pane);
        panes.add(pane);
      }
      // A product that a receipt names twice is one document of it.
      if (pane.lastOffset != event.offset()) pane.documents += sign;
      pane.lastOffset = event.offset();
      pane.units += sign * event.lines().units[line];
    }
  }

  List<Pane> take() {
    List<Pane> taken = panes;
    panes = new ArrayList<>();
    places.clear();
    return taken;
  }
}
