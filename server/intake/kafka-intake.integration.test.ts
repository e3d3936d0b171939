import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { LOG_START } from '#domain/log-event.ts'
import { silentLogger } from '#platform/logger.ts'
import { runArchiver } from '#server/log/archiver/run.ts'
import { openTopicSource } from '#server/log/kafka/topic-source.ts'
import { adoptedTopic, openOrderLog } from '#server/log/open-log.ts'
import { adoptTestTopic } from '#server/log/testing/kafka-log.ts'
import { sharedBroker } from '#server/log/testing/shared-broker.ts'
import { storeSchema } from './stores/store-definition.ts'
import { addStores, StoreRefusedError } from './stores/stores.ts'
import { addTestStores, order, post, startTestIntake, TEST_STORES } from './testing/intake.ts'

const broker = await sharedBroker()

if (broker !== null) {
  let database: TestDatabase
  beforeAll(async () => {
    vi.stubEnv('KAFKA_URL', broker)
    database = await createTestDatabase()
    await addTestStores(database.url)
    await adoptTestTopic(database.sql, [broker])
  })
  afterAll(async () => {
    await database.drop()
    vi.unstubAllEnvs()
  })

  async function idsInLog(source: string): Promise<string[]> {
    const log = await openOrderLog(database.sql)
    const partitions = await log.partitionCount()
    const records = await Promise.all(
      Array.from({ length: partitions }, (_, partition) =>
        log.read({ partition, after: LOG_START, limit: 10_000 }),
      ),
    )
    await log.close()
    return records.flat().flatMap(record => ('id' in record && record.source === source ? [record.id] : []))
  }

  test('the answers of the intake are those over Postgres: new, known, in conflict, refused, transfers whole', async () => {
    const intake = await startTestIntake(database.url)
    const of = (id: string, fields = {}) =>
      order(id, { source: 'kafka', eventTime: '2026-11-20T10:00:00Z', ...fields })
    const clock = { eventTime: new Date(Date.now() - 60_000).toISOString() }
    const transfer = {
      ...of('t', clock),
      type: 'stock.transferred',
      toStore: 'hamburg',
      lines: [{ sku: 'tea', units: 3 }],
    }
    for (const name of ['channel', 'orderId', 'currency']) delete (transfer as Record<string, unknown>)[name]
    const events = [
      of('1', clock),
      of('2', { ...clock, store: 'hamburg' }),
      of('1', clock),
      { ...of('3', clock), lines: [] },
      transfer,
    ]
    expect(await post(intake, events)).toMatchObject({
      status: 200,
      body: { accepted: 3, duplicates: 1, rejected: [{ index: 3, id: '3' }] },
    })
    expect((await post(intake, events)).body).toMatchObject({ accepted: 0, duplicates: 4 })
    const other = of('1', { ...clock, lines: [{ sku: 'tea', units: 9, unitPrice: '1.00' }] })
    expect((await post(intake, [other])).body).toMatchObject({
      accepted: 0,
      rejected: [{ id: '1', reason: 'conflicting_duplicate' }],
    })
    expect(await idsInLog('kafka')).toHaveLength(4)
    expect((await fetch(`${intake.url}/readyz`)).status).toBe(200)
    await intake.stop()
    // What was sent before the restart is known after it.
    const next = await startTestIntake(database.url)
    expect((await post(next, events)).body).toMatchObject({ accepted: 0, duplicates: 4 })
    expect(await database.sql`select 1 from intake.dead_letters where source = 'kafka'`).toHaveLength(4)
    await next.stop()
  })

  test('two intakes that are sent the same at once: each order is in the log once, and counts as new once', async () => {
    const intakes = await Promise.all([startTestIntake(database.url), startTestIntake(database.url)])
    const events = Array.from({ length: 60 }, (_, index) =>
      order(`${index}`, { source: 'twice', store: index % 2 ? 'berlin' : 'hamburg' }),
    )
    const sendAll = async (intake: { url: string }) => {
      let accepted = 0
      for (let from = 0; from < events.length; ) {
        const { status, body } = await post(intake, events.slice(from, from + 10))
        expect([200, 503]).toContain(status)
        if (status !== 200) continue
        accepted += Number(body.accepted)
        expect(Number(body.accepted) + Number(body.duplicates)).toBe(10)
        from += 10
      }
      return accepted
    }
    const accepted = await Promise.all(intakes.map(sendAll))
    expect(accepted.reduce((sum, count) => sum + count, 0)).toBe(60)
    expect((await idsInLog('twice')).sort()).toEqual(events.map(({ id }) => id).sort())
    await Promise.all(intakes.map(intake => intake.stop()))
  })

  test('a store is changed once what was begun before is in Postgres, and not while nobody archives', async () => {
    const [berlin] = TEST_STORES
    const moved = storeSchema.parse({ ...berlin, cutOverHour: 6, validFrom: '2027-06-01' })
    await expect(addStores(database.sql, [moved])).rejects.toThrow(StoreRefusedError)
    await expect(addStores(database.sql, [moved])).rejects.toThrow(/Do the archiver and Kafka run/)
    const ending = new AbortController()
    const adopted = await adoptedTopic(database.sql)
    if (!adopted) throw new Error('the log is not in Kafka')
    const source = openTopicSource([broker], adopted)
    const archiving = runArchiver({
      ...{ url: database.url, source, partitions: [0, 1, 2, 3], owner: 'test', logger: silentLogger() },
      signal: ending.signal,
    })
    expect(await addStores(database.sql, [moved])).toMatchObject([
      { change: 'changed', validFrom: '2027-06-01' },
    ])
    // A batch that is under way was enriched by the store as it was.
    await database.sql`
      select log.reserve(7, 'slow', null, '{}', array[partition]::smallint[], '{1}', '{slow}', '{1}',
        array[gen_random_uuid()]) from ref.stores where store = 'berlin'`
    const again = storeSchema.parse({ ...berlin, cutOverHour: 7, validFrom: '2027-07-01' })
    await expect(addStores(database.sql, [again])).rejects.toThrow(/under way/)
    await database.sql`select log.release(7)`
    expect(await addStores(database.sql, [again])).toMatchObject([{ change: 'changed' }])
    ending.abort()
    await archiving
    await source.close()
  })
}
