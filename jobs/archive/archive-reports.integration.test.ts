import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, inject, onTestFinished, test } from 'vitest'
import { MINUTE_MS } from '#domain/instant.ts'
import { REPORTS } from '#domain/reports.ts'
import { placed, toLogEvents } from '#domain/testing/events.ts'
import { randomEvents, seededRandom } from '#domain/testing/random-events.ts'
import { createTestBatch } from '#jobs/testing/batch.ts'
import { addModelRates } from '#jobs/testing/model.ts'
import { openFolderStore } from '#server/log/archive/folder-store.ts'
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
  const jobs = REPORTS.map(({ name }) => name)
  const { sets } = await run(jobs, { from: '2026-10-01', to: '2026-11-30' })
  expect(sets.flatMap(({ failed }) => failed)).toEqual([])
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tillstream-test-archive-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const store = openFolderStore(folder)
  await archiveDays(sql, store)
  for (const report of ARCHIVE_REPORTS) {
    const asked = { report, from: '2026-10-01', to: '2026-11-30' }
    const comparison = await compareWithReports(sql, await computeFromArchive(sql, store, asked), asked)
    expect(comparison).toMatchObject({ differing: [], incomplete: 0 })
    expect(comparison.compared).toBeGreaterThan(5)
  }
})
