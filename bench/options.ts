import { flag, parseOptions, text, UsageError, valued, wholeNumber } from '#platform/command.ts'
import { DEFAULT_DAYS, DEFAULT_WORLD } from '#seed/seeder/seed-options.ts'

export const BENCHMARKS = {
  ingest: 'orders a second into the log: bare appends, then over HTTP with the stream path beside it',
  logs: 'orders a second into and out of the order log in Kafka, beside that in Postgres (needs Java)',
  latency: 'time to an answer, and to a frame at a live client, at 500 orders a second',
  replay: 'the stream path from offset 0 against a bare read of the log',
  batch: 'a business day of a million lines rebuilt, against the bare GROUP BY',
  peers:
    'streams beside Flink DataStream and Flink SQL over one topic (needs a JDK); a day made into sales by product beside other engines',
  audit: 'every witness over the seeded history, on one core',
  footprint: 'memory and processor of the whole demo at its default pace (Linux only)',
  kills: 'time until each process of the demo answers again after kill -9 while orders come (Linux only)',
  alerts:
    'how often the rules are right, over a quarter with fraud and outages planted into it, and alerts of shortages',
  forecast: 'how well demand is foreseen, in the seeded world and the real December, beside another library',
  replenishment: 'the nightly plan of a chain: forecasts, policies, what to order; and its live price hints',
  seed: "the demo's seeding, history, both paths and reconciliation, against the bare COPY of its rows",
  kafka:
    'the stream path with the log in Kafka: its replay against the same log in Postgres, its lag (needs Java)',
  flink: 'the stream by Flink against ours: from offset 0, and at 500 orders a second (needs a JDK)',
  state: 'memory of the stream process with 52 stores of 5,000 products each in its state (Linux only)',
} as const

export type BenchmarkName = keyof typeof BENCHMARKS

export interface BenchOptions {
  /** In the order they run. */
  names: BenchmarkName[]
  json: boolean
  /** How long load is kept up. */
  seconds: number
  /** How often `kills` kills each process. */
  rounds: number
  /** Orders a second that come while `kills` kills. */
  rate: number
  /** How long `footprint` watches the demo, with no page open and again with Live open. */
  minutes: number
  /** Orders in the log for `replay`, `flink` and the streams of `peers`; a third of the lines for `batch` and reports. */
  orders: number | undefined
  /** `peers`: the one half of it; undefined: both. */
  half: Half | undefined
  /** `ingest` with one snapshot open beside it. */
  snapshot: boolean
  /** `ingest` with 90% of the load in one store. */
  hotStore: boolean
  /** Of the world that `seed` makes. */
  world: { days: number; stores: number; ordersPerDay: number }
  /** Of the chain that `replenishment` plans. */
  plan: { days: number; stores: number; products: number }
  /** `forecast`: where to write the series for forecast/oracle.py. */
  series: string | undefined
  /** `forecast`: the folder of the real December's daily files. */
  files: string | undefined
  /** Of the world into which `alerts` plants. */
  quarter: { days: number; stores: number; ordersPerDay: number }
}

export const BENCH_USAGE = `Usage: npm run bench -- [NAME…] [options]

Each figure stands beside its limit or its peer, measured in the same run. Runs on a Postgres of its own, with
durable commits; nothing of your data is touched.

${Object.entries(BENCHMARKS)
  .map(([name, description]) => `  ${name.padEnd(12)} ${description}`)
  .join('\n')}

  --json         a line of JSON for each figure, for machines
  --seconds N    how long load is kept up (default 20)
  --rounds N     kills: how often each process is killed (default 5)
  --rate N       kills: orders a second meanwhile (default 200)
  --minutes N    footprint: how long to watch, twice (default 2: one batch run each)
  --orders N     orders in the log of replay, flink and the streams of peers (default 500000) or in the day of batch
                 and the reports of peers (default 333334)
  --half NAME    peers: streams or reports alone
  --snapshot     ingest: with a snapshot open beside it all the time
  --hot-store    ingest: with 90% of the load in one store
  --days N, --stores N, --orders-per-day N
                 seed and audit: another size than the demo's (${DEFAULT_DAYS}, 8, ${DEFAULT_WORLD.ordersPerDay}); a year of twenty stores is 365, 20, 8220;
                 alerts: another than a quarter's (91, 8, 2000);
                 replenishment: another than a year of fifty stores (365, 50)
  --products N   replenishment: products of each store (default 5000)
  --files DIR    forecast: also the real December, from its daily files YYYY-MM-DD.csv
  --series FILE  forecast: writes the series for forecast/oracle.py
  --help         this text
`

const HALVES = ['streams', 'reports'] as const
type Half = (typeof HALVES)[number]

const STORES = 8
const QUARTER = { days: 91, ordersPerDay: 2_000 }
const CHAIN = { days: 365, stores: 50 }

const OPTIONS = {
  json: flag(),
  seconds: wholeNumber({ least: 1, most: 86_400, unlessGiven: 20 }),
  rounds: wholeNumber({ least: 1, most: 1_000, unlessGiven: 5 }),
  rate: wholeNumber({ least: 1, most: 100_000, unlessGiven: 200 }),
  minutes: wholeNumber({ least: 1, most: 1_440, unlessGiven: 2 }),
  orders: wholeNumber({ least: 1_000, most: 100_000_000 }),
  half: valued(readHalf),
  snapshot: flag(),
  'hot-store': flag(),
  days: wholeNumber({ least: 1, most: 3_650 }),
  stores: wholeNumber({ least: 1, most: 1_000 }),
  products: wholeNumber({ least: 1, most: 100_000, unlessGiven: 5_000 }),
  series: text(),
  files: text(),
  'orders-per-day': wholeNumber({ least: 1, most: 1_000_000 }),
}

/** @throws UsageError on an unknown name or option, or a value out of range */
export function parseBenchOptions(args: readonly string[]): BenchOptions {
  const { words, days, stores, products, ordersPerDay, ...options } = parseOptions(args, OPTIONS, {
    takesWords: true,
  })
  const named = words.map(name => {
    if (isBenchmark(name)) return name
    throw new UsageError(`There is no benchmark "${name}". There are: ${Object.keys(BENCHMARKS).join(', ')}.`)
  })
  const names = named.length > 0 ? named : Object.keys(BENCHMARKS).filter(isBenchmark)
  return {
    names,
    ...options,
    world: {
      days: days ?? DEFAULT_DAYS,
      stores: stores ?? STORES,
      ordersPerDay: ordersPerDay ?? DEFAULT_WORLD.ordersPerDay,
    },
    plan: { days: days ?? CHAIN.days, stores: stores ?? CHAIN.stores, products },
    quarter: {
      days: days ?? QUARTER.days,
      stores: stores ?? STORES,
      ordersPerDay: ordersPerDay ?? QUARTER.ordersPerDay,
    },
  }
}

function readHalf(given: string, name: string): Half {
  const half = HALVES.find(known => known === given)
  if (half) return half
  throw new UsageError(`--${name} is one of ${HALVES.join(', ')}.`)
}

function isBenchmark(name: string): name is BenchmarkName {
  return Object.hasOwn(BENCHMARKS, name)
}
