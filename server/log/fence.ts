import type { Reading, Transaction } from '#db/transaction.ts'

/** A consumer's right to write the results of one partition. */
export interface Ownership {
  /** What consumes, e.g. 'stream/1' (path and generation). */
  consumer: string
  partition: number
  /** Rises with every taking; a write under an old epoch changes nothing. */
  epoch: number
}

/** Somebody else took the partition: the loser writes nothing more and stops. */
export class FencedError extends Error {
  override readonly name = 'FencedError'
  constructor(ownership: Ownership) {
    super(
      `${ownership.consumer}: partition ${ownership.partition} was taken by another process (epoch ${ownership.epoch} is over)`,
    )
  }
}

/**
 * Takes a partition, ending whoever holds it. Call it on the connection that will write: its backend is
 * recorded, so that the next taker can end it even when this process is frozen.
 */
export async function takePartition(
  sql: Reading,
  request: { consumer: string; partition: number; owner: string },
): Promise<Ownership> {
  const { consumer, partition, owner } = request
  const [row] = await sql.unsafe<{ epoch: number }[]>('select log.take_partition($1, $2, $3) as epoch', [
    consumer,
    partition,
    owner,
  ])
  if (!row) throw new Error('log.take_partition answered nothing')
  return { consumer, partition, epoch: row.epoch }
}

/** An owner that has asked the database for nothing as long stands still: others may take what it has. */
export const STANDSTILL_MS = 10_000

/** Somebody works on the partition: it is his until he ends, or stands still. */
export class PartitionHeldError extends Error {
  override readonly name = 'PartitionHeldError'
}

/**
 * Takes a partition that nobody works on: that was never taken, whose owner is gone, or has stood still for
 * `STANDSTILL_MS`. Call it on the connection that will write.
 * @throws PartitionHeldError
 */
export async function takeFreePartition(
  sql: Reading,
  request: { consumer: string; partition: number; owner: string },
): Promise<Ownership> {
  const { consumer, partition, owner } = request
  const [row] = await sql.unsafe<{ epoch: number | null }[]>(
    `select log.take_free_partition($1, $2, $3, $4::integer * interval '1 millisecond') as epoch`,
    [consumer, partition, owner, STANDSTILL_MS],
  )
  if (!row) throw new Error('log.take_free_partition answered nothing')
  if (row.epoch === null) throw new PartitionHeldError(`somebody works on partition ${partition}`)
  return { consumer, partition, epoch: row.epoch }
}

/**
 * Goes on owning after the connection was lost and made anew.
 * @throws FencedError when another process took the partition meanwhile.
 */
export async function keepPartition(sql: Reading, ownership: Ownership): Promise<void> {
  const [row] = await sql.unsafe<{ kept: boolean }[]>('select log.keep_partition($1, $2, $3) as kept', [
    ownership.consumer,
    ownership.partition,
    ownership.epoch,
  ])
  if (!row?.kept) throw new FencedError(ownership)
}

/**
 * First statement of every transaction that writes under an ownership: holds the owner's row until the
 * transaction ends, so that no taker comes between this check and the commit.
 * @throws FencedError when the epoch is over.
 */
export async function assertOwner(transaction: Transaction, ownership: Ownership): Promise<void> {
  const rows = await transaction.unsafe(
    'select 1 from log.owners where consumer = $1 and partition = $2 and epoch = $3 for share',
    [ownership.consumer, ownership.partition, ownership.epoch],
    { prepare: true },
  )
  if (rows.length === 0) throw new FencedError(ownership)
}
