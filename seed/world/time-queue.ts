import type { Instant } from '#domain/instant.ts'

interface Entry<Item> {
  at: Instant
  added: number
  item: Item
}

/** Things by the time they are due, in a binary heap; what is due at the same time comes in the order it was added. */
export function createTimeQueue<Item>() {
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
    add(at: Instant, item: Item): void {
      const entry = { at, added, item }
      added += 1
      heap.push(entry)
      rise(entry)
    },
    /** The earliest, removed; null when there is none. */
    take(): { at: Instant; item: Item } | null {
      const first = heap[0]
      const last = heap.pop()
      if (first === undefined || last === undefined) return null
      if (heap.length > 0) sink(last)
      return { at: first.at, item: first.item }
    },
    /** When the earliest is due. */
    nextAt: (): Instant | null => heap[0]?.at ?? null,
    get size() {
      return heap.length
    },
  }
}
