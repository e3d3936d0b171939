import { cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, inject, onTestFinished, test } from 'vitest'
import type { Sql } from '#db/client.ts'
import { createTestDatabase } from '#db/testing/database.ts'
import { addTestStores } from '#db/testing/stores.ts'
import { DAY_MS } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { randomEvents, seededRandom } from '#domain/testing/random-events.ts'
import { EXAMPLE_STORES } from '#domain/testing/stores.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { testEvent } from '#server/log/testing/events.ts'
import { POISONED_DETAILS, POISONED_ORDERS, writeRow } from '#server/log/testing/poison.ts'
import type { ArchiveStore } from './archive-store.ts'
import { openFolderStore } from './folder-store.ts'
import { readManifests } from './log-manifest.ts'
import { openArchiveStore } from './open-store.ts'
import { restoreLog } from './restore.ts'
import { moveIntoThePast } from './testing/past.ts'
import { startS3Server } from './testing/s3-server.ts'
import { verifyDay } from './verify-day.ts'
import { writeDay } from './write-day.ts'

const seed = inject('randomSeed')

async function emptyLog() {
  const database = await createTestDatabase()
  onTestFinished(() => database.drop())
  await addTestStores(database.sql, EXAMPLE_STORES)
  return database
}

async function archiveFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tillstream-test-archive-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

/** Every row of the log with its key, as text: nothing that a column holds is lost in it. */
async function wholeLog(sql: Sql): Promise<string[]> {
  const rows = await sql<{ row: string }[]>`
    select e::text || ' ' || coalesce(k::text, 'no key') as row
    from log.event_log e
    left join log.event_keys k on k.source = e.source and k.id = e.id
    order by e.partition, e."offset"`
  return rows.map(({ row }) => row)
}

/** Of a seed that draws a price too, which so few events do not always hold: the next one that does. */
function someOfAllTypes(): LogEvent[] {
  for (let next = seed; ; next += 1) {
    const events = randomEvents({
      random: seededRandom(next),
      count: 300,
      start: Date.parse('2026-03-01T00:00:00Z'),
      spanMs: 3 * DAY_MS,
      stepMs: 60_000,
      skus: 4,
      bulkShare: 0.3,
    })
    if (events.some(({ type }) => type === 'price.changed')) return events
  }
}

/** Three append days: random events of all types, every kind of poison, ticks, and texts of all scripts. */
async function fillLog(sql: Sql): Promise<string[]> {
  const events = someOfAllTypes()
  await appendTestEvents(sql, events.slice(0, 150))
  await moveIntoThePast(sql, '2026-03-01')
  await appendTestEvents(sql, events.slice(150))
  const odd = fc.sample(
    fc.array(
      fc
        .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
        .filter(text => /^\P{Cc}+$/u.test(text) && text.isWellFormed()),
      { minLength: 1, maxLength: 4 },
    ),
    { numRuns: 40, seed },
  )
  await appendTestEvents(
    sql,
    odd.map((skus, index) => testEvent({ id: `odd "${skus[0]}", ${index}`, partition: 1, skus })),
  )
  for (const changes of Object.values({ ...POISONED_ORDERS, ...POISONED_DETAILS }))
    await writeRow(sql, 1, changes)
  await writeRow(sql, 1, { skus: ['new\nline', 'quote"', 'null', ''], units: [1, 1, 1, 1], customer: '' })
  await sql`select log.append_tick(2, interval '0')`
  await moveIntoThePast(sql, '2026-03-02')
  return ['2026-03-01', '2026-03-02', '2026-03-03']
}

