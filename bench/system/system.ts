import { setTimeout as sleep } from 'node:timers/promises'
import { type BenchWorld, writeBenchStores } from '#bench/load/world.ts'
import { connect, type Sql } from '#db/client.ts'
import { acquireEmbeddedPostgres } from '#db/embedded/embedded-postgres.ts'
import { migrate } from '#db/migrate.ts'
import { makeTestDirectory, removeTestDirectory } from '#db/testing/server.ts'
import { SECOND_MS } from '#domain/instant.ts'
import { isUpWithin } from '#platform/launch/health.ts'
import { reservePorts } from '#platform/launch/ports.ts'
import { heapFlagsOf } from '#platform/launch/processes.ts'
import { type Program, type ProgramOptions, startProgram } from '#platform/process.ts'
import { type Periodic, startPeriodic } from '#platform/time.ts'
import { parentOf } from './process-table.ts'

/** A new server of the benchmark's own, migrated, with every commit durable. */
async function startBenchPostgres() {
  const dataDir = await makeTestDirectory()
  const server = await acquireEmbeddedPostgres(dataDir)
  await migrate(server.url)
  return {
    url: server.url,
    /** What programs need to work on it. */
    settings: {
      NODE_ENV: 'production',
      LOG_LEVEL: 'warn',
      DATABASE_URL: server.url,
      DATA_DIR: dataDir,
    },
    async drop(): Promise<void> {
      await server.release()
      await removeTestDirectory(dataDir)
    },
  }
}

/** Works on a server of the benchmark's own, and drops it. */
export async function onBenchPostgres<Result>(
  work: (postgres: { url: string; settings: Readonly<Record<string, string>>; sql: Sql }) => Promise<Result>,
): Promise<Result> {
  const { url, settings, drop } = await startBenchPostgres()
  const sql = connect(url, { max: 5, applicationName: 'bench' })
  try {
    return await work({ url, settings, sql })
  } finally {
    await sql.end({ timeout: 1 })
    await drop()
  }
}

export type BenchSystem = Awaited<ReturnType<typeof startSystem>>

const HOST = '127.0.0.1'
const UP_WITHIN_MS = 20 * SECOND_MS
const DRAIN_WITHIN_MS = 60 * SECOND_MS

/**
 * The product as it runs, on a Postgres of its own: intake and stream, and the live gateway if asked to, with the
 * load's stores known.
 */
export async function startSystem(world: BenchWorld, { withWeb }: { withWeb: boolean }) {
  const postgres = await startBenchPostgres()
  const sql = connect(postgres.url, { max: 3, applicationName: 'bench' })
  await writeBenchStores(sql, world)
  const { port, intakePort, giveUp } = await reservePorts(HOST, {})
  await giveUp()
  const settings = { ...postgres.settings, INTAKE_PORT: String(intakePort), PORT: String(port) }
  const start = (entry: string, flags: ProgramOptions['flags'] = []) =>
    startProgram({ entry, flags, settings })
  const intake = start('server/intake/main.ts')
  const stream = start('server/stream/main.ts')
  const web = withWeb ? start('bench/system/live-gateway-main.ts', heapFlagsOf('web')) : null
  const intakeUrl = `http://${HOST}:${intakePort}`
  const webUrl = `http://${HOST}:${port}`
  async function stop(): Promise<void> {
    await Promise.all([intake.stop(), stream.stop(), web?.stop()])
    await sql.end({ timeout: 1 })
    await postgres.drop()
  }
  try {
    await untilUp(intake, `${intakeUrl}/healthz`)
    if (web) await untilUp(web, `${webUrl}/healthz`)
    const [backend] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`
    const serverPid = parentOf(backend?.pid ?? 0)
    return { postgres, sql, intakeUrl, webUrl, processes: { intake, stream, web }, serverPid, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** A port for an intake that nobody listens at. */
export async function freeIntakePort(): Promise<number> {
  const { intakePort, giveUp } = await reservePorts(HOST, {})
  await giveUp()
  return intakePort
}

/** @throws what the program said when it ended instead, or took too long */
export async function untilUp(program: Program, url: string): Promise<void> {
  const over = new AbortController()
  void program.ended.then(() => over.abort())
  const isUp = await isUpWithin({ url, timeoutMs: UP_WITHIN_MS, stop: over.signal }).catch(() => false)
  if (!isUp) throw new Error(`nothing answers at ${url}:\n${program.output()}`)
}

/** Waits until the stream path has done all that the log holds. @throws when that takes longer than a minute */
export async function untilDrained(sql: Sql): Promise<void> {
  let least = Number.POSITIVE_INFINITY
  for (let movedAt = performance.now(); performance.now() - movedAt < DRAIN_WITHIN_MS; await sleep(50)) {
    const { events } = await readLag(sql)
    if (events === 0) return
    if (events < least) movedAt = performance.now()
    least = Math.min(least, events)
  }
  throw new Error('the stream path does not come nearer to the end of the log')
}

/**
 * How far the stream path is behind the log: events of all partitions; and milliseconds of the worst one, since the
 * newest entry that it has done was appended, while there is a newer one.
 */
export async function readLag(sql: Sql): Promise<{ events: number; ms: number }> {
  const [row] = await sql<{ events: number; ms: number }[]>`
    select coalesce(sum(l."offset" - coalesce(c."offset", 0)), 0)::bigint as events,
      coalesce(max(case when l."offset" > coalesce(c."offset", 0)
        then extract(epoch from clock_timestamp() - coalesce(c.appended_at, clock_timestamp())) * 1000 else 0 end), 0)::float8 as ms
    from log.partitions p cross join lateral log.last_position(p.partition) l
    left join (select c.* from stream.checkpoints c join stream.active_generation using (generation)) c
      on c.partition = p.partition`
  if (!row) throw new Error('the lag of the stream path came back empty')
  return row
}

/** Looks again and again while something is measured. A look that fails ends the benchmark. */
export function lookEvery(everyMs: number, look: () => Promise<void>): Periodic {
  return startPeriodic(look, {
    everyMs,
    onFailure(error) {
      throw error
    },
  })
}

export async function countStored(sql: Sql): Promise<number> {
  const [row] = await sql<
    { count: number }[]
  >`select count(*) as count from log.event_log where type <> 'tick'`
  return row?.count ?? 0
}
