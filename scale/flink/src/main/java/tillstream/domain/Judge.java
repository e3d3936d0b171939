package tillstream.domain;

import static tillstream.domain.Instants.DAY_MS;
import static tillstream.domain.Instants.MINUTE_MS;
import static tillstream.domain.Instants.NONE;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The watermark of one partition, and by it the verdict on lateness: `domain/watermark.ts` in Java. A function of that
 * partition's log alone, so a replay decides the same wherever batches are cut and whoever replays.
 *
 * <p>Per source: newest event time − 30 s, never back. The partition's: the least of its live sources that are not idle,
 * but never past the newest append; with none, the newest append − 60 s; never back. A source that is silent for a day is
 * forgotten. An entry costs the logarithm of the sources that spoke within a day.
 */
public final class Judge {
  static final long OUT_OF_ORDERNESS_MS = 30_000;
  static final long SOURCE_IDLE_MS = 60_000;
  static final long SOURCE_FORGOTTEN_MS = DAY_MS;
  static final long WINDOW_MS = MINUTE_MS;

  /** How far a source is, as the checkpoint keeps it. */
  public record Progress(String source, long maxEventTime, long lastAppendedAt) implements Serializable {}

  private final Map<String, Source> sources = new HashMap<>();
  /** The ends of a list of them in the order of their last append, in which they are forgotten. */
  private Source longestSilent;
  private Source lastHeard;
  /** Every source that is not idle, by an event time it had reached: keys are put right when they come to the top. */
  private final MinHeap<Source> slowest = new MinHeap<>();
  private long watermark;
  private final Set<String> touched = new LinkedHashSet<>();
  private final Set<String> forgotten = new LinkedHashSet<>();

  public Judge() {
    this(List.of(), NONE);
  }

  /** Goes on from a checkpoint. @param watermark {@link Instants#NONE}: nothing was read yet */
  public Judge(List<Progress> restored, long watermark) {
    List<Progress> bySilence = new ArrayList<>(restored);
    bySilence.sort(Comparator.comparingLong(Progress::lastAppendedAt));
    long newest = bySilence.isEmpty() ? 0 : bySilence.get(bySilence.size() - 1).lastAppendedAt;
    for (Progress progress : bySilence) {
      Source source = add(progress.source, progress.maxEventTime, progress.lastAppendedAt);
      if (!source.isIdle(newest)) queue(source);
    }
    this.watermark = watermark;
  }

  /** {@link Instants#NONE} before the first entry. */
  public long watermark() {
    return watermark;
  }

  /** Start of the minute [start, end) in which an event counts. */
  public static long windowStartOf(long eventTime) {
    return Math.floorDiv(eventTime, WINDOW_MS) * WINDOW_MS;
  }

  /** Whether an event comes after its minute has closed. @param before the watermark of all entries before it */
  public static boolean isLate(LogRecord.Event event, long before) {
    return event.isLive() && before != NONE && before >= windowStartOf(event.eventTime()) + WINDOW_MS;
  }

  /** Advances past one entry. @return the watermark of all entries before it, at the moment it was appended */
  public long advance(LogRecord record) {
    long now = record.appendedAt();
    forget(now);
    boolean isFirst = watermark == NONE;
    long before = isFirst ? NONE : raise(now);
    boolean isLive = record instanceof LogRecord.Event event && event.isLive();
    if (isLive) see((LogRecord.Event) record);
    if (isFirst || isLive) raise(now);
    return before;
  }

  /** Every source that is kept, for a snapshot. */
  public List<Progress> progress() {
    List<Progress> all = new ArrayList<>(sources.size());
    for (Source source = longestSilent; source != null; source = source.later) all.add(source.progress());
    return all;
  }

  /** Those whose progress changed since this was last asked. */
  List<Progress> takeTouched() {
    List<Progress> changed = new ArrayList<>(touched.size());
    for (String name : touched) {
      Source source = sources.get(name);
      if (source != null) changed.add(source.progress());
    }
    touched.clear();
    return changed;
  }

  /** Those forgotten since this was last asked, and not seen again. */
  List<String> takeForgotten() {
    List<String> names = List.copyOf(forgotten);
    forgotten.clear();
    return names;
  }

  private void forget(long now) {
    while (longestSilent != null && now - longestSilent.lastAppendedAt >= SOURCE_FORGOTTEN_MS) {
      Source oldest = longestSilent;
      unlink(oldest);
      sources.remove(oldest.name);
      forgotten.add(oldest.name);
    }
  }

  private void see(LogRecord.Event event) {
    touched.add(event.source());
    if (!forgotten.isEmpty()) forgotten.remove(event.source());
    Source known = sources.get(event.source());
    if (known == null) known = add(event.source(), event.eventTime(), event.appendedAt());
    else {
      known.maxEventTime = Math.max(known.maxEventTime, event.eventTime());
      known.lastAppendedAt = event.appendedAt();
      unlink(known);
      linkLast(known);
    }
    queue(known);
  }

  private Source add(String name, long maxEventTime, long lastAppendedAt) {
    Source source = new Source(name, maxEventTime, lastAppendedAt);
    sources.put(name, source);
    linkLast(source);
    return source;
  }

  private void linkLast(Source source) {
    source.earlier = lastHeard;
    source.later = null;
    if (lastHeard == null) longestSilent = source;
    else lastHeard.later = source;
    lastHeard = source;
  }

  private void unlink(Source source) {
    if (source.earlier == null) longestSilent = source.later;
    else source.earlier.later = source.later;
    if (source.later == null) lastHeard = source.earlier;
    else source.later.earlier = source.earlier;
  }

  private void queue(Source source) {
    if (source.isQueued) return;
    source.isQueued = true;
    slowest.push(source, source.maxEventTime);
  }

  private long raise(long now) {
    Source slow = findSlowest(now);
    long candidate = slow == null ? now - SOURCE_IDLE_MS : Math.min(slow.maxEventTime - OUT_OF_ORDERNESS_MS, now);
    if (watermark == NONE || candidate > watermark) watermark = candidate;
    return watermark;
  }

  private Source findSlowest(long now) {
    // Behind one that stays at the top, idle ones would gather.
    if (slowest.size() > 2 * sources.size() + 16)
      slowest.retain((source, key) -> !source.isIdle(now), source -> source.isQueued = false);
    for (Source top = slowest.top(); top != null; top = slowest.top()) {
      if (top.isIdle(now)) {
        slowest.pop();
        top.isQueued = false;
      } else if (slowest.topKey() < top.maxEventTime) slowest.rekeyTop(top.maxEventTime);
      else return top;
    }
    return null;
  }

  private static final class Source {
    final String name;
    long maxEventTime;
    long lastAppendedAt;
    boolean isQueued;
    Source earlier;
    Source later;

    Source(String name, long maxEventTime, long lastAppendedAt) {
      this.name = name;
      this.maxEventTime = maxEventTime;
      this.lastAppendedAt = lastAppendedAt;
    }

    boolean isIdle(long now) {
      return now - lastAppendedAt >= SOURCE_IDLE_MS;
    }

    Progress progress() {
      return new Progress(name, maxEventTime, lastAppendedAt);
    }
  }
}
