import { type Figure, percentile } from '#bench/figures.ts'
import { openHttpConnection } from '#bench/load/http-connection.ts'
import { createRequestBody, ORDERS_PER_REQUEST, sendSteadily } from '#bench/load/send-orders.ts'
import type { BenchWorld } from '#bench/load/world.ts'
import { lookEvery, untilDrained } from '#bench/system/system.ts'
import { formatInstant, SECOND_MS } from '#domain/instant.ts'
import { createRandom } from '#seed/world/random.ts'
import { type LogUnderTest, startIntake, type TwoLogs } from './two-logs.ts'

const benchmark = 'kafka'
const TURNS = 2
const WARM_UP_SECONDS = 2
const LANES = 12
const LOOK_EVERY_MS = 100
const TARGET_MS = SECOND_MS

/**
 * How far the stream is behind while orders come at a steady rate, the same over both logs, in turns.
 * @param perSecond orders a second
 */
export async function lagFigures(
  logs: TwoLogs,
  { world, seconds, perSecond }: { world: BenchWorld; seconds: number; perSecond: number },
): Promise<Figure[]> {
  const lags = { Postgres: [] as number[], Kafka: [] as number[] }
  const answers = { Postgres: [] as number[], Kafka: [] as number[] }
  let firstNumber = 800_000_000_000
  const running = [
    await startIntake(logs.postgres, { withReaders: true }),
    await startIntake(logs.kafka, { withReaders: true }),
  ]
  try {
    for (let turn = 0; turn < TURNS; turn += 1) {
      for (const { log, url } of running) {
        const lanes = await openLanes({ url, world, firstNumber })
        await lanes.send(perSecond, WARM_UP_SECONDS)
        const looking = lookEvery(LOOK_EVERY_MS, async () => void lags[log.name].push(await readLag(log)))
        answers[log.name].push(...(await lanes.send(perSecond, Math.ceil(seconds / TURNS))))
        await looking.stop()
        firstNumber += lanes.numbers()
        lanes.close()
      }
    }
    for (const { log } of running) await untilDrained(log.sql)
  } finally {
    await Promise.all(running.map(one => one.stop()))
  }
  const at = `at ${Math.round(perSecond).toLocaleString('en')} orders/s, half of what the intake took`
  const figure = (name: string, times: typeof lags, share: number): Figure => {
    const of = (log: LogUnderTest['name']) =>
      percentile(
        times[log].toSorted((left, right) => left - right),
        share,
      )
    return {
      benchmark,
      name: `${name} over Kafka ${at}`,
      value: of('Kafka'),
      unit: 'ms',
      beside: { name: 'over Postgres', value: of('Postgres') },
    }
  }
  return [
    figure('answer, p50,', answers, 0.5),
    figure('answer, p99,', answers, 0.99),
    figure('lag of the stream, p50,', lags, 0.5),
    { ...figure('lag of the stream, longest,', lags, 1), target: { atMost: TARGET_MS } },
  ]
}

/** Connections that send orders at a rate, each answer timed from when its request was due. */
async function openLanes(options: { url: string; world: BenchWorld; firstNumber: number }) {
  const { url, world, firstNumber } = options
  let number = firstNumber
  const connections = await Promise.all(
    Array.from({ length: LANES }, () => openHttpConnection(url, '/api/v1/events')),
  )
  const lanes = connections.map((connection, lane) => {
    const random = createRandom(firstNumber + lane, 'bench lag')
    const bodies = world.stores.map(store =>
      createRequestBody(world, { store, orders: ORDERS_PER_REQUEST, seed: lane }),
    )
    return async () => {
      const body = random.pick(bodies)
      body.stamp(number, formatInstant(Date.now()))
      number += body.orders
      const { status, body: text } = await connection.post(body.bytes)
      if (status !== 200) throw new Error(`the intake answered ${status}: ${text.slice(0, 300)}`)
    }
  })
  return {
    send: (perSecond: number, seconds: number) =>
      sendSteadily({ perSecond: Math.max(1, Math.round(perSecond / ORDERS_PER_REQUEST)), seconds, lanes }),
    numbers: () => number - firstNumber,
    close: () => {
      for (const connection of connections) connection.close()
    },
  }
}

/** How long ago what the stream has done last was appended, of the worst partition: orders come to all of them. */
async function readLag({ sql }: LogUnderTest): Promise<number> {
  const [row] = await sql<{ ms: number }[]>`
    select max(extract(epoch from clock_timestamp() - c.appended_at) * 1000)::float8 as ms
    from stream.checkpoints c join stream.active_generation using (generation)`
  return row?.ms ?? 0
}
