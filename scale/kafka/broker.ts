import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fetchJars } from '#platform/jvm/fetch-jars.ts'
import { BROKER_FILES } from '#platform/jvm/local-broker.ts'
import { freePorts, type Jvm, runJvm, startJvm, whenListening } from '#platform/jvm/start-jvm.ts'

export interface BrokerOptions {
  /** Folder of everything this broker keeps: its log, its settings, what it says. Made when it is missing. */
  dataDir: string
  host?: string
  /** Where clients connect. Left out: a free one. */
  port?: number
  /** Where it talks to itself as its controller. Left out: a free one. */
  controllerPort?: number
  heapMb?: number
  /** Whether every append is on the disk before it is acknowledged. False for tests that cut no power. */
  isDurable?: boolean
  onFetch?: (missing: number) => void
}

/** A Kafka broker of this machine, its own controller (KRaft). */
export interface Broker extends Jvm {
  /** host:port, as KAFKA_URL takes it. */
  readonly url: string
  readonly port: number
  readonly logFile: string
}

const LOCK_FILE = path.join(import.meta.dirname, 'jars.lock.json')
const TEMPLATE = path.join(import.meta.dirname, 'server.properties')

/**
 * A broker on 2 cores that others use too has been seen to take 5 s, and more than a minute where there was work for
 * twenty. One that fails ends by itself, and is not waited for.
 */
const PATIENCE_MS = 180_000

/** Without a size asked for: else the young generation is a third of the heap, and all of it is touched in turn. */
const SMALL_HEAP = ['-Xms96m', '-XX:NewSize=32m', '-XX:MaxNewSize=32m']

const NEVER = '9223372036854775807'

/**
 * Starts a broker on its folder, which is made ready the first time; about 5 s and 350 MB with the default heap.
 * What an earlier start of the same folder has left running is ended first.
 *
 * @throws JavaMissingError, JarError, JvmFailedError
 */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const { dataDir, host = '127.0.0.1', heapMb = 256, isDurable = true } = options
  const classPath = await fetchJars(LOCK_FILE, { ...(options.onFetch && { onFetch: options.onFetch }) })
  await mkdir(dataDir, { recursive: true })
  const [freePort = 0, freeController = 0] = await freePorts(2, host)
  const { port = freePort, controllerPort = freeController } = options
  const logDir = path.join(dataDir, 'log')
  const settings = path.join(dataDir, 'server.properties')
  const logFile = path.join(dataDir, 'broker.log')
  await writeFile(
    settings,
    await filledTemplate({
      host,
      port: String(port),
      controllerPort: String(controllerPort),
      dataDir: logDir,
      flushInterval: isDurable ? '1' : NEVER,
    }),
  )
  if (!existsSync(path.join(logDir, 'meta.properties'))) {
    await runJvm({
      name: 'Kafka',
      classPath,
      mainClass: 'kafka.tools.StorageTool',
      flags: ['-Xmx128m', '-XX:TieredStopAtLevel=1'],
      args: ['format', '--config', settings, '--cluster-id', clusterId()],
      logFile,
    })
  }
  const url = `${host}:${port}`
  await writeFile(path.join(dataDir, BROKER_FILES.url), url)
  const jvm = await startJvm({
    name: 'Kafka',
    classPath,
    mainClass: 'kafka.Kafka',
    // Small heaps and two cores: the serial collector takes the least of both.
    flags: [
      `-Xmx${heapMb}m`,
      '-XX:+UseSerialGC',
      '-XX:+ExitOnOutOfMemoryError',
      ...(options.heapMb === undefined ? SMALL_HEAP : []),
    ],
    args: [settings],
    logFile,
    pidFile: path.join(dataDir, BROKER_FILES.pid),
  })
  try {
    await whenListening(jvm, { host, port, patienceMs: PATIENCE_MS }, { name: 'Kafka', logFile })
  } catch (error) {
    await jvm.stop()
    throw error
  }
  return { ...jvm, url, port, logFile }
}

/** As Kafka makes them, in 22 characters; one that begins with a dash would be taken for an option. */
function clusterId(): string {
  const id = randomBytes(16).toString('base64url')
  return id.startsWith('-') ? clusterId() : id
}

async function filledTemplate(values: Record<string, string>): Promise<string> {
  const template = await readFile(TEMPLATE, 'utf8')
  // The comment that names {…} holds no name.
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole)
}