describe('the archive of the log', () => {
  test('holds every row to the last bit: a restored log is the log, keys and poison included', async () => {
    const { sql } = await emptyLog()
    const days = await fillLog(sql)
    const store = openFolderStore(await archiveFolder())
    for (const day of days) await writeDay(sql, store, day)
    for (const day of days) {
      expect(await verifyDay(sql, store, day)).toMatchObject({ isComparedWithLog: true })
    }
    const before = await wholeLog(sql)
    const restored = await emptyLog()
    expect(await restoreLog(restored.sql, store)).toMatchObject({ rows: before.length })
    expect(await wholeLog(restored.sql)).toEqual(before)
    const prices = (from: Sql) => from`select * from ref.prices order by store, sku, valid_from`
    expect((await prices(sql)).length).toBeGreaterThan(0)
    expect([...(await prices(restored.sql))]).toEqual([...(await prices(sql))])
  })

  test('lies in S3 as in a folder: signed requests, lists in pages, what is busy tried again', async () => {
    const { sql } = await emptyLog()
    const days = await fillLog(sql)
    const key = { accessKeyId: 'tillstream', secretAccessKey: 'a secret/of+signs' }
    const s3 = await startS3Server({ bucket: 'retail', ...key })
    onTestFinished(() => s3.close())
    const settings = { ...key, endpoint: s3.endpoint, region: 'eu-central-1', sessionToken: undefined }
    const store = await openArchiveStore('s3://retail/logs/main', settings)
    for (const day of days) {
      s3.failNext(1)
      await writeDay(sql, store, day)
    }
    expect([...s3.objects.keys()].every(key => key.startsWith('logs/main/'))).toBe(true)
    for (const day of days) await verifyDay(sql, store, day)
    const restored = await emptyLog()
    await restoreLog(restored.sql, store)
    expect(await wholeLog(restored.sql)).toEqual(await wholeLog(sql))

    const wrongKey = await openArchiveStore('s3://retail/logs/main', {
      ...settings,
      secretAccessKey: 'other',
    })
    await expect(readManifests(wrongKey)).rejects.toThrow('S3 answers 403 (SignatureDoesNotMatch)')
    const elsewhere = await openArchiveStore('s3://other/logs', settings)
    await expect(writeDay(sql, elsewhere, '2026-03-01')).rejects.toThrow('there is no bucket "other"')
    await expect(
      openArchiveStore('s3://retail/logs', { ...settings, accessKeyId: undefined }),
    ).rejects.toThrow('s3://retail/logs needs a key: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.')
  })
})

