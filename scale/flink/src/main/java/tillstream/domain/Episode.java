package tillstream.domain;

/** A shortage of one sku in one store (`Episode` of `server/stream/fold/stock-state.ts`); replaced, never changed. */
public record Episode(
        String alertId,
        String store,
        String sku,
        String rule,
        int ruleVersion,
        String severity,
        /* open or resolved */
        String state,
        long openedAt,
        long openedOffset,
        long amendedAt,
        long amendedOffset,
        Long resolvedAt,
        long onHand,
        long onOrder,
        Long reorderPoint,
        Long suggestedUnits,
        Long projectedStockoutAt,
        Long stockoutEarlyAt,
        Long stockoutLateAt,
        Long nextDeliveryAt,
        Long orderArrivesAt) {}
