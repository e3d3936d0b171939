import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { groupBy, rebuild } from '#bench/batch.ts'
import { type Figure, percentile } from '#bench/figures.ts'
import {
  BUSINESS_DAY,
  createBenchWorld,
  LINES_PER_ORDER,
  loadOrders,
  writeBenchStores,
} from '#bench/load/world.ts'
import type { BenchOptions } from '#bench/options.ts'
import { onBenchPostgres } from '#bench/system/system.ts'
import type { Sql } from '#db/client.ts'
import { SECOND_MS } from '#domain/instant.ts'
import { folderOfDay } from '#domain/log-archive.ts'
import { computeFromArchive } from '#jobs/archive/archive-reports.ts'
import { connectForRuns } from '#jobs/ledger/claims.ts'
import { messageOf } from '#platform/command.ts'
import { type DuckDb, literal, openDuckDb } from '#platform/duckdb.ts'
import { openFolderStore } from '#server/log/archive/folder-store.ts'
import { writeDay } from '#server/log/archive/write-day.ts'
import { openPython, runPeer } from './python.ts'

const benchmark = 'peers'
/** A million lines. */
const DEFAULT_ORDERS = 333_334
const ROUNDS = 5
/** What the archive is for. */
const TIMES_THE_GROUP_BY = 10

/**
 * A business day made into sales by product: by the batch path, by the archive's own report, and by other engines over
 * the same files. Two sums by five keys, two cores, warm; who has to start first is given its start for nothing, and of
 * several ways to ask an engine the quickest counts.
 */
export async function reports(options: BenchOptions): Promise<Figure[]> {
  const world = createBenchWorld()
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tillstream-bench-archive-'))
  try {
    return await onBenchPostgres(async ({ url, sql }) => {
      await writeBenchStores(sql, world)
      const orders = options.orders ?? DEFAULT_ORDERS
      await loadOrders(sql, world, orders)
      return measure({ url, sql, folder, lines: orders * LINES_PER_ORDER })
    })
  } finally {
    await rm(folder, { recursive: true })
  }
}

interface Measured {
  url: string
  sql: Sql
  folder: string
  lines: number
}

async function measure(measured: Measured): Promise<Figure[]> {
  const { sql, lines, folder, url } = measured
  const count = `${Math.round(lines).toLocaleString('en')} lines`
  const rate = (milliseconds: number) => lines / (milliseconds / SECOND_MS)
  const store = openFolderStore(folder)
  const began = performance.now()
  const manifest = await writeDay(sql, store, BUSINESS_DAY)
  const archivedMs = performance.now() - began
  if (!manifest.lines) throw new Error('the day was archived without its lines')
  const pathOf = (file: string) => path.join(folder, folderOfDay(BUSINESS_DAY), file)
  const files = { events: pathOf(manifest.file), lines: pathOf(manifest.lines.file) }

  const runs = connectForRuns(url, 'bench jobs')
  const duck = await openDuckDb([folder])
  try {
    await rebuild(runs, 'daily_sales')
    await rebuild(runs, 'daily_product_sales')
    await grouped(duck, unnestedAsked(files.events))
    const answer = await answerOf(duck)
    await grouped(duck, linesAsked(files.lines))
    if (!isDeepStrictEqual(await answerOf(duck), answer))
      throw new Error('lines and events answer differently')
    const report = { report: 'daily_product_sales', from: BUSINESS_DAY, to: BUSINESS_DAY } as const
    // In turns, so that what else the machine does falls on all alike.
    const [bareMs, rebuildMs, reportMs, linesMs, eventsMs] = await inTurns([
      () => groupBy(sql),
      () => rebuild(runs, 'daily_product_sales'),
      () => timed(() => computeFromArchive(sql, store, report)),
      () => timed(() => grouped(duck, linesAsked(files.lines))),
      () => timed(() => grouped(duck, unnestedAsked(files.events))),
    ])
    const bare = { name: 'bare GROUP BY', value: rate(bareMs) }
    const figure = (name: string, milliseconds: number): Figure => ({
      benchmark,
      name,
      value: rate(milliseconds),
      unit: 'lines/s',
      beside: bare,
    })
    const version = `DuckDB ${duck.version}`
    return [
      { benchmark, name: `Postgres: bare GROUP BY of ${count}`, value: bare.value, unit: 'lines/s' },
      figure('daily_product_sales of the batch path, ledger and checks', rebuildMs),
      figure('daily_product_sales from the archive, checksums and all', reportMs),
      {
        ...figure(`${version} on the archive's lines`, linesMs),
        target: { atLeast: TIMES_THE_GROUP_BY * bare.value },
      },
      figure(`${version} on the archive's events, lines in lists`, eventsMs),
      ...(await others({ url, files, answer, figure })),
      {
        benchmark,
        name: 'archiving the day: written, read back, compared',
        value: rate(archivedMs),
        unit: 'lines/s',
      },
      { benchmark, name: 'its file of events', value: manifest.bytes / 1e6, unit: 'MB' },
      { benchmark, name: 'its file of lines', value: manifest.lines.bytes / 1e6, unit: 'MB' },
    ]
  } finally {
    duck.close()
    await runs.end({ timeout: 1 })
  }
}

