import { createHash } from 'node:crypto'

/*
 * The live socket. Invariant: each update's `previous` is the cursor of the update (or snapshot) before it,
 * and an update holds everything its client subscribed to between the two. So a client can prove that it
 * missed nothing, and whoever comes back with its last cursor goes on from there.
 *
 *   stream.changes, a lane per partition ─┐ one read    ┌───────────────┐        ┌─ session: cursor ─> update
 *   live.ops_lane, what people and jobs   ├───────────> │ change buffer │ ─────> ├─ session: cursor ─> update
 *   change                               ─┘ ≤ 20 / s    └───────────────┘        └─ …
 *                                                         begin … end
 *   A session whose cursor lies within the buffer, or before it and all between is still in the lanes, gets
 *   updates; every other one gets a snapshot of the live tables and goes on from the snapshot's cursor.
 */

/** How far a client has been told: in which generation of the stream's tables, in each lane how far. */
export interface Cursor {
  generation: number
  /** Offset by partition. */
  offsets: readonly number[]
  /** Sequence in `live.ops_lane`. */
  ops: number
}

/** What moves a cursor: a batch of one partition, or a row of `live.ops_lane`. */
export type LaneEntry =
  | { partition: number; previousOffset: number; throughOffset: number }
  | { sequence: number }

/** Raised when the text below changes its meaning: an older cursor then asks for a snapshot. */
const FORMAT = 1
const TEXT = /^(\d+):(\d+):((?:\d+\.)*\d+):(\d+):([0-9a-z]*)$/

/**
 * A cursor as the opaque text clients keep. It carries the subscription it was told under: under another
 * one, what lies before it was never told.
 */
export function encodeCursor({ generation, offsets, ops }: Cursor, subscriptionKey: string): string {
  return Buffer.from(`${FORMAT}:${generation}:${offsets.join('.')}:${ops}:${subscriptionKey}`).toString(
    'base64url',
  )
}

/** @returns null for a text that is no cursor of this subscription */
export function decodeCursor(text: string, subscriptionKey: string): Cursor | null {
  const match = TEXT.exec(Buffer.from(text, 'base64url').toString('latin1'))
  if (!match) return null
  const [, format, generation, offsets = '', ops, key] = match
  if (Number(format) !== FORMAT || key !== subscriptionKey) return null
  const cursor = {
    generation: Number(generation),
    offsets: offsets.split('.').map(Number),
    ops: Number(ops),
  }
  return [cursor.generation, cursor.ops, ...cursor.offsets].every(Number.isSafeInteger) ? cursor : null
}

/** Whether a cursor lies at or past the end of a change: its client has it. */
export function isPast(cursor: Cursor, change: LaneEntry): boolean {
  return 'sequence' in change
    ? change.sequence <= cursor.ops
    : change.throughOffset <= (cursor.offsets[change.partition] ?? 0)
}

/**
 * The cursor after these changes, or null where something between is missing: rows were trimmed, or a batch
 * changed more than it could list. Changes of one lane are in order; lanes may alternate. What the cursor is
 * past already moves nothing.
 */
export function advance(cursor: Cursor, changes: readonly LaneEntry[]): Cursor | null {
  const moved = { ...cursor, offsets: [...cursor.offsets] }
  for (const change of changes) {
    if ('sequence' in change) {
      if (change.sequence > moved.ops + 1) return null
      moved.ops = Math.max(moved.ops, change.sequence)
    } else {
      const { partition, previousOffset, throughOffset } = change
      const offset = moved.offsets[partition] ?? 0
      if (previousOffset > offset) return null
      moved.offsets[partition] = Math.max(offset, throughOffset)
    }
  }
  return moved
}

/** The further of two cursors of one generation, lane by lane. */
export function furthest(one: Cursor, other: Cursor): Cursor {
  return lanewise(one, other, Math.max)
}

/** The lesser of two cursors of one generation, lane by lane. */
export function earliest(one: Cursor, other: Cursor): Cursor {
  return lanewise(one, other, Math.min)
}

function lanewise(one: Cursor, other: Cursor, choose: (one: number, other: number) => number): Cursor {
  return {
    generation: one.generation,
    offsets: one.offsets.map((offset, partition) => choose(offset, other.offsets[partition] ?? 0)),
    ops: choose(one.ops, other.ops),
  }
}

/** Whether `cursor` is as far as `other` in every lane. */
export function covers(cursor: Cursor, other: Cursor): boolean {
  return (
    cursor.generation === other.generation &&
    cursor.ops >= other.ops &&
    other.offsets.every((offset, partition) => (cursor.offsets[partition] ?? 0) >= offset)
  )
}

export const TOPICS = ['sales', 'windows', 'stock', 'alerts', 'pipeline'] as const
export type Topic = (typeof TOPICS)[number]

/** What one client wants to be told. */
export interface Subscription {
  topics: ReadonlySet<Topic>
  /** Empty: all stores. */
  stores: ReadonlySet<string>
  /** Equal for equal subscriptions, in any order of their parts. */
  key: string
}

export function subscriptionOf(topics: readonly Topic[], stores: readonly string[]): Subscription {
  const wanted = new Set(topics)
  const chosen = new Set(stores)
  const parts = JSON.stringify([TOPICS.filter(topic => wanted.has(topic)), [...chosen].sort()])
  const key = BigInt(`0x${createHash('sha256').update(parts).digest('hex').slice(0, 16)}`).toString(36)
  return { topics: wanted, stores: chosen, key }
}

export function wantsStore({ stores }: Subscription, store: string): boolean {
  return stores.size === 0 || stores.has(store)
}
