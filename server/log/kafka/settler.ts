import { SECOND_MS } from '#domain/instant.ts'
import { LogUnavailableError } from '#server/log/order-log.ts'
import { asUnavailable, type Cluster } from './cluster.ts'
import { endPlainSession, isPlainSession } from './plain-writer.ts'
import type { TopicReader } from './reader.ts'
import { decodeEntry, toOffset } from './record.ts'
import type { BatchId, Reservations, UnsettledBatch } from './reservations.ts'
import { endTransactions } from './transactional-writer.ts'

// Deciding what became of a batch whose writer is gone, or was told nothing:
//
//   end      the session of its writer: what it may still send is refused, a transaction under way is taken back
//   look     from the offset noted when its keys were reserved to the end, committed records only
//   decide   its first key stands there: it is in the log, all of it. Otherwise it never will be: its keys are free again.
//
// Two that decide at once come to the same: nothing can come to stand after the first has ended the session, and a batch that is
// decided has no row any more.

/** The connection that reserved it is gone: so is, nearly always, its process. One that lives only begins anew. */
const GONE_AFTER_MS = 500
/** Longer than any append takes, its retries with it. */
const STUCK_AFTER_MS = 30 * SECOND_MS
const LOOK_WITHIN_MS = 30 * SECOND_MS

export interface SettlerParts {
  cluster: Cluster
  reader: TopicReader
  reservations: Reservations
  /** Whether a batch is under way in this process. */
  isUnderWay: (batch: BatchId) => boolean
  /** Ends a session of this process, in its turn; undefined for one of another process. */
  endOwn: (session: string) => Promise<void> | undefined
}

export function createSettler({ cluster, reader, reservations, isUnderWay, endOwn }: SettlerParts) {
  const connections = cluster.connections('settler')

  async function endForeign({ session, partition }: UnsettledBatch): Promise<void> {
    if (isPlainSession(session)) await endPlainSession(cluster, connections, { name: session, partition })
    else await endTransactions(cluster, connections, session)
  }

  /** Of a batch that can get no further; see above. */
  async function decideEnded({ batch, partition, fromOffset, source, id }: UnsettledBatch): Promise<void> {
    const end = await reader.writtenEnd(partition)
    const until = performance.now() + LOOK_WITHIN_MS
    for await (const records of reader.scan(partition, BigInt(fromOffset - 1), end)) {
      for (const { offset, timestamp, value } of records) {
        const entry = decodeEntry(value, { partition, offset: toOffset(offset), timestamp })
        if (entry.type === 'tick' || entry.source !== source || entry.id !== id) continue
        await reservations.settleNow(batch)
        return
      }
      if (performance.now() > until)
        throw new LogUnavailableError(`partition ${partition}: an append of another does not end`)
    }
    await reservations.release(batch)
  }

  return {
    /** Decides about a batch whose writer has just begun anew. */
    async decide(batch: BatchId): Promise<void> {
      for (const unsettled of await reservations.unsettled([batch])) await decideEnded(unsettled)
    },

    /**
     * Decides about batches that nobody works on any more: those given, or all.
     * @returns how many
     * @throws LogUnavailableError
     */
    async settleAbandoned(batches?: readonly BatchId[]): Promise<number> {
      let decided = 0
      for (const unsettled of await reservations.unsettled(batches)) {
        const { batch, session, isAlive, ageMs } = unsettled
        if (isUnderWay(batch)) continue
        try {
          const own = endOwn(session)
          if (own) await own
          else if ((!isAlive && ageMs > GONE_AFTER_MS) || ageMs > STUCK_AFTER_MS) await endForeign(unsettled)
          else continue
          await decideEnded(unsettled)
        } catch (error) {
          throw asUnavailable(error)
        }
        decided += 1
      }
      return decided
    },
  }
}
