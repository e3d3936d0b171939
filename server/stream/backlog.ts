import type { BatchSummary } from './consumer.ts'

/** Events after which a backlog has left so much garbage that collecting it is worth a pause of some tenths of a second. */
const LARGE_BACKLOG = 50_000

/** Which partitions are behind, and how much they have caught up. */
export class Backlogs {
  readonly #behind = new Map<number, number>()
  #caughtUp = 0

  /** @returns whether a large backlog is over with this batch: no partition is behind any more. Told once */
  add(partition: number, { records, hasMore }: Pick<BatchSummary, 'records' | 'hasMore'>): boolean {
    const before = this.#behind.get(partition)
    if (hasMore) {
      this.#behind.set(partition, (before ?? 0) + records)
      return false
    }
    this.#caughtUp += before ?? 0
    return this.forget(partition)
  }

  /** The partition is another process's now. @returns as `add` */
  forget(partition: number): boolean {
    this.#behind.delete(partition)
    if (this.#behind.size > 0 || this.#caughtUp < LARGE_BACKLOG) return false
    this.#caughtUp = 0
    return true
  }
}
