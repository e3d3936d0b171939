package tillstream.domain;

import static tillstream.domain.Instants.HOUR_MS;
import static tillstream.domain.Instants.NONE;

import tillstream.domain.Reference.StockPolicy;

/**
 * The verdict on a stock, and what it does to the shortage that may be open: `domain/shortage.ts`,
 * `domain/replenishment/live-shelf.ts` (shelfShortage) and `server/stream/fold/episodes.ts`.
 */
final class Shortages {
  static final int RULE_VERSION = 2;

  private static final String LOW_STOCK = "low_stock";
  private static final String BEFORE_DELIVERY = "stockout_before_delivery";
  private static final String OUT_OF_STOCK = "out_of_stock";
  private static final String OVERSOLD = "oversold";
  /** From this risk of being empty before help on a shelf is short … */
  private static final double OPENING_RISK = 0.9;
  /** … and it is so until it is below this: a sale more or less ends no alert. */
  private static final double CLOSING_RISK = 0.5;
  /** A shelf that will be empty within so long, before help, is critical, and goes on being so until it will not be within longer. */
  private static final long CRITICAL_WITHIN_MS = 12 * HOUR_MS;
  private static final long NOT_CRITICAL_BEYOND_MS = 24 * HOUR_MS;

  private Shortages() {}

  /** By the level alone; null: nothing is wrong, or the stock is unknown. */
  static String ofLevel(long onHand, long reorderPoint) {
    if (onHand == NONE) return null;
    if (onHand < 0) return OVERSOLD;
    if (onHand == 0) return OUT_OF_STOCK;
    return reorderPoint != NONE && onHand <= reorderPoint ? LOW_STOCK : null;
  }

  /** @param outlook null: no demand is forecast @param wasShort whatever by */
  private static String ofShelf(long onHand, StockPolicy policy, Outlook outlook, boolean wasShort) {
    String level = ofLevel(onHand, policy == null ? NONE : policy.reorderPoint());
    if (outlook == null) return level;
    // A product that the store keeps no more is missed by nobody.
    if (policy != null && policy.orderUpTo() != null && policy.orderUpTo() == 0) return OVERSOLD.equals(level) ? level : null;
    if (outlook.helpAt == NONE || (level != null && !level.equals(LOW_STOCK))) return level;
    return outlook.risk >= (wasShort ? CLOSING_RISK : OPENING_RISK) ? BEFORE_DELIVERY : null;
  }

  /**
   * Judges a state at its `judgedAt`: opens, amends or ends its episode, and sets its reorder point.
   *
   * @param policy null: none holds
   * @return null where nothing changed
   */
  static Episode.Change judge(StockState state, StockPolicy policy, Outlook outlook, int partition, long offset) {
    Episode open = state.episode;
    long reorderPoint = policy == null ? NONE : policy.reorderPoint();
    state.reorderPoint = reorderPoint;
    String rule = ofShelf(state.onHand, policy, outlook, open != null);
    if (rule == null && open == null) return null;
    long stockoutAt = outlook == null ? NONE : outlook.stockoutAt();
    long early = outlook == null ? NONE : outlook.stockoutEarlyAt();
    long late = outlook == null ? NONE : outlook.stockoutLateAt();
    long dueAt = outlook == null ? NONE : outlook.dueAt;
    long orderArrivesAt = outlook == null ? NONE : outlook.orderArrivesAt;
    if (rule == null) {
      state.episode = null;
      Episode resolved =
          new Episode(
              open.alertId(), open.store(), open.sku(), open.rule(), open.ruleVersion(), open.severity(), "resolved",
              open.openedAt(), open.openedOffset(), state.judgedAt, offset, state.judgedAt,
              state.onHand == NONE ? open.onHand() : state.onHand, state.onOrder, reorderPoint, NONE,
              stockoutAt, early, late, dueAt, orderArrivesAt);
      return new Episode.Change(resolved, true);
    }
    long suggested =
        policy == null || policy.orderUpTo() == null
            ? NONE
            : Math.max(0, policy.orderUpTo() - (state.onHand + state.onOrder));
    String severity = severityOf(rule, stockoutAt, state.judgedAt, open);
    if (open == null) {
      state.episode =
          new Episode(
              state.store + "/" + state.sku + "@" + partition + "-" + offset, state.store, state.sku, rule, RULE_VERSION,
              severity, "open", state.judgedAt, offset, state.judgedAt, offset, NONE,
              state.onHand, state.onOrder, reorderPoint, suggested, stockoutAt, early, late, dueAt, orderArrivesAt);
      return new Episode.Change(state.episode, true);
    }
    boolean isNews =
        !rule.equals(open.rule())
            || !severity.equals(open.severity())
            || state.onOrder != open.onOrder()
            || reorderPoint != open.reorderPoint()
            || dueAt != open.nextDeliveryAt();
    boolean hasSame =
        state.onHand == open.onHand()
            && suggested == open.suggestedUnits()
            && stockoutAt == open.projectedStockoutAt()
            && early == open.stockoutEarlyAt()
            && late == open.stockoutLateAt()
            && orderArrivesAt == open.orderArrivesAt();
    if (!isNews && hasSame) return null;
    state.episode =
        new Episode(
            open.alertId(), open.store(), open.sku(), isNews ? rule : open.rule(), isNews ? RULE_VERSION : open.ruleVersion(),
            isNews ? severity : open.severity(), "open", open.openedAt(), open.openedOffset(),
            isNews ? state.judgedAt : open.amendedAt(), isNews ? offset : open.amendedOffset(), NONE,
            state.onHand, state.onOrder, reorderPoint, suggested, stockoutAt, early, late, dueAt, orderArrivesAt);
    return new Episode.Change(state.episode, isNews);
  }

  private static String severityOf(String rule, long stockoutAt, long at, Episode open) {
    if (rule.equals(LOW_STOCK)) return "warning";
    if (!rule.equals(BEFORE_DELIVERY)) return "critical";
    if (stockoutAt == NONE) return "warning";
    boolean wasCritical = open != null && open.severity().equals("critical");
    return stockoutAt - at <= (wasCritical ? NOT_CRITICAL_BEYOND_MS : CRITICAL_WITHIN_MS) ? "critical" : "warning";
  }
}
