import { parseArgs } from 'node:util'
import { UsageError } from '#platform/launch/usage-error.ts'

export const BENCHMARKS = {
  ingest: 'orders a second into the log: bare appends, then over HTTP with the stream path beside it',
  latency: 'time to an answer, and to a frame at a live client, at 500 orders a second',
  replay: 'the stream path from offset 0 against a bare read of the log',
  batch: 'a business day of a million lines rebuilt, against the bare GROUP BY',
  footprint: 'memory and processor of the whole demo at its default pace (Linux only)',
  seed: "the demo's seeding, history, both paths and reconciliation, against the bare COPY of its rows",
} as const

export type BenchmarkName = keyof typeof BENCHMARKS

export interface BenchOptions {
  help: boolean
  /** In the order they run. */
  names: BenchmarkName[]
  json: boolean
  /** How long load is kept up. */
  seconds: number
  /** How long `footprint` watches the demo, with no page open and again with Live open. */
  minutes: number
  /** Orders in the log for `replay`; a third of the lines for `batch`. */
  orders: number | undefined
  /** `ingest` with one snapshot open beside it. */
  snapshot: boolean
  /** `ingest` with 90% of the load in one store. */
  hotStore: boolean
  /** Of the world that `seed` makes. */
  world: { days: number; stores: number; ordersPerDay: number }
}

export const BENCH_USAGE = `Usage: npm run bench -- [NAME…] [options]

Each figure stands beside its limit or its peer, measured in the same run. Runs on a Postgres of its own, with
durable commits; nothing of your data is touched.

${Object.entries(BENCHMARKS)
  .map(([name, description]) => `  ${name.padEnd(12)} ${description}`)
  .join('\n')}

  --json         a line of JSON for each figure, for machines
  --seconds N    how long load is kept up (default 20)
  --minutes N    footprint: how long to watch, twice (default 2: one batch run each)
  --orders N     orders in the log of replay (default 500000) or in the day of batch (default 333334)
  --snapshot     ingest: with a snapshot open beside it all the time
  --hot-store    ingest: with 90% of the load in one store
  --days N, --stores N, --orders-per-day N
                 seed: another size than the demo's (60, 8, 2000); a year of twenty stores is 365, 20, 8220
  --help         this text
`

/** @throws UsageError on an unknown name or option, or a value out of range */
export function parseBenchOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parse(args)
  const names = positionals.map(name => {
    if (isBenchmark(name)) return name
    throw new UsageError(`There is no benchmark "${name}". There are: ${Object.keys(BENCHMARKS).join(', ')}.`)
  })
  return {
    help: values.help === true,
    names: names.length > 0 ? names : Object.keys(BENCHMARKS).filter(isBenchmark),
    json: values.json === true,
    seconds: parseNumber('seconds', values.seconds ?? '20', { least: 1, most: 86_400 }),
    minutes: parseNumber('minutes', values.minutes ?? '2', { least: 1, most: 1_440 }),
    orders:
      values.orders === undefined
        ? undefined
        : parseNumber('orders', values.orders, { least: 1_000, most: 100_000_000 }),
    snapshot: values.snapshot === true,
    hotStore: values['hot-store'] === true,
    world: {
      days: parseNumber('days', values.days ?? '60', { least: 1, most: 3_650 }),
      stores: parseNumber('stores', values.stores ?? '8', { least: 1, most: 1_000 }),
      ordersPerDay: parseNumber('orders-per-day', values['orders-per-day'] ?? '2000', {
        least: 1,
        most: 1_000_000,
      }),
    },
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean' },
        seconds: { type: 'string' },
        minutes: { type: 'string' },
        orders: { type: 'string' },
        snapshot: { type: 'boolean' },
        'hot-store': { type: 'boolean' },
        days: { type: 'string' },
        stores: { type: 'string' },
        'orders-per-day': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (error) {
    throw UsageError.from(error)
  }
}

function parseNumber(name: string, text: string, { least, most }: { least: number; most: number }): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  throw new UsageError(`--${name} is "${text}", but must be a whole number from ${least} to ${most}.`)
}

function isBenchmark(name: string): name is BenchmarkName {
  return Object.hasOwn(BENCHMARKS, name)
}
