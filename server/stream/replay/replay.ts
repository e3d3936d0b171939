import type { Logger } from 'pino'
import { connect, type Sql } from '#db/client.ts'
import { type Reading, readSnapshot } from '#db/transaction.ts'
import type { Ownership } from '#server/log/fence.ts'
import { createPostgresLog } from '#server/log/postgres-log.ts'
import { advanceTo } from '#server/stream/catch-up.ts'
import { PartitionConsumer } from '#server/stream/consumer.ts'
import { REPLAY_OWNER } from '#server/stream/follow-partition.ts'
import { offsetsOf } from '#server/stream/state/checkpoint.ts'
import {
  activeGeneration,
  createNextGeneration,
  dropGeneration,
  dropRetired,
} from '#server/stream/state/generations.ts'
import { switchGeneration } from './switch-generation.ts'

/** Once the rebuilt generation is this many events behind, the rest is done while the service is stopped. */
const CLOSE_ENOUGH = 20_000
const MOST_ROUNDS = 20

interface ReplayOptions {
  /** A migrated database. */
  url: string
  /** Who replays, e.g. `host:pid`. */
  name: string
  /** Switch also when the rebuilt generation says something else, as after a change of rules. */
  acceptsDifferences: boolean
  logger: Logger
}

export interface ReplayOutcome {
  from: number
  to: number
  events: number
  buildMs: number
  differences: TotalsDifference[]
  /** False when the generations differ and that was not accepted: the old one stays. */
  isSwitched: boolean
  /** Whether a stream service works on and now goes on with the new generation. */
  wasRunning: boolean
}

/** Another replay is under way. */
export class ReplayRunningError extends Error {
  override readonly name = 'ReplayRunningError'
}

/**
 * Rebuilds the stream's tables from offset 0 as a new generation, without side effects, holds it against
 * the active one at equal offsets, and switches. The service goes on meanwhile; it pauses for the last
 * moment. Whatever happens before the switch leaves the active generation as it was; what was half built
 * is dropped by the next replay.
 */
export async function replay(options: ReplayOptions): Promise<ReplayOutcome> {
  const sql = connect(options.url, { max: 1, applicationName: 'tillstream replay' })
  try {
    await takeReplayLock(sql)
    return await rebuild(sql, options)
  } finally {
    await sql.end({ timeout: 1 })
  }
}

async function rebuild(sql: Sql, options: ReplayOptions): Promise<ReplayOutcome> {
  const { url, name, logger, acceptsDifferences } = options
  const from = await activeGeneration(sql)
  const to = await createNextGeneration(sql)
  const partitions = Array.from(
    { length: await createPostgresLog(sql).partitionCount() },
    (_, index) => index,
  )
  const owner = `${REPLAY_OWNER} ${name}`
  const consumers = partitions.map(
    partition => new PartitionConsumer({ url, generation: to, partition, owner, isLive: false }),
  )
  const build = new Build(consumers, logger)
  try {
    const startedAt = performance.now()
    await buildUntilClose(sql, build, { from, partitions })
    const active = await readSnapshot(sql, async reading => ({
      offsets: await offsetsOf(reading, from, partitions),
      totals: await generationTotals(reading, from),
    }))
    await build.advance(active.offsets)
    const buildMs = performance.now() - startedAt
    const differences = compareTotals(active.totals, await generationTotals(sql, to))
    const outcome = { from, to, events: build.events, buildMs, differences }
    if (differences.length > 0 && !acceptsDifferences) {
      await build.close()
      await dropGeneration(sql, to)
      return { ...outcome, isSwitched: false, wasRunning: false }
    }
    const { wasRunning } = await switchGeneration(sql, {
      from,
      to,
      partitions,
      owner,
      advance: offsets => build.advance(offsets),
    })
    await build.close()
    await dropRetired(sql, logger)
    return { ...outcome, events: build.events, isSwitched: true, wasRunning }
  } finally {
    await build.close()
  }
}

/** The consumers of the generation that is built, one per partition. */
class Build {
  events = 0
  readonly #consumers: readonly PartitionConsumer[]
  readonly #logger: Logger

  constructor(consumers: readonly PartitionConsumer[], logger: Logger) {
    this.#consumers = consumers
    this.#logger = logger
  }

