import type { Logger } from 'pino'
import { connect, type Sql } from '#db/client.ts'
import { LOG_START, type Position } from '#domain/log-event.ts'
import { backoffMs, pause } from '#platform/time.ts'
import type { WakeUp } from '#platform/wake-up.ts'
import {
  FencedError,
  keepPartition,
  type Ownership,
  PartitionHeldError,
  takeFreePartition,
} from '#server/log/fence.ts'
import { isPassing } from '#server/log/log-errors.ts'
import type { ArchiveSource } from './source.ts'
import {
  ArchiveMovedError,
  archiveEntries,
  loadArchived,
  noteEnd,
  type Unarchivable,
} from './write-entries.ts'

/** In log.owners: who archives. */
export const ARCHIVER = 'archiver'

/** Entries of one transaction at most: a few megabytes. */
const MOST_ENTRIES = 5_000
/** Longest a partition goes unread when no hint comes. */
const POLL_MS = 250
/** How often an archiver with nothing to do says how far the log is, and thereby that it works. */
const SAY_EVERY_MS = 1_000
/** How often one that stands by looks whether the partition is free now. */
const STAND_BY_MS = 200
const RETRIES = { firstMs: 100, longestMs: 2_000 }
/** As of whoever writes under an ownership: below the time a takeover may take. */
const IDLE_IN_TRANSACTION_MS = 3_000
const LOOK_FOR_CLIENT_MS = 1_000

export interface ArchivePartitionOptions {
  url: string
  source: ArchiveSource
  partition: number
  /** Shown in log.owners. */
  owner: string
  wake: WakeUp
  logger: Logger
  signal: AbortSignal
  /** Told what was archived, after its commit. */
  onArchived?(archived: { partition: number; entries: number; through: Position }): void
  /** Entries of one transaction at most. */
  mostEntries?: number
}

/**
 * Archives one partition until it is told to stop: takes it when nobody works on it, copies what the log has and the
 * archive has not, and stands by while another process does that. Errors of log and database are waited out.
 */
export async function archivePartition(options: ArchivePartitionOptions): Promise<void> {
  const { partition, wake, logger, signal } = options
  signal.addEventListener('abort', () => wake.notify(), { once: true })
  let isToldOfOther = false
  for (let failures = 0; !signal.aborted; ) {
    const archive = new PartitionArchive(options)
    try {
      for (;;) {
        const archived = await archive.next()
        if (signal.aborted) break
        if (failures > 0) logger.info({ partition, failures }, `partition ${partition}: archived again`)
        ;[failures, isToldOfOther] = [0, false]
        if (archived === 0) await wake.wait(POLL_MS)
        if (signal.aborted) break
      }
    } catch (err) {
      if (err instanceof PartitionHeldError) {
        if (!isToldOfOther)
          logger.info({ partition }, `partition ${partition}: another archiver has it; stands by`)
        isToldOfOther = true
        await pause(STAND_BY_MS, signal)
      } else if (err instanceof FencedError) {
        logger.warn({ partition }, `partition ${partition} was taken by another archiver: stands by`)
        await pause(STAND_BY_MS, signal)
      } else {
        failures += 1
        const waitMs = backoffMs(failures, RETRIES)
        // The first, second, fourth … failure: an outage of hours is not thousands of lines.
        if ((failures & (failures - 1)) === 0) {
          const level = isPassing(err) || err instanceof ArchiveMovedError ? 'warn' : 'error'
          logger[level]({ err, failures, waitMs }, `partition ${partition}: not archived; it is tried again`)
        }
        await pause(waitMs, signal)
      }
    } finally {
      await archive.close()
    }
  }
}

/** One owner's work on a partition, on a connection of its own. */
class PartitionArchive {
  readonly #options: ArchivePartitionOptions
  readonly #sql: Sql
  #owned: { ownership: Ownership; backendPid: number } | null = null
  #at: Position = LOG_START
  #end = 0
  #saidAt = Number.NEGATIVE_INFINITY

  constructor(options: ArchivePartitionOptions) {
    this.#options = options
    this.#sql = connect(options.url, {
      max: 1,
      applicationName: `tillstream archiver ${options.partition}`,
      session: {
        idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
        client_connection_check_interval: LOOK_FOR_CLIENT_MS,
        // What a crash of Postgres takes back is in Kafka, and whoever stands on it is behind it in the same WAL.
        synchronous_commit: 'off',
      },
    })
  }

  /**
   * Archives what the log has next.
   * @returns how many entries, 0 at the log's end
   * @throws PartitionHeldError, FencedError, ArchiveMovedError; what source and database throw
   */
  async next(): Promise<number> {
    const { source, partition, logger, onArchived, mostEntries = MOST_ENTRIES } = this.#options
    const ownership = await this.#own()
    const entries = await source.read({ partition, after: this.#at.offset, limit: mostEntries })
    if (entries.length === 0) {
      await this.#sayWhere(ownership)
      return 0
    }
    if (entries.length === mostEntries) this.#end = await source.endOf(partition)
    const archiving = { ownership, after: this.#at, entries, end: this.#end }
    const { through, unarchivable } = await archiveEntries(this.#sql, archiving)
    this.#at = through
    this.#saidAt = performance.now()
    tellOf(unarchivable, partition, logger)
    onArchived?.({ partition, entries: entries.length, through })
    return entries.length
  }

  /** Takes the partition, or goes on owning it: the driver connects anew by itself after a loss. */
  async #own(): Promise<Ownership> {
    const { partition, owner } = this.#options
    const [backend] = await this.#sql<{ pid: number }[]>`select pg_backend_pid() as pid`
    const backendPid = backend?.pid ?? 0
    if (this.#owned?.backendPid === backendPid) return this.#owned.ownership
    if (this.#owned) await keepPartition(this.#sql, this.#owned.ownership)
    const ownership =
      this.#owned?.ownership ?? (await takeFreePartition(this.#sql, { consumer: ARCHIVER, partition, owner }))
    this.#owned = { ownership, backendPid }
    this.#at = await loadArchived(this.#sql, partition)
    return ownership
  }

  async #sayWhere(ownership: Ownership): Promise<void> {
    const { source, partition } = this.#options
    const now = performance.now()
    if (now - this.#saidAt < SAY_EVERY_MS) return
    this.#end = await source.endOf(partition)
    await noteEnd(this.#sql, { ownership, after: this.#at, end: this.#end })
    this.#saidAt = now
  }

  async close(): Promise<void> {
    await this.#sql.end({ timeout: 1 })
  }
}

function tellOf(unarchivable: readonly Unarchivable[], partition: number, logger: Logger): void {
  for (const { offset, reason } of unarchivable) {
    logger.error(
      { partition, offset, reason },
      `partition ${partition}, offset ${offset}: set aside, as it becomes no row of the log: ${reason}`,
    )
  }
}
