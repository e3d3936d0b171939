import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, inject, onTestFinished, test } from 'vitest'
import type { Sql } from '#db/client.ts'
import { MINUTE_MS } from '#domain/instant.ts'
import { folderOfDay, manifestOfDay } from '#domain/log-archive.ts'
import { REPORTS } from '#domain/reports.ts'
import { placed, toLogEvents } from '#domain/testing/events.ts'
import { randomEvents, seededRandom } from '#domain/testing/random-events.ts'
import { createTestBatch } from '#jobs/testing/batch.ts'
import { addModelRates } from '#jobs/testing/model.ts'
import type { ArchiveStore } from '#server/log/archive/archive-store.ts'
import { openFolderStore } from '#server/log/archive/folder-store.ts'
import { readManifests } from '#server/log/archive/log-manifest.ts'
import { moveIntoThePast } from '#server/log/archive/testing/past.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { POISONED_DETAILS, POISONED_ORDERS, writeRow } from '#server/log/testing/poison.ts'
import { archiveDays } from './archive-job.ts'
import { compareWithReports, computeFromArchive } from './archive-reports.ts'
import { ARCHIVE_REPORTS } from './report-statements.ts'

const FROM = Date.parse('2026-10-20T00:00:00Z')
const TO = Date.parse('2026-11-06T00:00:00Z')

test('random events of four zones and three currencies, with poison among them, give the rows of the batch path', async () => {
  const { sql, run } = await createTestBatch()
  await addModelRates(sql)
  await sql`insert into ref.products (sku, name, category) values ('sku-0', 'Nought', 'even, and "quoted"'), ('sku-1', 'One', 'odd')`
  const events = randomEvents({
    random: seededRandom(inject('randomSeed')),
    count: 1_500,
    start: FROM,
    spanMs: TO - FROM,
    stepMs: MINUTE_MS,
    skus: 4,
    bulkShare: 0.5,
  })
  // In no order of time: days of sale are spread over all append days.
  for (const [index, day] of ['2026-11-10', '2026-11-11', '2026-11-12'].entries()) {
    await appendTestEvents(sql, events.slice(index * 500, (index + 1) * 500))
    if (index === 1) {
      // What poison is made like: an order, with a line and nothing unusual.
      const order = { id: 'plain', at: '2026-10-21T10:00:00+02:00' }
      await appendTestEvents(sql, toLogEvents(placed(order, [{ sku: 'tea', units: 1, unitPrice: '2.50' }])))
      for (const changes of Object.values({ ...POISONED_ORDERS, ...POISONED_DETAILS }))
        await writeRow(sql, 1, changes)
    }
    await moveIntoThePast(sql, day)
  }
  // One that looks right, and with which a report could not be computed: its lines stand in the archive, and do not count.
  await sql`
    insert into batch.set_aside (partition, "offset", appended_at, store, business_day, type, source, id, reason, job,
      row_digest)
    select partition, "offset", appended_at, store, business_day, type, source, id, 'by hand', 'daily_sales', md5(e::text)
    from log.event_log e where type = 'order.placed' and log.why_indigestible(e) is null
    order by appended_at desc, "offset" desc limit 1`
  const jobs = REPORTS.map(({ name }) => name)
  const { sets } = await run(jobs, { from: '2026-10-01', to: '2026-11-30' })
  expect(sets.flatMap(({ failed }) => failed)).toEqual([])
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tillstream-test-archive-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const store = openFolderStore(folder)
  await archiveDays(sql, store)
  const days = await readManifests(store)
  // Of the last two days the batch path set events aside: they are read by their events, the first by its lines.
  expect(days.map(({ lines }) => (lines?.rows ?? 0) > 0)).toEqual([true, true, true])
  await expectSame(sql, store)
  // As an older version left it: reports read the events, until the next night makes the lines.
  for (const { lines, ...older } of days) {
    await store.writeText(manifestOfDay(older.appendDay), JSON.stringify(older))
    await store.remove(`${folderOfDay(older.appendDay)}/${lines?.file}`)
  }
  await expectSame(sql, store)
  expect(await archiveDays(sql, store)).toEqual([])
  expect(await readManifests(store)).toEqual(days)
})

/** Every report of the archive, row by row as the batch path has it. */
async function expectSame(sql: Sql, store: ArchiveStore): Promise<void> {
  for (const report of ARCHIVE_REPORTS) {
    const asked = { report, from: '2026-10-01', to: '2026-11-30' }
    const comparison = await compareWithReports(sql, await computeFromArchive(sql, store, asked), asked)
    expect(comparison).toMatchObject({ differing: [], incomplete: 0 })
    expect(comparison.compared).toBeGreaterThan(5)
  }
}
