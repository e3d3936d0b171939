import { connect } from '#db/client.ts'
import { seededRandom } from '#domain/testing/random-events.ts'
import type { AppendStep } from '#server/log/kafka/appender.ts'
import { createKafkaLog } from '#server/log/kafka/kafka-log.ts'
import { LogUnavailableError, type PartitionEvents } from '#server/log/order-log.ts'
import { testEvent } from '#server/log/testing/events.ts'

// An intake of a test, in a process of its own: appends batches and prints what it was told of each, one line a batch,
// until it is done or killed.

/** What the process is given, as JSON. */
export interface AppendOrders {
  url: string
  broker: string
  topic: string
  /** Batches are drawn with it; the same seed draws the same. */
  seed: number
  batches: number
  /** Ids are drawn from as many: the fewer, the more often two meet on one. */
  ids: number
  /** To how many partitions each goes; drawn where it is left out. */
  places?: 1 | 2
  /** Ends or freezes the process at a step of its first append. */
  stopAt?: AppendStep
  signal?: 'SIGKILL' | 'SIGSTOP'
  /** After which the broker takes back a transaction of it that nobody ends; left out: as of an intake. */
  transactionWithinMs?: number
}

/** A line it prints: what it sent, and what it was told, unless the log was away. */
export interface AppendReport {
  groups: { partition: number; ids: string[]; hashes: string[]; outcomes: string[] | null }[]
}

/** The batches of a seed: of one partition, or of two at once. Bodies differ for some ids, which is a conflict. */
export function drawBatch(
  random: () => number,
  ids: number,
  places: 1 | 2 = random() < 0.25 ? 2 : 1,
): PartitionEvents[] {
  const below = (limit: number) => Math.floor(random() * limit)
  const partition = below(4)
  const partitions = places === 2 ? [partition, (partition + 1) % 4] : [partition]
  return partitions.map(of => ({
    partition: of,
    events: Array.from({ length: 1 + below(6) }, () => {
      const id = `id-${below(ids)}`
      return testEvent({ id, partition: of, source: 'till', units: below(12) === 0 ? 9 : 2 })
    }),
  }))
}

if (import.meta.main) {
  const orders: AppendOrders = JSON.parse(process.argv[2] ?? '{}')
  const { url, broker, topic, stopAt, signal = 'SIGKILL', transactionWithinMs } = orders
  const sql = connect(url, { max: 3 })
  let isStopped = false
  const log = createKafkaLog({
    sql,
    brokers: [broker],
    topic,
    ...(transactionWithinMs !== undefined && { transactionWithinMs }),
    onStep(step) {
      if (step !== stopAt || isStopped) return
      isStopped = true
      process.stdout.write(`at ${step}\n`)
      process.kill(process.pid, signal)
    },
  })
  const random = seededRandom(orders.seed)
  for (let batch = 0; batch < orders.batches; batch += 1) {
    const groups = drawBatch(random, orders.ids, orders.places)
    let outcomes: string[][] | null = null
    try {
      outcomes = (await log.appendTogether(groups)).map(result => result.outcomes.map(({ kind }) => kind))
    } catch (error) {
      if (!(error instanceof LogUnavailableError)) throw error
    }
    const report: AppendReport = {
      groups: groups.map(({ partition, events }, index) => ({
        partition,
        ids: events.map(({ id }) => id),
        hashes: events.map(({ bodyHash }) => bodyHash),
        outcomes: outcomes?.[index] ?? null,
      })),
    }
    process.stdout.write(`${JSON.stringify(report)}\n`)
  }
  await log.close()
  await sql.end()
}
