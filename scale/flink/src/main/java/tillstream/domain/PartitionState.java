package tillstream.domain;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tillstream.domain.operators.Kept;

/**
 * All that a partition's fold keeps from one batch to the next: plain fields and maps. A job may keep it as one blob, or
 * entry by entry, since a {@link Batch} names each entry that it changed.
 */
public final class PartitionState implements Serializable {
  private static final long serialVersionUID = 1;

  /** Of the last entry that was read; 0: none was. */
  public long offset;
  public long appendedAt;
  public long watermark = Instants.NONE;
  public List<Judge.Progress> sources = new ArrayList<>();
  /** By store, then sku. */
  public final Map<String, Map<String, StockState>> stocks = new HashMap<>();
  public final Map<PurchaseLine.Key, PurchaseLine> purchases = new HashMap<>();
  /** By operator, then store and key. */
  public final Map<String, Map<Kept.Key, Kept>> operators = new HashMap<>();
}
