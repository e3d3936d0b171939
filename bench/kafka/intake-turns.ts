import { type Figure, percentile } from '#bench/figures.ts'
import { createBulkLoad, ORDERS_PER_REQUEST } from '#bench/load/send-orders.ts'
import type { BenchWorld } from '#bench/load/world.ts'
import { processorSeconds } from '#bench/system/process-table.ts'
import { SECOND_MS } from '#domain/instant.ts'
import { type LogUnderTest, type RunningIntake, startIntake, type TwoLogs } from './two-logs.ts'

const benchmark = 'kafka'
const MICROS = 1_000_000
/** The first warms up. */
const TURNS = 4
const TARGET_RATIO = 0.7

/** What one intake has done in its turns. */
interface Work {
  orders: number
  seconds: number
  answersMs: number[]
  /** Processor seconds by process. */
  used: Record<string, number>
}

/**
 * The intake over HTTP with its log in Kafka and with its log in Postgres, in turns: the same senders, each answer after
 * a durable write in both, exact recognition in both.
 * @param withReaders the stream path beside both, and the archiver beside Kafka's
 */
export async function intakeFigures(
  logs: TwoLogs,
  { world, seconds, withReaders }: { world: BenchWorld; seconds: number; withReaders: boolean },
): Promise<{ figures: Figure[]; kafkaPerSecond: number; acknowledged: Map<LogUnderTest['name'], number> }> {
  const running = [
    await startIntake(logs.postgres, { withReaders }),
    await startIntake(logs.kafka, { withReaders }),
  ]
  const works = new Map<LogUnderTest['name'], Work>()
  const acknowledged = new Map<LogUnderTest['name'], number>()
  try {
    let firstNumber = withReaders ? 500_000_000_000 : 0
    for (let turn = 0; turn < TURNS; turn += 1) {
      for (const one of running) {
        const work = await takeTurn(one, { logs, world, firstNumber, ms: (seconds * SECOND_MS) / TURNS })
        firstNumber += work.numbers
        acknowledged.set(one.log.name, (acknowledged.get(one.log.name) ?? 0) + work.orders)
        if (turn > 0) works.set(one.log.name, addUp(works.get(one.log.name), work))
      }
    }
  } finally {
    await Promise.all(running.map(one => one.stop()))
  }
  const [kafka, postgres] = [works.get('Kafka'), works.get('Postgres')]
  if (!kafka || !postgres) throw new Error('an intake was not measured')
  return {
    figures: figuresOf({ kafka, postgres }, withReaders),
    kafkaPerSecond: kafka.orders / kafka.seconds,
    acknowledged,
  }
}

async function takeTurn(
  { url, intake, readers }: RunningIntake,
  options: { logs: TwoLogs; world: BenchWorld; firstNumber: number; ms: number },
): Promise<Work & { numbers: number }> {
  const { logs, world, firstNumber, ms } = options
  const parts = [
    { name: 'intake', pid: intake.pid, withChildren: false },
    { name: 'Postgres', pid: logs.pids.postgres, withChildren: true },
    { name: 'broker', pid: logs.pids.broker, withChildren: false },
    ...['stream', 'archiver'].flatMap((name, index) => {
      const reader = readers[index]
      return reader ? [{ name, pid: reader.pid, withChildren: false }] : []
    }),
  ]
  const load = createBulkLoad({ url, world, hotStore: false, firstNumber })
  const before = parts.map(processorSeconds)
  const began = performance.now()
  await load.run(ms)
  const elapsed = (performance.now() - began) / SECOND_MS
  const used = Object.fromEntries(
    parts.map((part, index) => [part.name, (processorSeconds(part) ?? Number.NaN) - (before[index] ?? 0)]),
  )
  return {
    orders: load.accepted(),
    seconds: elapsed,
    answersMs: load.answersMs(),
    used,
    numbers: load.numbers(),
  }
}

function addUp(sum: Work | undefined, work: Work): Work {
  if (!sum) return work
  return {
    orders: sum.orders + work.orders,
    seconds: sum.seconds + work.seconds,
    answersMs: [...sum.answersMs, ...work.answersMs],
    used: Object.fromEntries(
      Object.entries(work.used).map(([name, value]) => [name, value + (sum.used[name] ?? 0)]),
    ),
  }
}

function figuresOf(works: { kafka: Work; postgres: Work }, withReaders: boolean): Figure[] {
  const { kafka, postgres } = works
  const how = withReaders ? ', stream beside it' : ', alone'
  const rate = ({ orders, seconds }: Work) => orders / seconds
  const beside = (value: number) => ({ name: 'the log in Postgres', value })
  const answer = ({ answersMs }: Work, share: number) =>
    percentile(
      answersMs.toSorted((left, right) => left - right),
      share,
    )
  const names = [...new Set([...Object.keys(kafka.used), ...Object.keys(postgres.used)])]
  const perOrder = ({ used, orders }: Work, name: string) => ((used[name] ?? 0) / orders) * MICROS
  return [
    {
      benchmark,
      name: `intake over Kafka, POSTs of ${ORDERS_PER_REQUEST} orders${how}`,
      value: rate(kafka),
      unit: 'orders/s',
      beside: beside(rate(postgres)),
      target: { atLeast: TARGET_RATIO * rate(postgres) },
    },
    ...[0.5, 0.99].map(
      (share): Figure => ({
        benchmark,
        name: `answer at that rate, p${share * 100}${how}`,
        value: answer(kafka, share),
        unit: 'ms',
        beside: beside(answer(postgres, share)),
      }),
    ),
    ...names.map(
      (name): Figure => ({
        benchmark,
        name: `processor an order: ${name}${how}`,
        value: perOrder(kafka, name),
        unit: 'µs',
        beside: beside(perOrder(postgres, name)),
      }),
    ),
  ]
}
