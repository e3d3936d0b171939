package tillstream.domain;

import java.util.List;
import tillstream.domain.LogRecord.SetAside;
import tillstream.domain.operators.OperatorBatch;

/**
 * What the entries after `previousOffset` up to `throughOffset` mean: what a writer commits together with its checkpoint.
 * Windows and panes are sums to be added; all else stands as it is after the batch.
 *
 * @param previousWatermark NONE before the first entry
 * @param sources whose progress changed
 * @param forgottenSources silent for a day: the checkpoint keeps them no longer
 * @param events records that are no ticks, without those set aside
 * @param sales orders, voids and returns among them
 */
public record Batch(
    long previousOffset,
    long previousAppendedAt,
    long throughOffset,
    long throughAppendedAt,
    long previousWatermark,
    long watermark,
    List<Judge.Progress> sources,
    List<String> forgottenSources,
    long records,
    long events,
    long lateEvents,
    long sales,
    List<LateSale> lateSales,
    List<SetAside> setAside,
    List<WindowFold.Delta> windows,
    List<StockFold.Touched> stocks,
    List<PurchaseLine> purchases,
    List<Episode.Change> episodes,
    OperatorBatch operators) {

  /** A sale that came after its window had closed. @param watermark by which that was judged */
  public record LateSale(
      long offset, long appendedAt, String store, String channel, String currency, long windowStart, long watermark) {}
}
