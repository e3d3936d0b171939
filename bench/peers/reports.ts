import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
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
 * the same lines. Two sums by five keys, two cores, warm; who has to start first is given its start for nothing.
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
  const nested = path.join(folder, folderOfDay(BUSINESS_DAY), manifest.file)
  const flat = path.join(folder, 'lines.parquet')

  const runs = connectForRuns(url, 'bench jobs')
  try {
    await rebuild(runs, 'daily_sales')
    await rebuild(runs, 'daily_product_sales')
    const bareMs = await warm(() => groupBy(sql))
    const bare = { name: 'bare GROUP BY', value: rate(bareMs) }
    const figure = (name: string, milliseconds: number): Figure => ({
      benchmark,
      name,
      value: rate(milliseconds),
      unit: 'lines/s',
      beside: bare,
    })
    const report = { report: 'daily_product_sales', from: BUSINESS_DAY, to: BUSINESS_DAY } as const
    const figures: Figure[] = [
      { benchmark, name: `Postgres: bare GROUP BY of ${count}`, value: bare.value, unit: 'lines/s' },
      figure(
        'daily_product_sales of the batch path, ledger and checks',
        await warm(() => rebuild(runs, 'daily_product_sales')),
      ),
      figure(
        'daily_product_sales from the archive, checksums and all',
        await warm(() => timed(() => computeFromArchive(sql, store, report))),
      ),
    ]
    const duck = await openDuckDb([folder])
    const answer = { rows: 0, gross: 0 }
    try {
      Object.assign(answer, await totals(duck, nested))
      const version = `DuckDB ${duck.version}`
      const overNested = figure(
        `${version} on the archive's Parquet`,
        await warm(() => timed(() => totals(duck, nested))),
      )
      figures.push({ ...overNested, target: { atLeast: TIMES_THE_GROUP_BY * bare.value } })
      await duck.run(`copy (${linesOf(nested)}) to ${literal(flat)} (format parquet, compression zstd)`)
      figures.push(
        figure(
          `${version} on a row a line`,
          await warm(() => timed(() => grouped(duck, `read_parquet(${literal(flat)})`))),
        ),
      )
    } finally {
      duck.close()
    }
    figures.push(...(await others({ ...measured, flat, nested, answer, figure })))
    figures.push({
      benchmark,
      name: `archiving the day: written, read back, compared`,
      value: rate(archivedMs),
      unit: 'lines/s',
    })
    figures.push({ benchmark, name: 'its file', value: manifest.bytes / 1e6, unit: 'MB' })
    return figures
  } finally {
    await runs.end({ timeout: 1 })
  }
}

/** Engines that come by Python, each in a process of its own; what is not to be had is said. */
async function others(given: {
  url: string
  flat: string
  nested: string
  answer: { rows: number; gross: number }
  figure: (name: string, milliseconds: number) => Figure
}): Promise<Figure[]> {
  const { url, flat, nested, answer, figure } = given
  const found = await openPython()
  if ('missing' in found) {
    process.stderr.write(`Polars, Spark and DuckDB over Postgres are not measured: ${found.missing}\n`)
    return []
  }
  const figures: Figure[] = []
  const engines = [
    ['polars', 'Polars, a row a line'],
    ['duckdb-over-postgres', 'DuckDB over Postgres (ADBC)'],
    ['spark', 'Spark, a row a line'],
    ['spark-nested', "Spark on the archive's Parquet"],
  ] as const
  for (const [engine, name] of engines) {
    try {
      const result = await runPeer(found.python, [engine, flat, nested, url, BUSINESS_DAY, ROUNDS])
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

function linesOf(nested: string): string {
  return `
    select store, business_day, channel, currency, unnest(skus) as sku, unnest(units) as units,
      unnest(unit_prices) as unit_price
    from read_parquet(${literal(nested)}, hive_partitioning = false)
    where business_day = ${literal(BUSINESS_DAY)} and type = 'order.placed'`
}

function totals(duck: DuckDb, nested: string): Promise<{ rows: number; gross: number }> {
  return grouped(duck, `(${linesOf(nested)})`)
}

/** The grouped rows come to this process, as those of the others do. */
async function grouped(duck: DuckDb, lines: string): Promise<{ rows: number; gross: number }> {
  const rows = await duck.all<{ gross: bigint }>(`
    select store, business_day, channel, sku, currency, sum(units) as units, sum(units * unit_price)::bigint as gross
    from ${lines} group by store, business_day, channel, sku, currency`)
  return { rows: rows.length, gross: rows.reduce((sum, { gross }) => sum + Number(gross), 0) }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

/** The median of what warm rounds take. @param round answers milliseconds */
async function warm(round: () => Promise<number>): Promise<number> {
  await round()
  const times: number[] = []
  for (let count = 0; count < ROUNDS; count += 1) times.push(await round())
  return percentile(
    times.toSorted((one, other) => one - other),
    0.5,
  )
}
