import type { Instant } from './instant.ts'

/** How far events of one source may be out of order before they count as late. */
export const OUT_OF_ORDERNESS_MS = 30_000

/** A source is idle when the partition's newest append is this much past the source's last one. */
export const SOURCE_IDLE_MS = 60_000

export interface SourceProgress {
  maxEventTime: Instant
  lastAppendedAt: Instant
}

/** What one log entry means for event time: a live event moves it, a bulk event and a tick only tell the time of day. */
export type LogEntryTime =
  | { kind: 'live'; source: string; eventTime: Instant; appendedAt: Instant }
  | { kind: 'bulk' | 'tick'; appendedAt: Instant }

/**
 * The watermark of one partition, advanced entry by entry in log order. A function of that partition's
 * log alone, so a replay decides the same at any batch size.
 *
 * Per source: max event time - 30 s, never back. The partition's: the minimum over its non-idle live
 * sources; with none, the newest append - 60 s; never back. It is null before the first entry.
 */
export class PartitionWatermark {
  readonly #sources: Map<string, SourceProgress>
  #watermark: Instant | null
  // The slowest non-idle source, so that most entries cost no walk over all sources.
  #slowest: SourceProgress | null = null
  #touched = new Set<string>()

  constructor(restored?: { sources: Iterable<[string, SourceProgress]>; watermark: Instant | null }) {
    this.#sources = new Map()
    for (const [source, progress] of restored?.sources ?? []) this.#sources.set(source, { ...progress })
    this.#watermark = restored?.watermark ?? null
  }

  /** Another one that stands where this one does, and from here on goes its own way. */
  copy(): PartitionWatermark {
    return new PartitionWatermark({ sources: this.#sources, watermark: this.#watermark })
  }

  get current(): Instant | null {
    return this.#watermark
  }

  /** Sources whose progress changed since this was last asked, with their progress: what a checkpoint stores. */
  takeTouchedSources(): [string, SourceProgress][] {
    const touched: [string, SourceProgress][] = []
    for (const source of this.#touched) {
      const progress = this.#sources.get(source)
      if (progress) touched.push([source, { ...progress }])
    }
    this.#touched = new Set()
    return touched
  }

  /**
   * Advances past one entry. @returns the watermark by which this entry's lateness is judged: that of all
   * entries before it, at the moment it was appended.
   */
  advance(entry: LogEntryTime): Instant | null {
    const isFirst = this.#watermark === null && this.#sources.size === 0
    const before = isFirst ? null : this.#raise(entry.appendedAt)
    if (entry.kind === 'live') this.#see(entry)
    if (isFirst || entry.kind === 'live') this.#raise(entry.appendedAt)
    return before
  }

  #see(entry: { source: string; eventTime: Instant; appendedAt: Instant }): void {
    this.#touched.add(entry.source)
    const known = this.#sources.get(entry.source)
    if (!known) {
      this.#sources.set(entry.source, { maxEventTime: entry.eventTime, lastAppendedAt: entry.appendedAt })
      this.#slowest = null
      return
    }
    const wasIdle = isIdle(known, entry.appendedAt)
    const moved = entry.eventTime > known.maxEventTime
    if (moved) known.maxEventTime = entry.eventTime
    known.lastAppendedAt = entry.appendedAt
    if (wasIdle || (moved && known === this.#slowest)) this.#slowest = null
  }

  #raise(now: Instant): Instant {
    if (this.#slowest === null || isIdle(this.#slowest, now)) this.#slowest = this.#findSlowest(now)
    const candidate = this.#slowest ? this.#slowest.maxEventTime - OUT_OF_ORDERNESS_MS : now - SOURCE_IDLE_MS
    if (this.#watermark === null || candidate > this.#watermark) this.#watermark = candidate
    return this.#watermark
  }

  #findSlowest(now: Instant): SourceProgress | null {
    let slowest: SourceProgress | null = null
    for (const progress of this.#sources.values()) {
      if (isIdle(progress, now)) continue
      if (slowest === null || progress.maxEventTime < slowest.maxEventTime) slowest = progress
    }
    return slowest
  }
}

function isIdle(progress: SourceProgress, newestAppendedAt: Instant): boolean {
  return newestAppendedAt - progress.lastAppendedAt >= SOURCE_IDLE_MS
}
