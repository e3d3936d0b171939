package tillstream.domain;

import static tillstream.domain.Instants.NONE;

import java.io.Serializable;
import java.util.List;
import tillstream.domain.Reference.Forecast;
import tillstream.domain.Reference.StockPolicy;

/** The stock of one sku in one store after some offset. A long that is {@link Instants#NONE} is null in the tables. */
public final class StockState implements Serializable, Cloneable {
  private static final long serialVersionUID = 1;

  public enum Anchor { COUNT, OPENING }

  /** What is open of one purchase order: above zero. @param placedAt NONE: never seen ordered @param expectedAt NONE: not said */
  public record OpenDelivery(String purchaseOrder, long units, long placedAt, long expectedAt) implements Serializable {}

  /** Of nearly every stock. */
  static final OpenDelivery[] NO_DELIVERIES = {};

  public final String store;
  public final String sku;
  /** NONE: unknown, there was no count and no opening receipt yet. */
  public long onHand = NONE;
  /** Over its purchase orders, what is open of each. */
  public long onOrder;
  /** The orders behind it; replaced, never changed in place. */
  public OpenDelivery[] deliveries = NO_DELIVERIES;
  /** Units sold of late, each counting half as much for every hour that it lies behind the newest, `paceAt`. */
  public long paceAt = NONE;
  public double paceUnits;
  /** What `onHand` stands on: the latest count, or without one the earliest receipt. Null: nothing. */
  public Anchor anchorKind;
  public long anchorTime = NONE;
  public long anchorOffset = NONE;
  /** Newest event time of any delta: an anchor after it has nothing to add up. */
  public long maxDeltaTime = NONE;
  /** Of the policy valid when it was judged; NONE where there is none. */
  public long reorderPoint = NONE;
  /** Newest event time of anything that touched this state. */
  public long asOf;
  /** As of when it was judged last: `asOf`, or a later minute of the watermark at which time alone may have mattered. */
  public long judgedAt;
  /** When to look at it again should no event touch it; NONE: time alone changes nothing. */
  public long lookAt = NONE;
  public long lastOffset;
  /** The open episode, if there is one. */
  public Episode episode;

  /** Looked up when it is first touched; null until then, and after reference data has changed. */
  transient List<StockPolicy> policies;
  transient List<Forecast> forecasts;
  /** Of the forecast that it was judged by last in this batch: built once for it, and 1.4 kB too large to keep. */
  transient DemandClock clock;
  transient boolean isTouched;
  transient boolean wasShort;

  public StockState(String store, String sku, long asOf) {
    this.store = store;
    this.sku = sku;
    this.asOf = asOf;
    judgedAt = asOf;
  }

  /** Whether it is short by its level alone: what live pages list. */
  public boolean isShort() {
    return Shortages.ofLevel(onHand, reorderPoint) != null;
  }

  /** Whether a receipt at this instant is the opening: there is no count and no earlier receipt. */
  boolean opensBefore(long eventTime) {
    return anchorKind == null || (anchorKind == Anchor.OPENING && eventTime < anchorTime);
  }

  StockState copy() {
    try {
      return (StockState) clone();
    } catch (CloneNotSupportedException impossible) {
      throw new AssertionError(impossible);
    }
  }
}
