import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestProject } from 'vitest/node'
import { RepositoryAwayError } from '#platform/jvm/fetch-jars.ts'
import { whyNoJava } from '#platform/jvm/java.ts'
import { type Broker, startBroker } from '#scale/kafka/broker.ts'
import type { BrokerAnswer } from '#server/log/testing/shared-broker.ts'

/**
 * Vitest's global setup of the integration tests: one Kafka broker for the whole run, started when the first test file
 * asks for it. Every file uses topics of its own.
 */
export default async function offerBroker(project: TestProject): Promise<() => Promise<void>> {
  let starting: Promise<{ broker: Broker; dataDir: string } | { missing: string }> | undefined
  const door = createServer((_request, response) => {
    starting ??= start()
    starting.then(
      started => {
        const answer: BrokerAnswer = 'broker' in started ? { url: started.broker.url } : started
        response.end(JSON.stringify(answer))
      },
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  })
  project.provide('testBrokerDoor', await addressOf(door))
  return async () => {
    door.close()
    door.closeAllConnections()
    const started = await starting?.catch(() => undefined)
    if (started === undefined || !('broker' in started)) return
    await started.broker.stop()
    await rm(started.dataDir, { recursive: true, force: true })
  }
}

async function start() {
  const missing = await whyNoJava()
  if (missing !== null) return { missing }
  const dataDir = await mkdtemp(path.join(tmpdir(), 'tillstream-test-kafka-'))
  try {
    // Nothing here outlives the run, so nothing needs to survive a power cut.
    return { broker: await startBroker({ dataDir, isDurable: false }), dataDir }
  } catch (error) {
    // A machine without a way to the jars is as one without Java: said by name. Other bytes than are pinned are a failure.
    if (error instanceof RepositoryAwayError) return { missing: error.message }
    throw error
  }
}

async function addressOf(server: Server): Promise<string> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}
