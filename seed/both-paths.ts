import type { Sql } from '#db/client.ts'
import { addDays, businessDayOf } from '#domain/business-day.ts'
import { describeProgress, duration, type ProgressLine } from './progress.ts'
import { runProcess } from './run-process.ts'
import type { SeedOptions } from './seed-options.ts'
import type { World } from './world/world.ts'

export interface BothPaths {
  sql: Sql
  options: Pick<SeedOptions, 'days' | 'until'>
  world: World
  /** Of the processes that do the work. */
  environment: Readonly<Record<string, string>>
  progress: ProgressLine
  stop: AbortSignal
}

const POLL_MS = 250

/**
 * Takes a loaded history through the stream path and the batch path, each as it runs by itself, and compares
 * them.
 * @throws ProcessFailedError when one of them fails, or the two answers differ
 */
export async function takeThroughBothPaths(context: BothPaths): Promise<void> {
  const { options, environment, sql, world, stop, progress } = context
  const days = world.shops.map(shop => businessDayOf(options.until, shop)).sort()
  const range = ['--from', addDays(days[0] ?? '', -options.days), '--to', days.at(-1) ?? '']
  const run = (entry: string, args: readonly string[]) => runProcess({ entry, args, environment, stop })
  await step(progress, {
    name: 'stream path',
    work: run('server/stream/main.ts', ['--until-caught-up']),
    total: await countLogged(sql),
    count: () => countStreamed(sql),
  })
  await step(progress, { name: 'batch path', work: run('jobs/main.ts', ['backfill', 'all', ...range]) })
  await step(progress, { name: 'reconciled', work: run('server/serving/reconcile-main.ts', range) })
}

/** Shows how a process gets on until it ends. */
async function step(
  progress: ProgressLine,
  {
    name,
    work,
    total,
    count,
  }: { name: string; work: Promise<void>; total?: number; count?: () => Promise<number> },
): Promise<void> {
  const began = performance.now()
  let isOver = false
  const watching = (async () => {
    while (!isOver) {
      // Its figure is for show: what ails the database, the process itself will say.
      const done = count ? await count().catch(() => 0) : 0
      const elapsedMs = performance.now() - began
      progress.show(
        total === undefined
          ? `${name}: ${duration(elapsedMs)}`
          : `${name}: ${describeProgress('events', { done, total, elapsedMs })}`,
      )
      await Promise.race([work.catch(() => {}), after(POLL_MS)])
    }
  })()
  try {
    await work
  } finally {
    isOver = true
    await watching
  }
  const elapsedMs = performance.now() - began
  const detail = total === undefined ? '' : `${describeProgress('events', { done: total, elapsedMs })} · `
  progress.done(`${name}: ${detail}${duration(elapsedMs)}`)
}

function after(milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds).unref())
}

async function countLogged(sql: Sql): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select coalesce(sum(l."offset"), 0)::bigint as count
    from log.partitions p cross join lateral log.last_position(p.partition) l`
  return row?.count ?? 0
}

async function countStreamed(sql: Sql): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select coalesce(sum(c."offset"), 0)::bigint as count
    from stream.checkpoints c join stream.active_generation using (generation)`
  return row?.count ?? 0
}
