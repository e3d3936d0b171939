import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { accepts } from '#platform/jvm/start-jvm.ts'
import { processIdentity } from '#platform/process-identity.mjs'
import { sharedBroker } from '#server/log/testing/shared-broker.ts'
import { startBroker } from './broker.ts'

const shared = await sharedBroker()

if (shared !== null) {
  test('the run has one broker, which accepts connections', async () => {
    const [host = '', port] = shared.split(':')
    expect(await accepts({ host, port: Number(port) })).toBe(true)
  })

  test('a broker that outlived its starter is ended by the next start on its folder, which goes on with it', async () => {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'tillstream-test-broker-'))
    const first = await startBroker({ dataDir, isDurable: false })
    const second = await startBroker({ dataDir, isDurable: false, port: first.port })
    try {
      expect(processIdentity(first.pid)).toBeUndefined()
      expect(await accepts({ host: '127.0.0.1', port: second.port })).toBe(true)
    } finally {
      await second.stop()
      await rm(dataDir, { recursive: true, force: true })
    }
    expect(await accepts({ host: '127.0.0.1', port: second.port })).toBe(false)
  })
}
