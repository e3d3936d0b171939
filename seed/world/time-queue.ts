import type { Instant } from '#domain/instant.ts'

/** Things by the time they are due; what is due at the same time comes in the order it was added. */
export interface TimeQueue<Item> {
  add(at: Instant, item: Item): void
  /** The earliest, removed; null when there is none. */
  take(): { at: Instant; item: Item } | null
  /** When the earliest is due. */
  nextAt(): Instant | null
  readonly size: number
}

interface Entry<Item> {
  at: Instant
  added: number
  item: Item
}

/** A binary heap. */
export function createTimeQueue<Item>(): TimeQueue<Item> {
  const heap: Entry<Item>[] = []
  let added = 0

  const isBefore = (left: Entry<Item>, right: Entry<Item>) =>
    left.at < right.at || (left.at === right.at && left.added < right.added)

  function rise(entry: Entry<Item>): void {
    let place = heap.length - 1
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = heap[above]
      if (parent === undefined || isBefore(parent, entry)) break
      heap[place] = parent
      place = above
    }
    heap[place] = entry
  }

  function sink(entry: Entry<Item>): void {
    let place = 0
    for (;;) {
      const left = heap[2 * place + 1]
      const right = heap[2 * place + 2]
      if (left === undefined) break
      const isRight = right !== undefined && isBefore(right, left)
      const child = isRight ? right : left
      if (isBefore(entry, child)) break
      heap[place] = child
      place = 2 * place + (isRight ? 2 : 1)
    }
    heap[place] = entry
  }

  return {
    add(at, item) {
      const entry = { at, added, item }
      added += 1
      heap.push(entry)
      rise(entry)
    },
    take() {
      const first = heap[0]
      const last = heap.pop()
      if (first === undefined || last === undefined) return null
      if (heap.length > 0) sink(last)
      return { at: first.at, item: first.item }
    },
    nextAt: () => heap[0]?.at ?? null,
    get size() {
      return heap.length
    },
  }
}
