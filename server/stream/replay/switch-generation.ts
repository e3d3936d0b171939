import type { Sql } from '#db/client.ts'
import type { Transaction } from '#db/transaction.ts'
import { assertOwner, FencedError, type Ownership, takePartition } from '#server/log/fence.ts'
import { offsetsOf } from '#server/stream/state/checkpoint.ts'
import { consumerName, ownerOf } from '#server/stream/state/generations.ts'

/** Times the fence is put up again when a stream process starts just then and takes a partition. */
const MOST_TRIES = 5

export interface Switch {
  from: number
  to: number
  partitions: readonly number[]
  /** Shown in log.owners: what stopped services wait for. */
  owner: string
  /** Brings the new generation to where the old one was stopped. */
  advance(offsets: readonly number[]): Promise<Ownership[]>
  /** Takes part in the transaction that moves the pointer. */
  onMoved(transaction: Transaction): Promise<void>
}

/**
 * Stops whoever writes the old generation, brings the new one to the same offsets, and moves the pointer in
 * one transaction. Services that were stopped go on with the new generation by themselves; should this
 * process die before the switch, they go on with the old one.
 * @param sql one connection, which becomes the owner of the old generation's partitions
 * @returns whether any partition had a connected owner
 */
export async function switchGeneration(sql: Sql, change: Switch): Promise<{ wasRunning: boolean }> {
  const held = new Map<number, Ownership>()
  let wasRunning = false
  for (let tries = 1; ; tries += 1) {
    wasRunning = (await fence(sql, change, held)) || wasRunning
    const rebuilt = await change.advance(await offsetsOf(sql, change.from, change.partitions))
    try {
      await movePointer(sql, change, [...held.values(), ...rebuilt])
      return { wasRunning }
    } catch (error) {
      if (!(error instanceof FencedError) || tries >= MOST_TRIES) throw error
    }
  }
}

/** Takes the partitions of the old generation that are not held (any more). */
async function fence(sql: Sql, change: Switch, held: Map<number, Ownership>): Promise<boolean> {
  let wasRunning = false
  const consumer = consumerName(change.from)
  for (const partition of change.partitions) {
    const current = await ownerOf(sql, { generation: change.from, partition })
    if (current !== null && current.epoch === held.get(partition)?.epoch) continue
    wasRunning ||= current?.isConnected ?? false
    held.set(partition, await takePartition(sql, { consumer, partition, owner: change.owner }))
  }
  return wasRunning
}

async function movePointer(
  sql: Sql,
  { from, to, partitions, onMoved }: Switch,
  owned: readonly Ownership[],
): Promise<void> {
  await sql.begin(async transaction => {
    for (const ownership of owned) await assertOwner(transaction, ownership)
    await moveActive(transaction, { from, to, partitions })
    await onMoved(transaction)
  })
}

/**
 * Makes another generation the active one; the caller sees to it that nobody writes either until the commit.
 * @throws where they do not stand at equal offsets
 */
export async function moveActive(
  transaction: Transaction,
  { from, to, partitions }: Pick<Switch, 'from' | 'to' | 'partitions'>,
): Promise<void> {
  const [oldOffsets, newOffsets] = [
    await offsetsOf(transaction, from, partitions),
    await offsetsOf(transaction, to, partitions),
  ]
  if (oldOffsets.join() !== newOffsets.join()) {
    throw new Error(
      `generation ${from} stands at offsets ${oldOffsets.join()}, generation ${to} at ${newOffsets.join()}: they must be equal`,
    )
  }
  await transaction`update stream.generations set state = 'retired' where generation = ${from}`
  await transaction`
    update stream.generations set state = 'active', activated_at = clock_timestamp() where generation = ${to}`
  await transaction`update stream.active_generation set generation = ${to}`
  // Last, as its lock is held until the commit: whoever shows live figures learns of it in order.
  await transaction`select live.append_ops('stream_generation', ${JSON.stringify({ generation: to, previous: from })}::text::jsonb)`
}
