import path from 'node:path'
import { type BenchWorld, loadOrders, writeBenchStores } from '#bench/load/world.ts'
import { parentOf } from '#bench/system/process-table.ts'
import { countStored, freeIntakePort, onBenchPostgres, untilUp } from '#bench/system/system.ts'
import { connect, type Sql } from '#db/client.ts'
import { migrate } from '#db/migrate.ts'
import { databaseUrl } from '#db/testing/server.ts'
import { SECOND_MS } from '#domain/instant.ts'
import { type Program, runProgram, startProgram } from '#platform/process.ts'
import { startBroker } from '#scale/kafka/broker.ts'

/** A database with the bench world in it, and the log it has. */
export interface LogUnderTest {
  name: 'Postgres' | 'Kafka'
  sql: Sql
  /** What programs need to work on it. */
  settings: Readonly<Record<string, string>>
}

export interface TwoLogs {
  postgres: LogUnderTest
  kafka: LogUnderTest
  /** Of the server of both databases, and of the broker. */
  pids: { postgres: number; broker: number }
  /** Orders a second, of the copy of the log into the topic. */
  adoptedPerSecond: number
}

/**
 * Two databases of one server with the same orders: the log of one is in it, that of the other in a broker of this
 * machine, which flushes every append as Postgres does.
 */
export async function onTwoLogs<Result>(
  { world, orders }: { world: BenchWorld; orders: number },
  work: (logs: TwoLogs) => Promise<Result>,
): Promise<Result> {
  return onBenchPostgres(async ({ url, sql, settings }) => {
    const dataDir = settings.DATA_DIR ?? ''
    const broker = await startBroker({ dataDir: path.join(dataDir, 'kafka'), heapMb: 512 })
    const kafkaUrl = databaseUrl(url, 'bench_kafka')
    await sql.unsafe('create database bench_kafka')
    await migrate(kafkaUrl)
    const beside = connect(kafkaUrl, { max: 5, applicationName: 'bench' })
    try {
      for (const each of [sql, beside]) {
        await writeBenchStores(each, world)
        await loadOrders(each, world, orders)
      }
      for (const DATABASE_URL of [url, kafkaUrl])
        await runProgram({
          entry: 'server/stream/main.ts',
          args: ['--until-caught-up'],
          settings: { ...settings, DATABASE_URL },
        })
      const onKafka = {
        ...settings,
        DATABASE_URL: kafkaUrl,
        DATA_DIR: path.join(dataDir, 'beside'),
        KAFKA_URL: broker.url,
      }
      const began = performance.now()
      await runProgram({ entry: 'server/log/kafka/main.ts', args: ['adopt-kafka'], settings: onKafka })
      const adoptedPerSecond = orders / ((performance.now() - began) / SECOND_MS)
      const [backend] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`
      return await work({
        postgres: { name: 'Postgres', sql, settings },
        kafka: { name: 'Kafka', sql: beside, settings: onKafka },
        pids: { postgres: parentOf(backend?.pid ?? 0) ?? 0, broker: broker.pid },
        adoptedPerSecond,
      })
    } finally {
      await beside.end({ timeout: 1 })
      await broker.stop()
    }
  })
}

/** An intake, and what reads behind it where that is wanted. */
export interface RunningIntake {
  log: LogUnderTest
  url: string
  intake: Program
  readers: Program[]
  stop(): Promise<void>
}

/** Lets the stream read all that is in a log. @throws where that is not what was loaded and acknowledged */
export async function readToEnd({ name, sql, settings }: LogUnderTest, orders: number): Promise<void> {
  const archiver = name === 'Kafka' ? startProgram({ entry: 'server/log/archiver/main.ts', settings }) : null
  try {
    await runProgram({ entry: 'server/stream/main.ts', args: ['--until-caught-up'], settings })
    const stored = await countStored(sql)
    if (stored !== orders)
      throw new Error(`${orders} orders were loaded or acknowledged, but ${stored} are in the log in ${name}`)
  } finally {
    await archiver?.stop()
  }
}

/** @param withReaders the stream path, and the archiver where the log is in Kafka */
export async function startIntake(
  log: LogUnderTest,
  { withReaders }: { withReaders: boolean },
): Promise<RunningIntake> {
  const port = await freeIntakePort()
  const settings = { ...log.settings, INTAKE_PORT: String(port) }
  const start = (entry: string) => startProgram({ entry, settings })
  const intake = start('server/intake/main.ts')
  const archivers = log.name === 'Kafka' ? ['server/log/archiver/main.ts'] : []
  const readers = withReaders ? ['server/stream/main.ts', ...archivers].map(start) : []
  const url = `http://127.0.0.1:${port}`
  const stop = async () => {
    await Promise.all([intake, ...readers].map(program => program.stop()))
  }
  try {
    await untilUp(intake, `${url}/healthz`)
    return { log, url, intake, readers, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
