package tillstream.domain;

import static tillstream.domain.Instants.NONE;

import java.util.ArrayList;
import java.util.List;
import tillstream.domain.Batch.LateSale;
import tillstream.domain.LogRecord.Event;
import tillstream.domain.LogRecord.SetAside;
import tillstream.domain.operators.OperatorFold;

/**
 * The fold of one partition of the log: entries in the order of offsets go in, and as often as the job likes a batch of rows
 * comes out. Where batches are cut changes no total, no verdict on lateness and no episode. Not for two threads.
 */
public final class PartitionFold {
  private final PartitionState state;
  private final Judge judge;
  private final WindowFold windows = new WindowFold();
  private final StockFold stock;
  private final OperatorFold operators;

  private long previousOffset;
  private long previousAppendedAt;
  private long previousWatermark;
  private long records;
  private long events;
  private long lateEvents;
  private long sales;
  private List<LateSale> lateSales = new ArrayList<>();
  private List<SetAside> setAside = new ArrayList<>();

  /** @param state goes along: it is what {@link #state()} gives, changed in place */
  public PartitionFold(int partition, PartitionState state, Reference reference, Deltas deltas) {
    this.state = state;
    judge = new Judge(state.sources, state.watermark);
    stock = new StockFold(partition, state.stocks, state.purchases, deltas, reference);
    operators = new OperatorFold(partition, state.operators, reference);
    begin();
  }

  /** Judges by other reference data from here on. */
  public void referTo(Reference reference) {
    stock.referTo(reference);
    operators.referTo(reference);
  }

  /** NONE before the first entry. */
  public long watermark() {
    return judge.watermark();
  }

  /** Of the last entry that was accepted. */
  public long offset() {
    return state.offset;
  }

  /** Entries since the last batch was taken. */
  public long pending() {
    return records;
  }

  /** Takes in the next entry. One at an offset that was read before is left out: a source that starts over tells it again. */
  public void accept(LogRecord record) {
    if (record.offset() <= state.offset) return;
    state.offset = record.offset();
    state.appendedAt = record.appendedAt();
    records += 1;
    if (record instanceof SetAside nobodys) {
      setAside.add(nobodys);
      return;
    }
    long previous = judge.watermark();
    long before = judge.advance(record);
    long watermark = judge.watermark();
    Event event = record instanceof Event one ? one : null;
    if (event != null) operators.apply(event, before);
    operators.passTime(previous, watermark, record.offset());
    if (event != null) count(event, before);
    stock.passTime(watermark, record.offset());
  }

  private void count(Event event, long before) {
    events += 1;
    boolean isLate = Judge.isLate(event, before);
    if (isLate) lateEvents += 1;
    if (event.type().isSale()) {
      sales += 1;
      windows.add(event, isLate);
      if (isLate)
        lateSales.add(
            new LateSale(
                event.offset(), event.appendedAt(), event.store(), event.channel(), event.currency(),
                Judge.windowStartOf(event.eventTime()), before));
    }
    stock.apply(event);
  }

  /** What came in since the last call. */
  public Batch drain() {
    Batch batch =
        new Batch(
            previousOffset, previousAppendedAt, state.offset, state.appendedAt, previousWatermark, judge.watermark(),
            judge.takeTouched(), judge.takeForgotten(), records, events, lateEvents, sales, lateSales, setAside,
            windows.take(), stock.takeStocks(), stock.takePurchases(), stock.takeEpisodes(), operators.take(judge.watermark()));
    begin();
    return batch;
  }

  /** What is kept after the last entry: for a snapshot, once all before it was drained. */
  public PartitionState state() {
    state.watermark = judge.watermark();
    state.sources = judge.progress();
    return state;
  }

  private void begin() {
    previousOffset = state.offset;
    previousAppendedAt = state.appendedAt;
    previousWatermark = judge.watermark();
    records = events = lateEvents = sales = 0;
    lateSales = new ArrayList<>();
    setAside = new ArrayList<>();
  }
}
