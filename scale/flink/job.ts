import { globSync } from 'node:fs'
import { mkdir, readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import {
  freePorts,
  type Jvm,
  JvmFailedError,
  runningProcess,
  startJvm,
  whenListening,
} from '#platform/jvm/start-jvm.ts'
import { pause } from '#platform/time.ts'
import { jobClassPath, OPENS } from './build.ts'

export interface FlinkJobOptions {
  /** host:port, comma separated. */
  brokers: string
  topic: string
  databaseUrl: string
  /** Whose tables it fills. */
  generation: number
  /** Folder of its checkpoints and its log: of this generation alone. */
  dataDir: string
  /** Where Flink's pages and REST are. Left out: a free port. */
  restPort?: number
  /** Tasks that share the partitions. */
  parallelism?: number
  backend?: 'hashmap' | 'rocksdb'
  heapMb?: number
  /** More flags of the JVM. */
  flags?: readonly string[]
  checkpointMs?: number
  gatherMs?: number
  largestBatch?: number
  /** A checkpoint or savepoint to begin from; left out: the newest of the folder. */
  from?: string
  /** Shown in log.owners. */
  owner?: string
  onFetch?: (missing: number) => void
}

/** The stream path as a Flink job, in a process of this machine. */
export interface FlinkJob extends Jvm {
  readonly restUrl: string
  readonly logFile: string
  /** Whether all its tasks run. */
  isRunning(): Promise<boolean>
  /** Stops with a savepoint, from which another version of the job, or a wider one, goes on. @returns its folder */
  stopWithSavepoint(): Promise<string>
}

const PID_FILE = 'flink.pid'

/** Folder of a generation that Flink fills, in that of the installation. */
export function generationDir(dataDir: string, generation: number): string {
  return path.join(dataDir, 'flink', `g${generation}`)
}

/** @returns the job's process that runs on an installation's folder, of whichever generation; undefined while none does */
export function flinkPid(dataDir: string): number | undefined {
  const files = globSync(path.join('flink', 'g*', PID_FILE), { cwd: dataDir })
  return files.map(file => runningProcess(path.join(dataDir, file))).find(pid => pid !== undefined)
}

const HOST = '127.0.0.1'
const PATIENCE_MS = 120_000
/** Of the heap: what comes of records and batches, beside the state that stays. */
const YOUNG_SHARE = 0.45

/**
 * Starts the job on its folder: from its newest checkpoint, where there is one. What an earlier start of the same folder has
 * left running is ended first. Returns once its REST answers; the tasks come up within seconds.
 *
 * @throws JavaMissingError, JarError, JvmFailedError
 */
export async function startFlinkJob(options: FlinkJobOptions): Promise<FlinkJob> {
  const { dataDir, heapMb = 512 } = options
  const classPath = await jobClassPath(options.onFetch)
  await mkdir(dataDir, { recursive: true })
  const restPort = options.restPort ?? (await freePorts(1))[0] ?? 0
  const logFile = path.join(dataDir, 'flink.log')
  const jvm = await startJvm({
    name: 'Flink',
    classPath,
    mainClass: 'tillstream.job.StreamJob',
    flags: [
      `-Xmx${heapMb}m`,
      // What a batch is made of is garbage soon after: the more room it has, the less of it is copied before.
      `-Xmn${Math.floor(heapMb * YOUNG_SHARE)}m`,
      '-XX:+UseSerialGC',
      '-XX:+ExitOnOutOfMemoryError',
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
      '-Dorg.slf4j.simpleLogger.log.tillstream=info',
      '-Dorg.slf4j.simpleLogger.showDateTime=true',
      '-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS',
      `-Djava.io.tmpdir=${await tempDir(dataDir)}`,
      ...OPENS,
      ...(options.flags ?? []),
    ],
    args: argumentsOf(options, restPort),
    settings: { DATABASE_URL: options.databaseUrl },
    logFile,
    pidFile: path.join(dataDir, PID_FILE),
  })
  try {
    await whenListening(
      jvm,
      { host: HOST, port: restPort, patienceMs: PATIENCE_MS },
      { name: 'Flink', logFile },
    )
  } catch (error) {
    await jvm.stop()
    throw error
  }
  return withRest(jvm, { restUrl: `http://${HOST}:${restPort}`, logFile, stateDir: stateDirOf(dataDir) })
}

const stateDirOf = (dataDir: string) => path.join(dataDir, 'state')

async function tempDir(dataDir: string): Promise<string> {
  const folder = path.join(dataDir, 'tmp')
  await mkdir(folder, { recursive: true })
  return folder
}

function argumentsOf(options: FlinkJobOptions, restPort: number): string[] {
  const given = {
    brokers: options.brokers,
    topic: options.topic,
    generation: options.generation,
    state: stateDirOf(options.dataDir),
    'rest-port': restPort,
    parallelism: options.parallelism,
    backend: options.backend,
    'checkpoint-ms': options.checkpointMs,
    'gather-ms': options.gatherMs,
    'largest-batch': options.largestBatch,
    from: options.from,
    owner: options.owner,
  }
  return Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`]))
}

const jobs = z.object({
  jobs: z.array(
    z.object({
      jid: z.string(),
      state: z.string(),
      tasks: z.object({ total: z.number(), running: z.number() }),
    }),
  ),
})
const trigger = z.object({ 'request-id': z.string() })
const savepoint = z.object({
  status: z.object({ id: z.enum(['IN_PROGRESS', 'COMPLETED']) }),
  operation: z
    .object({ location: z.string().optional(), 'failure-cause': z.object({ class: z.string() }).optional() })
    .nullish(),
})

function withRest(
  jvm: Jvm,
  { restUrl, logFile, stateDir }: { restUrl: string; logFile: string; stateDir: string },
): FlinkJob {
  async function ask(place: string, body?: object): Promise<unknown> {
    const response = await fetch(restUrl + place, {
      signal: AbortSignal.timeout(30_000),
      ...(body && {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    })
    if (!response.ok)
      throw new Error(`Flink answers ${response.status} to ${place}: ${await response.text()}`)
    return response.json()
  }
  async function theJob() {
    const [job] = jobs.parse(await ask('/jobs/overview')).jobs
    return job
  }
  /** @returns its folder; null where Flink was gone before it could tell, as it is once it has stopped */
  async function saved(place: string, body: object): Promise<string | null> {
    const job = await theJob()
    if (!job) throw new JvmFailedError(`Flink has no job. Its log is ${logFile}.`)
    const { 'request-id': request } = trigger.parse(await ask(`/jobs/${job.jid}/${place}`, body))
    for (;;) {
      const answer = await ask(`/jobs/${job.jid}/savepoints/${request}`).catch(() => null)
      if (answer === null) return null
      const { status, operation } = savepoint.parse(answer)
      const failure = operation?.['failure-cause']?.class
      if (failure !== undefined)
        throw new JvmFailedError(`no savepoint: ${failure}. Flink's log is ${logFile}.`)
      if (status.id === 'COMPLETED' && operation?.location) return new URL(operation.location).pathname
      await pause(100)
    }
  }
  return {
    ...jvm,
    restUrl,
    logFile,
    async isRunning() {
      const job = await theJob().catch(() => undefined)
      return job?.state === 'RUNNING' && job.tasks.running === job.tasks.total
    },
    async stopWithSavepoint() {
      const told = await saved('stop', { drain: false })
      const code = await jvm.ended
      const place = told ?? (await newestSavepoint(stateDir))
      if (code !== 0 || place === null)
        throw new JvmFailedError(`Flink did not stop with a savepoint. Its log is ${logFile}.`)
      return place
    },
  }
}

/** Flink writes `_metadata` last: a folder that has it is whole. */
async function newestSavepoint(stateDir: string): Promise<string | null> {
  const found = await Promise.all(
    (await readdir(stateDir))
      .filter(name => name.startsWith('savepoint-'))
      .map(async name => {
        const folder = path.join(stateDir, name)
        const at = await stat(path.join(folder, '_metadata')).catch(() => null)
        return { folder, at: at?.mtimeMs ?? 0 }
      }),
  )
  const newest = found.filter(({ at }) => at > 0).sort((one, other) => other.at - one.at)[0]
  return newest?.folder ?? null
}
