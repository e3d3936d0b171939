/**
 * A place in everything the live socket tells: which generation of the stream's tables, how far in each
 * partition's lane of changes, how far in the lane of what people and jobs change.
 */
export interface Place {
  generation: number
  /** Offset told up to, by partition. */
  offsets: readonly number[]
  /** Sequence told up to in `live.ops_lane`. */
  ops: number
}

/** Raised when the text below changes its meaning: an older cursor then asks for a snapshot. */
const FORMAT = 1
const TEXT = /^(\d+):(\d+):((?:\d+\.)*\d+):(\d+):([0-9a-z]*)$/

/**
 * A place as the opaque text clients keep. It carries the subscription it was told under: under another
 * one, what lies before it was never told.
 */
export function encodeCursor({ generation, offsets, ops }: Place, subscriptionKey: string): string {
  return Buffer.from(`${FORMAT}:${generation}:${offsets.join('.')}:${ops}:${subscriptionKey}`).toString(
    'base64url',
  )
}

/** @returns null for a text that is no cursor of this subscription */
export function decodeCursor(cursor: string, subscriptionKey: string): Place | null {
  const match = TEXT.exec(Buffer.from(cursor, 'base64url').toString('latin1'))
  if (!match) return null
  const [, format, generation, offsets = '', ops, key] = match
  if (Number(format) !== FORMAT || key !== subscriptionKey) return null
  const place = {
    generation: Number(generation),
    offsets: offsets.split('.').map(Number),
    ops: Number(ops),
  }
  return [place.generation, place.ops, ...place.offsets].every(Number.isSafeInteger) ? place : null
}

/** The offset told up to in a partition; 0 for one that came later than the place. */
export function offsetOf(place: Place, partition: number): number {
  return place.offsets[partition] ?? 0
}
