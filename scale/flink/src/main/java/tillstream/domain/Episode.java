package tillstream.domain;

import java.io.Serializable;

/**
 * A shortage of one sku in one store, from the event that began it to the one that ended it. Replaced, never changed in
 * place. A long that is {@link Instants#NONE} is null in the tables.
 *
 * @param rule low_stock, stockout_before_delivery, out_of_stock or oversold
 * @param severity warning or critical
 * @param state open or resolved
 * @param amendedAt when what people are told of it last changed: rule, severity, reorder point, units on order, when due
 * @param suggestedUnits that bring the inventory position up to the policy's level; NONE where the policy has none
 * @param projectedStockoutAt when the shelf is empty if nothing comes, and as early and late as in one case of ten
 */
public record Episode(
    String alertId,
    String store,
    String sku,
    String rule,
    int ruleVersion,
    String severity,
    String state,
    long openedAt,
    long openedOffset,
    long amendedAt,
    long amendedOffset,
    long resolvedAt,
    long onHand,
    long onOrder,
    long reorderPoint,
    long suggestedUnits,
    long projectedStockoutAt,
    long stockoutEarlyAt,
    long stockoutLateAt,
    long nextDeliveryAt,
    long orderArrivesAt)
    implements Serializable {

  /** What a judgement did to a shortage. @param isNews it began, changed its verdict, or ended; else only its figures moved */
  public record Change(Episode episode, boolean isNews) {}
}
