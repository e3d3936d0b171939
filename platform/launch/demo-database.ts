import { rm } from 'node:fs/promises'
import path from 'node:path'
import {
  acquireEmbeddedPostgres,
  type EmbeddedPostgres,
  resetEmbedded,
} from '#db/embedded/embedded-postgres.ts'
import { migrate, SchemaMismatchError } from '#db/migrate.ts'
import { openDatabase, withConnection } from '#db/open.ts'
import type { Environment } from '#platform/environment.ts'
import { howEnded, runProgram, startProgram, unlessStopped } from '#platform/process.ts'
import { resetKafka } from './kafka.ts'

/** What the seeder leaves beside the database, and the simulators go on from. */
const simulatorFiles = ['seed.json', 'shops.json', 'journals', 'simulators']

/** The database that everything started here works on. */
export type ServedDatabase = Readonly<{
  url: string
  /** Undefined for a database that somebody else runs (DATABASE_URL). */
  embedded: EmbeddedPostgres | undefined
  /** @param patienceMs how long to wait for the end of an embedded server that nobody else uses */
  release(patienceMs?: number): Promise<void>
}>

/** @throws EmbeddedPostgresError or DatabaseUnreachableError, saying what to do */
export async function openServedDatabase(environment: Environment): Promise<ServedDatabase> {
  if (environment.databaseUrl !== undefined)
    return { ...(await openDatabase(environment)), embedded: undefined }
  const embedded = await acquireEmbeddedPostgres(environment.dataDir)
  return { url: embedded.url, embedded, release: embedded.release }
}

/** @throws an error that offers to begin anew, for an embedded database whose tables are not of this version */
export async function migrateDemo({ url, embedded }: ServedDatabase): Promise<void> {
  await migrate(url).catch((cause: Error) => {
    if (embedded === undefined || !(cause instanceof SchemaMismatchError)) throw cause
    throw new Error(
      `${cause.message}\nTo delete what the demo kept and begin anew: npm run demo -- --reset`,
      { cause },
    )
  })
}

/**
 * Deletes what an earlier demo kept: its database, its topic, what the simulators know, and the drop folder where that is
 * our own.
 *
 * @throws an error when the database is not ours to delete, EmbeddedPostgresError when others use it
 */
export async function resetDemo(environment: Environment): Promise<void> {
  if (environment.databaseUrl !== undefined) {
    throw new Error(
      '--reset deletes only the embedded database, and DATABASE_URL is set. Empty that database yourself, or unset DATABASE_URL.',
    )
  }
  await resetEmbedded(environment.dataDir)
  await resetKafka(environment)
  for (const name of simulatorFiles) {
    await rm(path.join(environment.dataDir, name), { recursive: true, force: true })
  }
  const ownDropDir = path.join(environment.dataDir, 'drop')
  if (environment.dropDir === ownDropDir) await rm(ownDropDir, { recursive: true, force: true })
}

/** The seeder loads a history whole or not at all, so a log that is not empty needs none. */
export async function isLogEmpty(url: string): Promise<boolean> {
  return withConnection(url, { applicationName: 'tillstream demo' }, async sql => {
    const [row] = await sql`select not exists (select from log.event_log) as empty`
    return row?.empty === true
  })
}

/** Whether the order log of a database is a topic of Kafka. */
export async function isLogInKafka(url: string): Promise<boolean> {
  return withConnection(url, { applicationName: 'tillstream demo' }, async sql => {
    const [row] = await sql<{ adopted: boolean }[]>`select exists (select from log.kafka) as adopted`
    return row?.adopted === true
  })
}

/** Whether Flink has filled a generation of the stream's tables: it goes on with it. */
export async function hasFlinkGeneration(url: string): Promise<boolean> {
  return withConnection(url, { applicationName: 'tillstream demo' }, async sql => {
    const [row] = await sql<{ isThere: boolean }[]>`
      select exists (select from stream.generations where engine = 'flink') as "isThere"`
    return row?.isThere === true
  })
}

/**
 * Copies a log from Postgres into an empty topic, which is the log from then on.
 *
 * @throws an error that says why not; the reason of `stop` when that fires: the log stays where it was
 */
export async function adoptKafka(options: {
  databaseUrl: string
  kafkaUrl: string
  stop: AbortSignal
}): Promise<void> {
  const { databaseUrl, kafkaUrl, stop } = options
  await runProgram({
    entry: 'server/log/kafka/main.ts',
    args: ['adopt-kafka'],
    settings: { DATABASE_URL: databaseUrl, KAFKA_URL: kafkaUrl },
    stop,
  })
}

/**
 * Runs the seeder in our terminal, where it shows its progress.
 *
 * @throws an error that says how it ended (why, it has said itself); the reason of `stop` when that fires
 */
export async function runSeeder(options: {
  databaseUrl: string
  dataDir: string
  args: readonly string[]
  stop: AbortSignal
}): Promise<void> {
  const { databaseUrl, dataDir, args, stop } = options
  const seeder = startProgram({
    entry: 'seed/seeder/main.ts',
    args,
    settings: { DATABASE_URL: databaseUrl, DATA_DIR: dataDir },
    output: 'inherit',
    stop,
  })
  // Whoever asks for the end need not wait for a long statement.
  const ended = await unlessStopped(stop, seeder.ended)
  if (ended.code !== 0) throw new Error(`Seeding failed (${howEnded(ended)}).`)
}
