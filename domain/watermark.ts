import { DAY_MS, type Instant } from './instant.ts'
import { MinHeap } from './min-heap.ts'

/** How far events of one source may be out of order before they count as late. */
export const OUT_OF_ORDERNESS_MS = 30_000

/** A source is idle when the partition's newest append is this much past the source's last one. */
export const SOURCE_IDLE_MS = 60_000

/** A source is forgotten when the partition's newest append is this much past the source's last one. */
export const SOURCE_FORGOTTEN_MS = DAY_MS

export interface SourceProgress {
  maxEventTime: Instant
  lastAppendedAt: Instant
}

/** What one log entry means for event time: a live event moves it, a bulk event and a tick only tell the time of day. */
export type LogEntryTime =
  | { kind: 'live'; source: string; eventTime: Instant; appendedAt: Instant }
  | { kind: 'bulk' | 'tick'; appendedAt: Instant }

/** What an entry of the log means for event time. */
export function entryTimeOf(
  entry:
    | { type: 'tick'; appendedAt: Instant }
    | { class: LogEntryTime['kind']; source: string; eventTime: Instant; appendedAt: Instant },
): LogEntryTime {
  const { appendedAt } = entry
  if (!('class' in entry)) return { kind: 'tick', appendedAt }
  const { class: kind, source, eventTime } = entry
  return kind === 'live' ? { kind, source, eventTime, appendedAt } : { kind, appendedAt }
}

/**
 * The watermark of one partition, advanced entry by entry in log order. A function of that partition's
 * log alone, so a replay decides the same at any batch size.
 *
 * Per source: max event time - 30 s, never back. The partition's: the minimum over its non-idle live
 * sources, but never past the newest append (a fast till's clock closes no minute that still goes on); with
 * none, the newest append - 60 s; never back. It is null before the first entry.
 *
 * A source that is idle for a day is forgotten: should it come again, it is a new one. So what is kept, in memory and
 * with the checkpoint, is what spoke within a day, and an entry costs the logarithm of that at most, however many
 * sources there ever were.
 */
export class PartitionWatermark {
  readonly #sources = new Map<string, Source>()
  /** The ends of a list of them in the order of their last append, in which they are forgotten. */
  #longestSilent: Source | null = null
  #lastHeard: Source | null = null
  /** Every source that is not idle, by an event time it had reached: keys are put right when they come to the top. */
  readonly #slowest = new MinHeap<Source>()
  #watermark: Instant | null
  #touched = new Set<string>()
  #forgotten = new Set<string>()

  constructor(restored?: { sources: Iterable<[string, SourceProgress]>; watermark: Instant | null }) {
    const sources = [...(restored?.sources ?? [])].toSorted(
      ([, left], [, right]) => left.lastAppendedAt - right.lastAppendedAt,
    )
    const newest = sources.at(-1)?.[1].lastAppendedAt ?? 0
    for (const [name, progress] of sources) {
      const source = this.#add(name, progress)
      if (!isIdle(source, newest)) this.#queue(source)
    }
    this.#watermark = restored?.watermark ?? null
  }

  get current(): Instant | null {
    return this.#watermark
  }

  /** Sources that are kept. */
  get size(): number {
    return this.#sources.size
  }

  /** Sources whose progress changed since this was last asked, with their progress: what a checkpoint stores. */
  takeTouchedSources(): [string, SourceProgress][] {
    const touched: [string, SourceProgress][] = []
    for (const name of this.#touched) {
      const source = this.#sources.get(name)
      if (source) {
        const { maxEventTime, lastAppendedAt } = source
        touched.push([name, { maxEventTime, lastAppendedAt }])
      }
    }
    this.#touched = new Set()
    return touched
  }

  /** Sources forgotten since this was last asked, and not seen again: what a checkpoint stores no longer. */
  takeForgottenSources(): string[] {
    const forgotten = [...this.#forgotten]
    this.#forgotten = new Set()
    return forgotten
  }

  /**
   * Advances past one entry. @returns the watermark by which this entry's lateness is judged: that of all
   * entries before it, at the moment it was appended.
   */
  advance(entry: LogEntryTime): Instant | null {
    this.#forget(entry.appendedAt)
    const isFirst = this.#watermark === null
    const before = isFirst ? null : this.#raise(entry.appendedAt)
    if (entry.kind === 'live') this.#see(entry)
    if (isFirst || entry.kind === 'live') this.#raise(entry.appendedAt)
    return before
  }

  #forget(now: Instant): void {
    for (let oldest = this.#longestSilent; oldest !== null; oldest = this.#longestSilent) {
      if (now - oldest.lastAppendedAt < SOURCE_FORGOTTEN_MS) return
      this.#unlink(oldest)
      this.#sources.delete(oldest.name)
      this.#forgotten.add(oldest.name)
    }
  }

  #see({ source: name, eventTime, appendedAt }: Extract<LogEntryTime, { kind: 'live' }>): void {
    this.#touched.add(name)
    this.#forgotten.delete(name)
    const known = this.#sources.get(name)
    if (known) {
      if (eventTime > known.maxEventTime) known.maxEventTime = eventTime
      known.lastAppendedAt = appendedAt
      this.#unlink(known)
      this.#linkLast(known)
    }
    this.#queue(known ?? this.#add(name, { maxEventTime: eventTime, lastAppendedAt: appendedAt }))
  }

  #add(name: string, progress: SourceProgress): Source {
    const source: Source = { ...progress, name, isQueued: false, earlier: null, later: null }
    this.#sources.set(name, source)
    this.#linkLast(source)
    return source
  }

  #linkLast(source: Source): void {
    source.earlier = this.#lastHeard
    source.later = null
    if (this.#lastHeard) this.#lastHeard.later = source
    else this.#longestSilent = source
    this.#lastHeard = source
  }

  #unlink({ earlier, later }: Source): void {
    if (earlier) earlier.later = later
    else this.#longestSilent = later
    if (later) later.earlier = earlier
    else this.#lastHeard = earlier
  }

  #queue(source: Source): void {
    if (source.isQueued) return
    source.isQueued = true
    this.#slowest.push(source, source.maxEventTime)
  }

  #raise(now: Instant): Instant {
    const slowest = this.#findSlowest(now)
    const candidate =
      slowest === null ? now - SOURCE_IDLE_MS : Math.min(slowest.maxEventTime - OUT_OF_ORDERNESS_MS, now)
    if (this.#watermark === null || candidate > this.#watermark) this.#watermark = candidate
    return this.#watermark
  }

  #findSlowest(now: Instant): Source | null {
    // Behind one that stays at the top, idle ones would gather.
    if (this.#slowest.size > 2 * this.#sources.size + 16) {
      for (const idle of this.#slowest.retain(source => !isIdle(source, now))) idle.isQueued = false
    }
    for (;;) {
      const { top } = this.#slowest
      if (!top) return null
      if (isIdle(top.item, now)) {
        this.#slowest.pop()
        top.item.isQueued = false
      } else if (top.key < top.item.maxEventTime) {
        this.#slowest.rekeyTop(top.item.maxEventTime)
      } else {
        return top.item
      }
    }
  }
}

interface Source extends SourceProgress {
  name: string
  /** It is in the heap of those that may hold the watermark. */
  isQueued: boolean
  earlier: Source | null
  later: Source | null
}

function isIdle(progress: SourceProgress, newestAppendedAt: Instant): boolean {
  return newestAppendedAt - progress.lastAppendedAt >= SOURCE_IDLE_MS
}
