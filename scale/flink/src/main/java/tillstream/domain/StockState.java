package tillstream.domain;

import java.util.List;

/** The stock of one sku in one store after some offset (`StockState` of `server/stream/fold/stock-state.ts`). Changed in place. */
public final class StockState {
    /** Null: unknown. */
    public Long onHand;
    public long onOrder;
    /** Replaced, never changed in place. */
    public List<OpenDelivery> deliveries = List.of();
    /** Pace of sales: event time of the newest sale, and units, faded. */
    public Long paceAt;
    public double paceUnits;
    /** count, opening or null */
    public String anchorKind;
    public Long anchorTime;
    public Long anchorOffset;
    public Long maxDeltaTime;
    public Long reorderPoint;
    public long asOf;
    public long judgedAt;
    public Long lookAt;
    public long lastOffset;
    /** The open episode, or null. */
    public Episode episode;

    public StockState() {}

    /** A stock of which nothing is known yet. */
    public StockState(long asOf) {
        this.asOf = asOf;
        this.judgedAt = asOf;
    }

    public StockState copy() {
        StockState copy = new StockState(asOf);
        copy.onHand = onHand;
        copy.onOrder = onOrder;
        copy.deliveries = deliveries;
        copy.paceAt = paceAt;
        copy.paceUnits = paceUnits;
        copy.anchorKind = anchorKind;
        copy.anchorTime = anchorTime;
        copy.anchorOffset = anchorOffset;
        copy.maxDeltaTime = maxDeltaTime;
        copy.reorderPoint = reorderPoint;
        copy.judgedAt = judgedAt;
        copy.lookAt = lookAt;
        copy.lastOffset = lastOffset;
        copy.episode = episode;
        return copy;
    }
}