  /** Brings every partition to its offset. @returns the ownerships under which that was written */
  async advance(offsets: readonly number[]): Promise<Ownership[]> {
    return Promise.all(
      this.#consumers.map(async (consumer, index) => {
        const { events } = await advanceTo(consumer, offsets[index] ?? 0, this.#logger)
        this.events += events
        return consumer.ownership
      }),
    )
  }

  async close(): Promise<void> {
    await Promise.all(this.#consumers.map(consumer => consumer.close()))
  }
}

/** Follows the active generation, which moves on meanwhile, until little is left. */
async function buildUntilClose(
  sql: Sql,
  build: Build,
  { from, partitions }: { from: number; partitions: readonly number[] },
): Promise<void> {
  let reached = 0
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const offsets = await offsetsOf(sql, from, partitions)
    const target = offsets.reduce((total, offset) => total + offset, 0)
    if (target - reached <= CLOSE_ENOUGH) return
    await build.advance(offsets)
    reached = target
  }
}

/** One replay at a time. Held by the connection: it ends with this process, however that ends. */
async function takeReplayLock(sql: Sql): Promise<void> {
  const [row] = await sql<{ taken: boolean }[]>`
    select pg_try_advisory_lock(hashtext('tillstream.stream.replay')) as taken`
  if (!row?.taken) {
    throw new ReplayRunningError('another replay is under way: wait for it, or stop it first')
  }
}

/** What a generation says, added up: one line per store and business day, one per store's stock, one for its orders. */
type GenerationTotals = ReadonlyMap<string, Readonly<Record<string, string>>>

/** Two generations that do not say the same. */
interface TotalsDifference {
  /** e.g. `sales of berlin on 2026-11-20 (EUR)` */
  of: string
  figure: string
  active: string
  rebuilt: string
}

/**
 * Adds a generation up. Revisions and late net are part of it: lateness is decided from the log alone, so
 * a rebuild must find the same. Alerts are not: they are judged by policies as they were known at the time.
 */
async function generationTotals(sql: Reading, generation: number): Promise<GenerationTotals> {
  const [sales, stock, purchases] = await Promise.all([
    sql.unsafe<TotalsRow[]>(SALES_TOTALS, [generation]),
    sql.unsafe<TotalsRow[]>(STOCK_TOTALS, [generation]),
    sql.unsafe<TotalsRow[]>(PURCHASE_TOTALS, [generation]),
  ])
  return new Map(
    [...sales, ...stock, ...purchases].map(({ of, generation: _, ...figures }) => [
      of,
      Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, String(value)])),
    ]),
  )
}

/** Where two sets of totals differ, figure by figure; a line that only one of them has is `none` in the other. */
export function compareTotals(active: GenerationTotals, rebuilt: GenerationTotals): TotalsDifference[] {
  const differences: TotalsDifference[] = []
  for (const of of new Set([...active.keys(), ...rebuilt.keys()])) {
    const figures = { ...active.get(of), ...rebuilt.get(of) }
    for (const figure of Object.keys(figures)) {
      const sides = {
        active: active.get(of)?.[figure] ?? 'none',
        rebuilt: rebuilt.get(of)?.[figure] ?? 'none',
      }
      if (sides.active !== sides.rebuilt) differences.push({ of, figure, ...sides })
    }
  }
  return differences
}

type TotalsRow = Record<string, string | number> & { of: string }

const SALES_TOTALS = `
  select 'sales of ' || store || ' on ' || business_day || ' (' || currency || ')' as of, day.*
  from stream.store_days day where generation = $1 order by store, business_day, currency`

// The digest finds what sums hide: one unit more of this, one less of that.
const STOCK_TOTALS = `
  select 'stock of ' || store as of, count(*)::text as skus, count(on_hand)::text as known,
    coalesce(sum(on_hand), 0)::text as "onHand", sum(on_order)::text as "onOrder",
    md5(string_agg(sku || '=' || coalesce(on_hand::text, '?') || '+' || on_order, ',' order by sku collate "C"))
      as digest
  from stream.stock where generation = $1 group by store order by store`

const PURCHASE_TOTALS = `
  select 'purchase orders of ' || store as of, count(*)::text as lines, sum(ordered)::text as ordered,
    sum(cancelled)::text as cancelled, sum(received)::text as received,
    md5(string_agg(concat_ws(' ', to_json(purchase_order), to_json(sku), ordered, cancelled, received), ','
      order by purchase_order collate "C", sku collate "C")) as digest
  from stream.purchases where generation = $1 group by store order by store`
