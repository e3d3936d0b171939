import type { Sql } from '#db/client.ts'
import { businessDayOf } from '#domain/business-day.ts'
import { addDays } from '#domain/calendar.ts'
import { REPORTS } from '#domain/reports.ts'
import { runProgram } from '#platform/process.ts'
import { startPeriodic } from '#platform/time.ts'
import type { World } from '#seed/world/world.ts'
import { describeDone, duration, rate, type SeedingProgress } from './progress.ts'
import type { SeedOptions } from './seed-options.ts'

interface BothPaths {
  sql: Sql
  options: Pick<SeedOptions, 'days' | 'until'>
  world: World
  /** Of the processes that do the work. */
  settings: Readonly<Record<string, string>>
  progress: SeedingProgress
  stop: AbortSignal
}

const POLL_MS = 250

/**
 * Takes a loaded history through the stream path and the batch path, each as it runs by itself, and compares
 * them. The two run at the same time: neither knows of the other, and the stream path alone, which waits for
 * its own commits, leaves the second core idle half of the time.
 * @throws ProgramFailedError when one of them fails, or the two answers differ
 */
export async function takeThroughBothPaths(context: BothPaths): Promise<void> {
  const { options, world, progress } = context
  const days = world.shops.map(shop => businessDayOf(options.until, shop)).sort()
  const range = ['--from', addDays(days[0] ?? '', -options.days), '--to', days.at(-1) ?? '']
  await runPaths(context, range)
  progress.begin()
  // The first tick of the schedule audits every row of it, and nobody has to wait for that.
  const { settings, stop } = context
  const reconciling = runProgram({
    entry: 'server/serving/reconcile/main.ts',
    args: [...range, '--figures-only'],
    settings,
    stop,
  })
  await watch(context, Promise.all([reconciling, foresee(context)]), async () => {
    progress.show(`reconciling: ${duration(progress.elapsedMs())}`, null)
  })
  progress.took('reconciliation')
  progress.done(`reconciled, nothing unexplained; demand foreseen · ${duration(progress.elapsedMs())}`)
}

/**
 * The first nightly plan. What it lets expect holds from the history's end on: nothing was judged after it, so nothing was
 * judged without what a replay would judge it with; and whoever looks at once sees shelves judged as they will be.
 */
async function foresee({ sql, options, settings, stop }: BothPaths): Promise<void> {
  const [clock] = await sql<{ now: Date }[]>`select date_trunc('milliseconds', clock_timestamp()) as now`
  await runProgram({ entry: 'jobs/main.ts', args: ['run', 'replenishment'], settings, stop })
  const from = new Date(options.until + 1)
  await sql.begin(async transaction => {
    for (const table of ['demand_forecasts', 'stock_policies', 'lead_times']) {
      // The plan's own: policies of goods that come or go hold from days to come.
      await transaction`
        update ref.${transaction.unsafe(table)} set valid_from = ${from}
        where valid_from between ${clock?.now ?? from} and clock_timestamp() + interval '6 minutes'`
    }
  })
}

async function runPaths(context: BothPaths, range: readonly string[]): Promise<void> {
  const { progress, sql, settings } = context
  const [logged] = await sql<{ events: number }[]>`
    select coalesce(sum(l."offset"), 0)::bigint as events
    from log.partitions p cross join lateral log.last_position(p.partition) l`
  const events = logged?.events ?? 0
  // The first to fail ends the other too.
  const failed = new AbortController()
  const stop = AbortSignal.any([context.stop, failed.signal])
  progress.begin()
  const timed = async (name: string, entry: string, args: readonly string[]): Promise<number> => {
    await runProgram({ entry, args, settings, stop })
    progress.took(name, events)
    return progress.elapsedMs()
  }
  const paths = [
    timed('stream path', 'server/stream/main.ts', ['--until-caught-up']),
    timed('batch path', 'jobs/main.ts', ['backfill', 'all', ...range]),
  ]
  const work = Promise.all(paths).catch(async (error: unknown) => {
    failed.abort(error)
    await Promise.allSettled(paths)
    throw error
  })
  const [streamMs = 0, batchMs = 0] = await watch(context, work, async () => {
    const streamed = await countStreamed(sql)
    const batch = await batchShare(sql)
    const percent = (share: number) => `${Math.floor(100 * Math.min(1, share))}%`
    const streamShare = events === 0 ? 1 : streamed / events
    progress.show(
      `stream path ${percent(streamShare)} (${rate(streamed, progress.elapsedMs())}), batch path ${percent(batch)}`,
      Math.min(streamShare, batch),
    )
  })
  progress.done(`stream path: ${describeDone('events', events, streamMs)}`)
  progress.done(`batch path, at the same time: all reports · ${duration(batchMs)}`)
}

/** Shows how work gets on until it ends. */
async function watch<Result>(
  { progress }: BothPaths,
  work: Promise<Result>,
  look: () => Promise<void>,
): Promise<Result> {
  // The figures are for show: what ails the database, the processes themselves will say.
  const watching = startPeriodic(look, { everyMs: POLL_MS, onFailure() {} })
  try {
    return await work
  } finally {
    await watching.stop()
    progress.clear()
  }
}

/** Events that the stream path has done. */
export async function countStreamed(sql: Sql): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select coalesce(sum(c."offset"), 0)::bigint as count
    from stream.checkpoints c join stream.active_generation using (generation)`
  return row?.count ?? 0
}

/** Which share of the reports stands: each comes with all days of half the stores at once. */
async function batchShare(sql: Sql): Promise<number> {
  const [row] = await sql<{ standing: number }[]>`
    select count(*)::integer as standing from unnest(${REPORTS.map(({ name }) => name)}::text[]) as report(job)
    where exists (select from batch.current_runs r where r.job = report.job)`
  return (row?.standing ?? 0) / REPORTS.length
}
