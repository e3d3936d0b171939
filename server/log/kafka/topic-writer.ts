import type { PartitionValues, Written } from './produce.ts'

/**
 * Writes to the topic under a session. Whoever ends a session, from whatever process, has the brokers refuse all that its
 * writer may still send: what of it stands by then is all that ever will.
 */
export interface TopicWriter {
  /** The session that writes at present; what is promised under it is written under it. None before the first, and after a failure. */
  readonly current: Session | undefined
  /** Ends all sessions before, and begins a new one. */
  begin(): Promise<Session>
  /**
   * Writes values: they stand, all of them, once it resolves. When it throws nobody knows: only after the next `begin` it
   * is decided, and the log says how.
   * @param session when the keys were reserved. Another one could write what somebody else has given up for us.
   * @throws SessionOverError when that is over: nothing was sent
   */
  write(session: Session, groups: readonly PartitionValues[]): Promise<Written[]>
}

/** As long as nothing has gone wrong. */
export interface Session {
  /** By which another process can end it: noted with what is reserved under it. */
  readonly name: string
  readonly producerId: bigint
  readonly producerEpoch: number
  /** Values written so far, by partition. */
  readonly sequences: Map<number, number>
}

/** Nothing was sent: the session under which it was promised is over. */
export class SessionOverError extends Error {
  override readonly name = 'SessionOverError'
}

/** Told on the way of a write in a transaction; tests stop the process there. */
export type WriteStep = 'joined' | 'produced'

/** The number of the next value, and what it is after these. */
export function takeSequence({ sequences }: Session, partition: number, values: number): number {
  const sequence = sequences.get(partition) ?? 0
  sequences.set(partition, (sequence + values) % 2 ** 31)
  return sequence
}
