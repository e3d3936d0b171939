import type { Instant } from '#domain/instant.ts'

/**
 * How the items of one key hold together in event time. A windower is a function of the state before and the item: what
 * it keeps is plain JSON, so that it can be written with the checkpoint and read again.
 */
export interface Windower<Item, State, View> {
  /**
   * Takes an item in.
   * @param state of the key; null where none is kept, or it had expired
   * @param at event time of the item, which may lie before others
   */
  add(state: State | null, item: Item, at: Instant): Held<State, View>
}

/** What a key is held as after an item. */
export interface Held<State, View> {
  state: State
  /** What is judged. */
  view: View
  /** Event time from which on the state means nothing any more: once the watermark is there it is dropped. */
  expiresAt: Instant
  /** Nothing of before is part of the view: what is told of the key from here on is something new. */
  begins: boolean
  /** The item came so late that the view is its own, and the state goes on without it. */
  isApart?: true
}

/** Items by event time, ascending; of one instant in the order of the log. */
export interface SlidingState<Item> {
  items: [at: Instant, item: Item][]
}

/**
 * A sliding window: the items within `lengthMs` before the newest one, itself included, both ends included.
 * @param options.most items kept of one key, the newest: a bound on memory, above any count that is judged
 */
export function sliding<Item>({
  lengthMs,
  most,
}: {
  lengthMs: number
  most: number
}): Windower<Item, SlidingState<Item>, readonly Item[]> {
  return {
    add(state, item, at) {
      // Nearly always the first of its key.
      if (state === null)
        return { state: { items: [[at, item]] }, view: [item], expiresAt: at + lengthMs, begins: true }
      const known = state.items
      const newest = Math.max(at, known.at(-1)?.[0] ?? at)
      const place = known.findLastIndex(([time]) => time <= at) + 1
      const items = known
        .toSpliced(place, 0, [at, item])
        .filter(([time]) => time >= newest - lengthMs)
        .slice(-most)
      const view = items.map(([, one]) => one)
      return { state: { items }, view, expiresAt: newest + lengthMs, begins: false }
    },
  }
}

/** A session: what follows each other without a gap. */
export interface Session<Sum> {
  /** Event times of its first and last item. */
  start: Instant
  end: Instant
  sum: Sum
}

/**
 * A session window: items no more than `gapMs` apart belong together; one further away begins another. Of a key one
 * session is open; an item that comes late by more than the gap is a session of its own and leaves the open one alone.
 */
export function session<Item, Sum>({
  gapMs,
  nothing,
  add,
}: {
  gapMs: number
  nothing: Sum
  add(sum: Sum, item: Item): Sum
}): Windower<Item, Session<Sum>, Session<Sum>> {
  return {
    add(open, item, at) {
      const alone = { start: at, end: at, sum: add(nothing, item) }
      if (open === null || at > open.end + gapMs)
        return { state: alone, view: alone, expiresAt: at + gapMs, begins: true }
      if (at < open.start - gapMs)
        return { state: open, view: alone, expiresAt: open.end + gapMs, begins: true, isApart: true }
      const joined = {
        start: Math.min(open.start, at),
        end: Math.max(open.end, at),
        sum: add(open.sum, item),
      }
      return { state: joined, view: joined, expiresAt: joined.end + gapMs, begins: false }
    },
  }
}

/** What goes on being added up, with the newest event time of it. */
export interface Running<Value> {
  newest: Instant
  value: Value
}

/** Running state: every item is folded into it; it is dropped when nothing came for `keepMs`. */
export function running<Item, Value>({
  keepMs,
  nothing,
  add,
}: {
  keepMs: number
  nothing: Value
  add(value: Value, item: Item, at: Instant): Value
}): Windower<Item, Running<Value>, Running<Value>> {
  return {
    add(known, item, at) {
      const newest = Math.max(known?.newest ?? at, at)
      const state = { newest, value: add(known?.value ?? nothing, item, at) }
      return { state, view: state, expiresAt: newest + keepMs, begins: known === null }
    },
  }
}