describe('an archive that is not what it should be', () => {
  /** An archived log, once for all of these; each spoils a copy. */
  const archived = onceArchived()

  async function spoiled(spoil: (folder: string, events: (day: string) => Promise<string>) => Promise<void>) {
    const { folder: original, sql } = await archived()
    const folder = await archiveFolder()
    await cp(original, folder, { recursive: true })
    await spoil(folder, async day => {
      const manifest = JSON.parse(
        await readFile(path.join(folder, `append_day=${day}/manifest.json`), 'utf8'),
      )
      return path.join(folder, `append_day=${day}`, manifest.file)
    })
    return { sql, store: openFolderStore(folder) }
  }

  /** Verifies the second day, and restores into an empty database: both are to refuse, and leave the database empty. */
  async function expectRefused({ sql, store }: Awaited<ReturnType<typeof spoiled>>, message: string) {
    await expect(verifyAll(sql, store)).rejects.toThrow(message)
    const empty = await emptyLog()
    await expect(restoreLog(empty.sql, store)).rejects.toThrow(message)
    expect(await wholeLog(empty.sql)).toEqual([])
    expect(await empty.sql`select from log.event_keys`).toHaveLength(0)
  }

  test('a file that was cut short', async () => {
    const bad = await spoiled(async (_, events) => truncate(await events('2026-03-02'), 2_000))
    await expectRefused(bad, 'it was cut short or changed')
  })

  test('a changed byte', async () => {
    const bad = await spoiled(async (_, events) => {
      const file = await events('2026-03-02')
      const bytes = await readFile(file)
      bytes[1_000] = (bytes[1_000] ?? 0) ^ 1
      await writeFile(file, bytes)
    })
    await expectRefused(bad, 'its bytes were changed')
  })

  test('a file of other rows, with a manifest that fits its bytes', async () => {
    const bad = await spoiled(async folder => {
      const name = path.join(folder, 'append_day=2026-03-02/manifest.json')
      const manifest = JSON.parse(await readFile(name, 'utf8'))
      await writeFile(name, JSON.stringify({ ...manifest, contents: String(BigInt(manifest.contents) + 1n) }))
    })
    await expectRefused(bad, 'append day 2026-03-02')
  })

  test('a day that is missing', async () => {
    const bad = await spoiled(folder => rm(path.join(folder, 'append_day=2026-03-02'), { recursive: true }))
    await expectRefused(bad, 'a day between 2026-03-01 and 2026-03-03 is missing')
  })

  test('a file that is missing', async () => {
    const bad = await spoiled(async (_, events) => rm(await events('2026-03-02')))
    await expectRefused(bad, 'is missing in')
  })

  test('a manifest of another log, of another day, of no manifest, or cut short', async () => {
    const changed = (change: object | string) =>
      spoiled(async folder => {
        const name = path.join(folder, 'append_day=2026-03-02/manifest.json')
        const manifest = JSON.parse(await readFile(name, 'utf8'))
        await writeFile(
          name,
          typeof change === 'string' ? change : JSON.stringify({ ...manifest, ...change }),
        )
      })
    await expectRefused(await changed({ log: crypto.randomUUID() }), 'is of another log')
    await expectRefused(await changed({ appendDay: '2026-03-05' }), 'it lies in the wrong place')
    await expectRefused(await changed({ format: 2 }), 'is no manifest: format')
    await expectRefused(await changed('{"format": 1'), 'is no JSON: it was cut short or changed')
  })

  test('one of another log, for a log that has days already', async () => {
    const { store } = await spoiled(async () => {})
    const other = await emptyLog()
    await other.sql`update log.identity set log_id = gen_random_uuid()`
    await appendTestEvents(other.sql, [testEvent({ id: 'own', partition: 0 })])
    await moveIntoThePast(other.sql, '2026-03-04')
    await expect(writeDay(other.sql, store, '2026-03-04')).rejects.toThrow('is of another log')
    await expect(verifyAll(other.sql, store)).rejects.toThrow('is of another log')
    await expect(restoreLog(other.sql, store)).rejects.toThrow('the log is not empty')
  })

  test('a row of the log that was changed since is found, and the day is not verified', async () => {
    const { folder } = await archived()
    const { sql } = await emptyLog()
    await restoreLog(sql, openFolderStore(folder))
    await sql`update log.event_log set total_gross = total_gross + 1 where partition = 1 and "offset" = 3`
    await expect(verifyAll(sql, openFolderStore(folder))).rejects.toThrow(
      'append day 2026-03-01 differs: the log holds',
    )
  })
})

function onceArchived() {
  let made: Promise<{ folder: string; sql: Sql; end(): Promise<void> }> | undefined
  afterAll(async () => (await made)?.end())
  return () => {
    made ??= (async () => {
      const database = await createTestDatabase()
      const folder = await mkdtemp(path.join(os.tmpdir(), 'tillstream-test-archive-'))
      await addTestStores(database.sql, EXAMPLE_STORES)
      for (const day of ['2026-03-01', '2026-03-02', '2026-03-03']) {
        const ids = Array.from({ length: 40 }, (_, index) => `${day}-${index}`)
        await appendTestEvents(
          database.sql,
          ids.map(id => testEvent({ id, partition: 1, skus: [id, 'tea'] })),
        )
        await moveIntoThePast(database.sql, day)
        await writeDay(database.sql, openFolderStore(folder), day)
      }
      return {
        folder,
        sql: database.sql,
        async end() {
          await database.drop()
          await rm(folder, { recursive: true })
        },
      }
    })()
    return made
  }
}

async function verifyAll(sql: Sql, store: ArchiveStore): Promise<void> {
  for (const { appendDay } of await readManifests(store)) await verifyDay(sql, store, appendDay)
}
