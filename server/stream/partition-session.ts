import { connect, type Sql } from '#db/client.ts'
import { keepPartition, type Ownership, takeFreePartition, takePartition } from '#server/log/fence.ts'
import { type OpenLog, openOrderLog } from '#server/log/open-log.ts'
import type { OrderLog } from '#server/log/order-log.ts'

/**
 * A transaction that its process no longer drives (frozen, or cut off) is ended by the server after this
 * long. Below the time a takeover may take: until then its lock on the owner's row holds up the taker.
 */
const IDLE_IN_TRANSACTION_MS = 3_000

/** Of a process that was killed the backend knows while it computes, too: who comes next need not wait for it. */
const LOOK_FOR_CLIENT_MS = 1_000

/** One connection that owns one partition: the only one that writes its results. */
export interface PartitionSession {
  sql: Sql
  log: OrderLog
  ownership: Ownership
  /** The backend recorded as owner's; another one means that the driver connected anew. */
  backendPid: number
  close(): Promise<void>
}

export interface SessionRequest {
  url: string
  consumer: string
  partition: number
  /** Shown in log.owners: who, on which machine. */
  owner: string
  /** Whether it takes the partition from whoever works on it, or only where nobody does. */
  takes: 'any' | 'free'
  /** False where what is lost in a crash is computed again anyway (a generation being built). */
  isDurable: boolean
}

/**
 * Connects and takes the partition, or goes on owning it under an epoch of before.
 * @throws FencedError when it was owned and somebody took it meanwhile; PartitionHeldError when it is to be free and
 *   somebody works on it
 */
export async function openSession(
  request: SessionRequest,
  owned: Ownership | null,
): Promise<PartitionSession> {
  const { url, consumer, partition, owner, takes, isDurable } = request
  const sql = connect(url, {
    max: 1,
    applicationName: `tillstream stream ${partition}`,
    session: {
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
      client_connection_check_interval: LOOK_FOR_CLIENT_MS,
      synchronous_commit: isDurable ? 'on' : 'off',
      // Statements of milliseconds: compiling them takes longer than running them.
      jit: 'off',
      // Everything here is found by a key, also when the plan was made while the table was empty.
      enable_seqscan: 'off',
    },
  })
  let log: OpenLog | undefined
  const close = async () => {
    await log?.close()
    await sql.end({ timeout: 1 })
  }
  try {
    const [backend] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`
    if (owned) await keepPartition(sql, owned)
    const take = takes === 'free' ? takeFreePartition : takePartition
    const ownership = owned ?? (await take(sql, { consumer, partition, owner }))
    log = await openOrderLog(sql)
    return { sql, log, ownership, backendPid: backend?.pid ?? 0, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Waits between tries while the database is away. */
export const RETRIES = { firstMs: 100, longestMs: 2_000 }