/** Engines that come by Python, each in a process of its own; what is not to be had is said. */
async function others(given: {
  url: string
  files: { events: string; lines: string }
  answer: { rows: number; gross: number }
  figure: (name: string, milliseconds: number) => Figure
}): Promise<Figure[]> {
  const { url, files, answer, figure } = given
  const found = await openPython()
  if ('missing' in found) {
    process.stderr.write(`Polars, Spark and DuckDB over Postgres are not measured: ${found.missing}\n`)
    return []
  }
  const figures: Figure[] = []
  const engines = [
    ['polars', "Polars on the archive's lines"],
    ['duckdb-over-postgres', 'DuckDB over Postgres (ADBC)'],
    ['spark', "Spark on the archive's lines"],
    ['spark-on-events', "Spark on the archive's events"],
  ] as const
  for (const [engine, name] of engines) {
    try {
      const result = await runPeer(found.python, [
        engine,
        files.lines,
        files.events,
        url,
        BUSINESS_DAY,
        ROUNDS,
      ])
      if (result.rows !== answer.rows || result.gross !== answer.gross) {
        throw new Error(`${result.rows} rows of ${result.gross}, and not ${answer.rows} of ${answer.gross}`)
      }
      figures.push(figure(`${name}, ${result.version}`, result.warmMs))
    } catch (error) {
      process.stderr.write(`${name} is not measured: ${messageOf(error).trim().split('\n').at(-1)}\n`)
    }
  }
  return figures
}

/** As the archive holds them: what an order adds is worked out when the day is written. */
function linesAsked(file: string): string {
  return `
    select store, business_day, channel, sku, currency, sum(units)::bigint as units, sum(gross)::bigint as gross
    from read_parquet(${literal(file)}, hive_partitioning = false) where business_day = ${literal(BUSINESS_DAY)}
    group by store, business_day, channel, sku, currency`
}

/** The same of the rows that Postgres has, a row an order. */
function unnestedAsked(file: string): string {
  return `
    select store, business_day, channel, sku, currency, sum(units)::bigint as units,
      sum(units * unit_price)::bigint as gross
    from (
      select store, business_day, channel, currency, unnest(skus) as sku, unnest(units) as units,
        unnest(unit_prices) as unit_price
      from read_parquet(${literal(file)}, hive_partitioning = false)
      where business_day = ${literal(BUSINESS_DAY)} and type = 'order.placed'
    )
    group by store, business_day, channel, sku, currency`
}

/** The grouped rows go into a temporary table, as Postgres' bare GROUP BY puts them; those of the others stay in Arrow. */
async function grouped(duck: DuckDb, statement: string): Promise<void> {
  await duck.run(`create or replace temporary table grouped as ${statement}`)
}

/** What was grouped last, to hold the others' against. */
async function answerOf(duck: DuckDb): Promise<{ rows: number; gross: number }> {
  const [row] = await duck.all<{ rows: bigint; gross: bigint }>(
    'select count(*) as rows, sum(gross)::bigint as gross from grouped',
  )
  return { rows: Number(row?.rows), gross: Number(row?.gross) }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

/** What each takes warm, the median of several rounds. @param rounds each answers milliseconds */
async function inTurns<const Rounds extends readonly (() => Promise<number>)[]>(
  rounds: Rounds,
): Promise<{ [Round in keyof Rounds]: number }> {
  const times = rounds.map((): number[] => [])
  for (let count = 0; count <= ROUNDS; count += 1) {
    for (const [index, round] of rounds.entries()) {
      const milliseconds = await round()
      if (count > 0) times[index]?.push(milliseconds)
    }
  }
  return times.map(own =>
    percentile(
      own.toSorted((one, other) => one - other),
      0.5,
    ),
  ) as { [Round in keyof Rounds]: number }
}
