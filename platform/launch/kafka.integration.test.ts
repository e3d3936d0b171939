import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { kill } from 'node:process'
import { expect, test, vi } from 'vitest'
import { readEnvironment } from '#platform/environment.ts'
import { whyNoJava } from '#platform/jvm/java.ts'
import { findLocalBroker } from '#platform/jvm/local-broker.ts'
import { accepts } from '#platform/jvm/start-jvm.ts'
import { resetKafka, serveKafka } from './kafka.ts'

const missing = await whyNoJava()

if (missing !== null) test(`left out, for Kafka needs Java: ${missing}`, () => {})
else {
  test('a broker that dies is started again where it was, is found by its folder while it runs, and ends with the demo; a reset deletes what it kept', async () => {
    const dataDir = mkdtempSync(path.join(tmpdir(), 'tillstream-test-kafka-'))
    const said: string[] = []
    const terminal = {
      line: (text: string) => void said.push(text),
      warn: (text: string) => void said.push(text),
    }
    const environment = readEnvironment({ DATA_DIR: dataDir })
    try {
      const kafka = await serveKafka({ environment, terminal, stop: new AbortController().signal })
      const [host = '', port = ''] = kafka.url.split(':')
      const place = { host, port: Number(port) }
      expect(findLocalBroker(dataDir)).toBe(kafka.url)
      const first = kafka.pid()
      if (first === undefined) throw new Error('no broker runs')
      kill(first, 'SIGKILL')
      await vi.waitFor(
        async () => {
          expect(kafka.pid()).not.toBe(first)
          expect(kafka.pid()).toBeDefined()
          expect(await accepts(place)).toBe(true)
        },
        { timeout: 240_000, interval: 50 },
      )
      expect(said).toContainEqual(expect.stringMatching(/^Kafka had died; started again in/))
      expect(findLocalBroker(dataDir)).toBe(kafka.url)
      await kafka.stop(10_000)
      expect(findLocalBroker(dataDir)).toBeUndefined()
      expect(await accepts(place)).toBe(false)
      await resetKafka({ dataDir })
      expect(existsSync(path.join(dataDir, 'kafka'))).toBe(false)
    } finally {
      rmSync(dataDir, { recursive: true, force: true })
    }
  }, 600_000)
}
