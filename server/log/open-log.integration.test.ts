import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { BROKER_FILES, brokerFolder } from '#platform/jvm/local-broker.ts'
import { processIdentity } from '#platform/process-identity.mjs'
import { TopicError } from './kafka/cluster.ts'
import { LogElsewhereError, openOrderLog } from './open-log.ts'
import { LogUnavailableError } from './order-log.ts'
import { createPostgresLog, ensureLogDays } from './postgres-log.ts'
import { testEvent } from './testing/events.ts'
import { adoptTestTopic } from './testing/kafka-log.ts'
import { sharedBroker } from './testing/shared-broker.ts'

let database: TestDatabase
// Whoever tests may have a demo over Kafka in the folder of every day.
const dataDir = mkdtempSync(path.join(tmpdir(), 'tillstream-test-log-'))
beforeAll(async () => {
  database = await createTestDatabase()
  vi.stubEnv('KAFKA_URL', '')
  vi.stubEnv('DATA_DIR', dataDir)
})
afterEach(() => rmSync(brokerFolder(dataDir), { recursive: true, force: true }))
afterAll(async () => {
  vi.unstubAllEnvs()
  rmSync(dataDir, { recursive: true, force: true })
  await database.drop()
})

test('a database that has adopted nothing has its log in Postgres', async () => {
  const log = await openOrderLog(database.sql, ['127.0.0.1:1'])
  expect(log).toMatchObject({ kind: 'postgres', offsets: 'dense' })
})

const broker = await sharedBroker()
if (broker !== null) {
  test('a database that has adopted a topic has its log there, and nowhere else', async () => {
    await ensureLogDays(database.sql)
    await adoptTestTopic(database.sql, [broker])
    const log = await openOrderLog(database.sql, [broker])
    expect(log).toMatchObject({ kind: 'kafka', offsets: 'gaps' })
    const event = testEvent({ id: 'o-1', partition: 1 })
    expect((await log.append(1, [event])).outcomes).toMatchObject([{ kind: 'appended' }])
    await log.close()
    // A process that was started before, or does not ask, appends nothing beside it.
    const old = createPostgresLog(database.sql)
    await expect(old.append(1, [testEvent({ id: 'o-2', partition: 1 })])).rejects.toThrow(/is in Kafka/)
    await expect(old.appendTick(1, 0)).rejects.toThrow(/is in Kafka/)
  })

  test('a broker that runs in DATA_DIR is found there by whoever names none; that of KAFKA_URL goes before it', async () => {
    const folder = brokerFolder(dataDir)
    mkdirSync(folder)
    writeFileSync(path.join(folder, BROKER_FILES.url), broker)
    await expect(openOrderLog(database.sql)).rejects.toThrow(/no broker runs in/)
    const runs = { pid: process.pid, identity: processIdentity(process.pid) }
    writeFileSync(path.join(folder, BROKER_FILES.pid), JSON.stringify(runs))
    const found = await openOrderLog(database.sql)
    expect(await found.end()).toHaveLength(4)
    await found.close()
    vi.stubEnv('KAFKA_URL', '127.0.0.1:1')
    const named = await openOrderLog(database.sql)
    vi.stubEnv('KAFKA_URL', '')
    await expect(named.end()).rejects.toThrow(LogUnavailableError)
    await named.close()
  })

  test('brokers that are not named, another cluster and brokers that do not answer are told apart', async () => {
    await expect(openOrderLog(database.sql, undefined)).rejects.toThrow(LogElsewhereError)
    await expect(openOrderLog(database.sql, undefined)).rejects.toThrow(/Set KAFKA_URL/)
    await expect(openOrderLog(database.sql)).rejects.toThrow(/no broker runs in/)
    const away = await openOrderLog(database.sql, ['127.0.0.1:1'])
    await expect(away.end()).rejects.toThrow(LogUnavailableError)
    await away.close()
    await database.sql`update log.kafka set cluster_id = 'another'`
    const another = await openOrderLog(database.sql, [broker])
    await expect(another.end()).rejects.toThrow(TopicError)
    await another.close()
  })
}
