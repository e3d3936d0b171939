import { rm } from 'node:fs/promises'
import path from 'node:path'
import type { Environment } from '#platform/environment.ts'
import { BROKER_FILES, brokerFolder } from '#platform/jvm/local-broker.ts'
import { endLeftover, freePorts } from '#platform/jvm/start-jvm.ts'
import { backoffMs, pause } from '#platform/time.ts'
import { type Broker, startBroker } from '#scale/kafka/broker.ts'
import { seconds, type Terminal } from './terminal.ts'

/** The broker that everything started here appends to. */
export type ServedKafka = Readonly<{
  /** host:port, as KAFKA_URL takes it. */
  url: string
  /** Of the broker that runs now; undefined while none does. */
  pid(): number | undefined
  /** Asks it to end, and kills it when it has not done so in time. */
  stop(graceMs: number): Promise<void>
}>

const PAUSE = { firstMs: 100, longestMs: 10_000 }

/**
 * Starts a broker on this installation's folder and keeps it running: one that dies is started again, at the same port,
 * and those who talk to it connect anew.
 *
 * @throws JavaMissingError, JarError, JvmFailedError: each says what to do
 */
export async function serveKafka({
  environment,
  terminal,
  stop: stopped,
}: {
  environment: Environment
  terminal: Pick<Terminal, 'line' | 'warn'>
  stop: AbortSignal
}): Promise<ServedKafka> {
  const dataDir = brokerFolder(environment.dataDir)
  // Of this machine only: the broker asks nobody who they are.
  const host = '127.0.0.1'
  const [port = 0, controllerPort = 0] = await freePorts(2, host)
  const start = () =>
    startBroker({
      dataDir,
      host,
      port,
      controllerPort,
      onFetch: missing => terminal.line(`    Fetching ${missing} jars of Kafka (once; some 45 MB) …`),
    })
  let broker: Broker | undefined = await start()
  const { url } = broker
  const ending = new AbortController()
  const stop = AbortSignal.any([stopped, ending.signal])

  async function keepRunning(): Promise<void> {
    while (broker) {
      await broker.ended
      broker = undefined
      for (let tries = 1; !broker && !stop.aborted; tries += 1) {
        const began = performance.now()
        try {
          broker = await start()
          const took = seconds(performance.now() - began).trim()
          terminal.warn(`Kafka had died; started again in ${took}`)
        } catch (error) {
          terminal.warn(`Kafka does not start: ${error instanceof Error ? error.message : String(error)}`)
          await pause(backoffMs(tries, PAUSE), stop)
        }
      }
    }
  }

  const keeping = keepRunning()
  return {
    url,
    pid: () => broker?.pid,
    async stop(graceMs) {
      ending.abort()
      await broker?.stop(graceMs)
      await keeping
    },
  }
}

/** Deletes what an earlier broker kept, after it has ended. */
export async function resetKafka(environment: Pick<Environment, 'dataDir'>): Promise<void> {
  const directory = brokerFolder(environment.dataDir)
  await endLeftover(path.join(directory, BROKER_FILES.pid))
  await rm(directory, { recursive: true, force: true })
}
