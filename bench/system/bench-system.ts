import { setTimeout as sleep } from 'node:timers/promises'
import type { BenchWorld } from '#bench/load/bench-world.ts'
import { writeBenchStores } from '#bench/load/write-stores.ts'
import { connect, type Sql } from '#db/client.ts'
import { SECOND_MS } from '#domain/instant.ts'
import { heapFlagsOf } from '#platform/launch/processes.ts'
import { type BenchPostgres, startBenchPostgres } from './bench-postgres.ts'
import { type BenchProcess, freePort, startProcess, untilUp } from './child-process.ts'
import { parentOf } from './processor-time.ts'

/** The product as it runs, on a Postgres of its own. */
export interface BenchSystem {
  postgres: BenchPostgres
  sql: Sql
  intakeUrl: string
  /** Only where it was asked for. */
  webUrl: string
  processes: { intake: BenchProcess; stream: BenchProcess; web: BenchProcess | null }
  /** The Postgres server's process; null where nobody can tell. */
  serverPid: number | null
  stop(): Promise<void>
}

const DRAIN_WITHIN_MS = 60 * SECOND_MS

/** Starts intake and stream, and the live gateway if asked to, with the load's stores known. */
export async function startSystem(
  world: BenchWorld,
  { withWeb }: { withWeb: boolean },
): Promise<BenchSystem> {
  const postgres = await startBenchPostgres()
  const sql = connect(postgres.url, { max: 3, applicationName: 'bench' })
  await writeBenchStores(sql, world)
  const [intakePort, port] = [await freePort(), await freePort()]
  const environment = {
    DATABASE_URL: postgres.url,
    DATA_DIR: postgres.dataDir,
    INTAKE_PORT: String(intakePort),
    PORT: String(port),
  }
  const intake = startProcess({ entry: 'server/intake/main.ts', environment })
  const stream = startProcess({ entry: 'server/stream/main.ts', environment })
  const web = withWeb
    ? startProcess({
        entry: 'bench/system/live-gateway-main.ts',
        flags: heapFlagsOf('web'),
        environment,
      })
    : null
  const intakeUrl = `http://127.0.0.1:${intakePort}`
  const webUrl = `http://127.0.0.1:${port}`
  const system: BenchSystem = {
    postgres,
    sql,
    intakeUrl,
    webUrl,
    processes: { intake, stream, web },
    serverPid: null,
    async stop() {
      await Promise.all([intake.stop(), stream.stop(), web?.stop()])
      await sql.end({ timeout: 1 })
      await postgres.drop()
    },
  }
  try {
    await untilUp(intake, `${intakeUrl}/healthz`)
    if (web) await untilUp(web, `${webUrl}/healthz`)
    const [backend] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`
    return { ...system, serverPid: parentOf(backend?.pid ?? 0) }
  } catch (error) {
    await system.stop()
    throw error
  }
}

/** Waits until the stream path has done all that the log holds. @throws when that takes longer than a minute */
export async function untilDrained(sql: Sql): Promise<void> {
  for (const began = performance.now(); performance.now() - began < DRAIN_WITHIN_MS; await sleep(50)) {
    const [row] = await sql<{ behind: number }[]>`
      select coalesce(sum(l."offset" - coalesce(c."offset", 0)), 0)::bigint as behind
      from log.partitions p cross join lateral log.last_position(p.partition) l
      left join (select c.* from stream.checkpoints c join stream.active_generation using (generation)) c
        on c.partition = p.partition`
    if (row?.behind === 0) return
  }
  throw new Error('the stream path did not reach the end of the log')
}

export async function countStored(sql: Sql): Promise<number> {
  const [row] = await sql<
    { count: number }[]
  >`select count(*) as count from log.event_log where type <> 'tick'`
  return row?.count ?? 0
}
