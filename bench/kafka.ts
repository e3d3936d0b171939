import { SECOND_MS } from '#domain/instant.ts'
import { runProgram } from '#platform/process.ts'
import type { Figure } from './figures.ts'
import { intakeFigures } from './kafka/intake-turns.ts'
import { lagFigures } from './kafka/lag-turns.ts'
import { type LogUnderTest, onTwoLogs, readToEnd, type TwoLogs } from './kafka/two-logs.ts'
import { createBenchWorld } from './load/world.ts'
import type { BenchOptions } from './options.ts'

const benchmark = 'kafka'
const DEFAULT_ORDERS = 500_000
/** The first warms up. */
const REPLAYS = 3
const TARGET = { replay: 0.9 }

/**
 * Intake and stream path with the log in Kafka beside the same with the log in Postgres, everything in turns: a replay,
 * what the intake takes over HTTP, and the stream's lag at half of that.
 */
export async function kafka(options: BenchOptions): Promise<Figure[]> {
  const world = createBenchWorld()
  const { orders = DEFAULT_ORDERS, seconds } = options
  return onTwoLogs({ world, orders }, async logs => {
    const replays = await replayFigures(logs, orders)
    const alone = await intakeFigures(logs, { world, seconds, withReaders: false })
    for (const log of [logs.postgres, logs.kafka])
      await readToEnd(log, orders + (alone.acknowledged.get(log.name) ?? 0))
    const beside = await intakeFigures(logs, { world, seconds, withReaders: true })
    const lags = await lagFigures(logs, { world, seconds, perSecond: beside.kafkaPerSecond / 2 })
    return [
      {
        benchmark,
        name: 'a log copied from Postgres into the topic',
        value: logs.adoptedPerSecond,
        unit: 'orders/s',
      },
      ...replays,
      ...alone.figures,
      ...beside.figures,
      ...lags,
    ]
  })
}

async function replayFigures({ postgres, kafka }: TwoLogs, orders: number): Promise<Figure[]> {
  const rates = new Map<LogUnderTest, number[]>([
    [postgres, []],
    [kafka, []],
  ])
  for (let turn = 0; turn < REPLAYS; turn += 1) {
    for (const [log, ofLog] of rates) {
      const rate = await replayRate(log)
      if (turn > 0) ofLog.push(rate)
    }
  }
  const [overPostgres = 0, overKafka = 0] = Array.from(rates.values(), mean)
  return [
    {
      benchmark,
      name: `replay over Kafka, ${orders.toLocaleString('en')} orders`,
      value: overKafka,
      unit: 'orders/s',
      beside: { name: 'replay over Postgres', value: overPostgres },
      target: { atLeast: TARGET.replay * overPostgres },
    },
  ]
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

/** Rebuilds the stream's tables as a new generation. @returns events a second of building it */
async function replayRate({ sql, settings }: LogUnderTest): Promise<number> {
  await runProgram({ entry: 'server/stream/replay/main.ts', settings })
  const [row] = await sql<{ events: number; buildMs: number }[]>`
    select events, build_ms as "buildMs" from live.replays where state = 'switched' order by replay desc limit 1`
  if (!row) throw new Error('the replay has not switched')
  return row.events / (row.buildMs / SECOND_MS)
}
