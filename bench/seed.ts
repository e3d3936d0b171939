import type { Sql } from '#db/client.ts'
import { SECOND_MS } from '#domain/instant.ts'
import { type Program, ProgramFailedError, startProgram } from '#platform/process.ts'
import type { SeedingTimes } from '#seed/seeder/progress.ts'
import type { Figure } from './figures.ts'
import type { BenchOptions } from './options.ts'
import { parentOf } from './system/process-table.ts'
import { type ResourceWatch, watchResources } from './system/resources.ts'
import { onBenchPostgres } from './system/system.ts'

const benchmark = 'seed'
/** The same events in every run. */
export const SEEDED_UNTIL = '2026-11-20T10:15:00Z'

type Part = SeedingTimes['parts'][number]

/**
 * The demo's seeding as its own process does it, from an empty database to the reconciled history. Twice: once for
 * its times, and once, in another database, for what it takes, since looking at the memory of thirty processes five
 * times a second is a seventh of the work of two cores.
 */
export async function seed({ world }: BenchOptions): Promise<Figure[]> {
  const timed = await seedOnce(world, async ({ sql, seeder }) => {
    const startedAt = performance.now()
    const { parts } = await timesOf(seeder)
    const elapsed = performance.now() - startedAt
    const bare = await bareCopy(sql)
    return [wholeFigure(world, elapsed), ...parts.flatMap(part => partFigures(part, bare))]
  })
  const watched = await seedOnce(world, async ({ serverPid, seeder }) => {
    const watch = watchResources({ pid: seeder.pid, serverPid })
    const startedAt = performance.now()
    const { parts, milliseconds } = await timesOf(seeder)
    const endedAt = performance.now()
    watch.stop()
    return resourceFigures(watch, { parts, clockStart: endedAt - milliseconds, startedAt, endedAt })
  })
  return [...timed, ...watched]
}

/** Starts a seeder on a Postgres of its own. */
async function seedOnce(
  world: BenchOptions['world'],
  look: (seeding: { sql: Sql; serverPid: number; seeder: Program }) => Promise<Figure[]>,
): Promise<Figure[]> {
  return onBenchPostgres(async ({ sql, settings }) => {
    const [backend] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`
    const seeder = startProgram({
      entry: 'seed/seeder/main.ts',
      args: ['--json', '--until', SEEDED_UNTIL, ...worldArguments(world)],
      settings,
    })
    return look({ sql, serverPid: parentOf(backend?.pid ?? 0) ?? 0, seeder })
  })
}

/** What the seeder said at its end. @throws ProgramFailedError */
async function timesOf(seeder: Program): Promise<SeedingTimes> {
  const { code, stdout, output } = await seeder.ended
  if (code !== 0) throw new ProgramFailedError(`the seeder ended with code ${code}:\n${output}`)
  return JSON.parse(stdout) as SeedingTimes
}

export function worldArguments({ days, stores, ordersPerDay }: BenchOptions['world']): string[] {
  return ['--days', String(days), '--stores', String(stores), '--orders-per-day', String(ordersPerDay)]
}

/** The two sizes that have a limit: the demo's, and about three million orders in a year of twenty stores. */
function wholeFigure({ days, stores, ordersPerDay }: BenchOptions['world'], milliseconds: number): Figure {
  const orders = days * ordersPerDay
  const limit = days === 60 && orders <= 120_000 ? 15 : days >= 365 && orders >= 3_000_000 ? 240 : undefined
  return {
    benchmark,
    name: `${orders.toLocaleString('en')} orders, ${days} days, ${stores} stores: seeded and reconciled`,
    value: milliseconds / SECOND_MS,
    unit: 's',
    ...(limit === undefined ? {} : { target: { atMost: limit } }),
  }
}

function partFigures({ name, from, to, events }: Part, bareEventsPerSecond: number): Figure[] {
  const seconds = (to - from) / SECOND_MS
  const time: Figure = { benchmark, name, value: seconds, unit: 's' }
  if (events === undefined) return [time]
  const rate: Figure = {
    benchmark,
    name: `${name}, ${events.toLocaleString('en')} events`,
    value: events / seconds,
    unit: 'events/s',
    ...(name === 'history' ? { beside: { name: 'bare COPY', value: bareEventsPerSecond } } : {}),
  }
  return [time, rate]
}

/** Processor time and memory, of the whole and by stretch: both paths run at the same time. */
function resourceFigures(
  watch: ResourceWatch,
  {
    parts,
    clockStart,
    startedAt,
    endedAt,
  }: { parts: readonly Part[]; clockStart: number; startedAt: number; endedAt: number },
): Figure[] {
  const ends = new Map<number, number>()
  for (const { from, to } of parts) ends.set(from, Math.max(to, ends.get(from) ?? 0))
  const stretches = [...ends].map(([from, to]) => ({
    name: parts.flatMap(part => (part.from === from ? [part.name] : [])).join(' and '),
    ...watch.between(clockStart + from, clockStart + to),
  }))
  const whole = { name: 'the whole', ...watch.between(startedAt, endedAt) }
  return [whole, ...stretches].flatMap(({ name, program, server }): Figure[] => [
    {
      benchmark,
      name: `processor time, ${name} (beside: Postgres' part)`,
      value: program.processorSeconds + server.processorSeconds,
      unit: 'processor s',
      beside: { name: 'in Postgres', value: server.processorSeconds },
    },
    {
      benchmark,
      name: `memory at its peak, ${name} (beside: Postgres)`,
      value: program.memoryMb,
      unit: 'MB',
      beside: { name: 'of Postgres', value: server.memoryMb },
    },
  ])
}

/**
 * Copies the same rows into tables with the same indexes, from a file beside the server: nothing is made, sent
 * or read again.
 * @returns events a second
 */
async function bareCopy(sql: Sql): Promise<number> {
  const [place] = await sql<{ folder: string }[]>`select current_setting('data_directory') as folder`
  const file = (name: string) => `'${place?.folder}/bench-${name}.copy'`
  await sql.unsafe(`
    create table public.bare_log (like log.event_log including indexes);
    create table public.bare_keys (like log.event_keys including all);
    copy (select * from log.event_log order by appended_at) to ${file('log')};
    copy log.event_keys to ${file('keys')};
    checkpoint`)
  const began = performance.now()
  const { count } = await sql.unsafe(`copy public.bare_log from ${file('log')}`)
  await sql.unsafe(`copy public.bare_keys from ${file('keys')}`)
  return count / ((performance.now() - began) / SECOND_MS)
}
