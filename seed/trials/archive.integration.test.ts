import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createTestDatabase } from '#db/testing/database.ts'
import { parseEvent } from '#domain/event.ts'
import { decideRetention } from '#domain/log-retention.ts'
import { archiveDays, readBackOldest } from '#jobs/archive/archive-job.ts'
import { compareWithReports, computeFromArchive } from '#jobs/archive/archive-reports.ts'
import { ARCHIVE_REPORTS } from '#jobs/archive/report-statements.ts'
import { silentLogger } from '#platform/logger.ts'
import { dropDay } from '#server/log/archive/drop-day.ts'
import { openFolderStore } from '#server/log/archive/folder-store.ts'
import { bringBackDay, restoreLog } from '#server/log/archive/restore.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { readLogNeeds } from '#server/serving/pipeline/log-needs.ts'
import { isClean, reconcile } from '#server/serving/reconcile/reconcile.ts'
import { replay } from '#server/stream/replay/replay.ts'
import { answers } from './testing/answers.ts'
import { enrichAll } from './testing/figures.ts'
import { openSeeded, TRIAL_START } from './testing/seeded.ts'
import { runBatch, runStream } from './testing/trial.ts'

const RANGE = { from: '2026-11-14', to: '2026-11-21', stores: [] }

/** A chain that both paths have read, and its archive. */
async function archived() {
  const seeded = await openSeeded(2)
  const { database } = seeded
  const needsBefore = await readLogNeeds(database.sql)
  await Promise.all([runStream(database.url), runBatch(database, TRIAL_START)])
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tillstream-test-archive-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const store = openFolderStore(folder)
  return { ...seeded, needsBefore, store, days: await archiveDays(database.sql, store) }
}

test('a log restored into an empty database gives the same figures on both paths, and they agree', async () => {
  const { database, store, days } = await archived()
  expect(days.length).toBeGreaterThan(4)
  expect(await archiveDays(database.sql, store)).toEqual([])

  const restored = await createTestDatabase()
  onTestFinished(() => restored.drop())
  await restoreLog(restored.sql, store)
  await Promise.all([runStream(restored.url), runBatch(restored, TRIAL_START)])
  const [before, after] = [await answers(database.sql), await answers(restored.sql)]
  expect(before.reports.length).toBeGreaterThan(50)
  expect(before.windows.length).toBeGreaterThan(100)
  expect(after).toEqual(before)
  const reconciled = await reconcile(restored.sql, RANGE)
  expect(reconciled.compared).toBeGreaterThan(0)
  expect(isClean(reconciled)).toBe(true)
  const replayed = await replay({
    url: restored.url,
    name: 'test',
    logger: silentLogger(),
    acceptsDifferences: false,
  })
  expect(replayed).toMatchObject({ isSwitched: true, differences: [], alerts: [] })
})

test('what the log has dropped is replayed from the archive, computed again when something late comes, and not audited', async () => {
  const { database, store, days, world, needsBefore } = await archived()
  const { sql, url } = database
  // Nothing is dropped that a path has not read.
  const facts = { keepDays: 0, archived: days.map(({ appendDay }) => appendDay), today: '2027-06-01' }
  expect(decideRetention({ ...needsBefore, ...facts }).drop).toEqual([])
  const before = await answers(sql)
  const { newest } = await readLogNeeds(sql)
  const old = days.map(({ appendDay }) => appendDay).filter(day => !newest.includes(day))
  expect(old.length).toBeGreaterThan(2)
  for (const day of old) await dropDay(sql, store, day)
  // What was read back longest ago is read again, night after night.
  expect([await readBackOldest(sql, store), await readBackOldest(sql, store)]).toEqual(old.slice(0, 2))

  const replayed = await replay({ url, name: 'test', logger: silentLogger(), acceptsDifferences: false })
  expect(replayed).toMatchObject({ isSwitched: true, differences: [], alerts: [] })
  expect(replayed.events).toBeGreaterThan(1_000)

  const reconciled = await reconcile(sql, RANGE)
  expect(isClean(reconciled)).toBe(true)
  const dropped = days.filter(({ appendDay }) => old.includes(appendDay))
  const entries = dropped.reduce((sum, { rows }) => sum + rows, 0)
  expect(reconciled.notAudited).toMatch(
    new RegExp(
      `^Rows are not held against the log: of append days ${old[0]} to ${old.at(-1)} ${entries} entries lie in the archive ` +
        String.raw`alone, held by their checksums \(the file read back longest ago: \d{4}-\d\d-\d\d\)\. ` +
        `.* "npm run archive -- restore --from ${old[0]} --to ${old.at(-1)}" brings them back\\.$`,
    ),
  )

  // An order of the first whole day comes now: the day, of which the log has nothing any more, is computed again.
  const [shop] = world.shops
  if (!shop) throw new Error('the world has no shop')
  const day = '2026-11-18'
  const sold = () => sql<{ orders: number; gross: number }[]>`
    select sum(orders)::bigint as orders, sum(gross)::bigint as gross from batch.daily_sales
    where store = ${shop.id} and business_day = ${day}`
  const [[was], late] = [
    await sold(),
    parseEvent({
      source: 'late-till',
      id: 'late-1',
      type: 'order.placed',
      store: shop.id,
      channel: 'pos',
      eventTime: `${day}T12:00:00Z`,
      orderId: 'late-1',
      currency: shop.currency,
      lines: [{ sku: 'late', units: 2, unitPrice: '3.00' }],
    }),
  ]
  if (!('event' in late)) throw new Error(late.rejection.detail)
  const enriched = enrichAll(world, [late.event]).map(event => ({ ...event, bodyHash: '0'.repeat(32) }))
  await appendTestEvents(sql, enriched)
  await runBatch(database, TRIAL_START)
  expect([...(await sold())]).toEqual([{ orders: (was?.orders ?? 0) + 1, gross: (was?.gross ?? 0) + 60_000 }])
  const unchanged = (reports: typeof before.reports) =>
    reports.filter(({ store, job, period }) => store !== shop.id && job === 'daily_sales' && period < day)
  expect(unchanged((await answers(sql)).reports)).toEqual(unchanged(before.reports))
  await runStream(url)
  for (const day of old) await bringBackDay(sql, store, day)
  const whole = await reconcile(sql, RANGE)
  expect(whole.notAudited).toBeNull()
  // The late order was sent past the intake, and tills have not said what they sold on the day it comes into.
  const others = whole.findings.filter(({ kind, metric }) => kind !== 'z report' && metric !== 'body_hash')
  expect(others).toEqual([])
  expect(whole.unexplained).toBe(0)
})

test('sales of days and months from the archive are those of the batch path, row by row', async () => {
  const { database, store } = await archived()
  for (const report of ARCHIVE_REPORTS) {
    const asked = { report, from: '2026-11-01', to: '2026-11-30' }
    const computed = await computeFromArchive(database.sql, store, asked)
    const comparison = await compareWithReports(database.sql, computed, asked)
    expect(comparison).toMatchObject({ differing: [], incomplete: 0 })
    expect(comparison.compared).toBe(computed.rows.length)
    expect(comparison.compared).toBeGreaterThan(1)
  }
  // Another figure in the report is found.
  await database.sql`update batch.daily_sales set gross = gross + 1 where business_day = '2026-11-18'`
  const asked = { report: 'daily_sales', from: '2026-11-18', to: '2026-11-18' } as const
  const changed = await compareWithReports(
    database.sql,
    await computeFromArchive(database.sql, store, asked),
    asked,
  )
  expect(changed.differing.length).toBe(2 * changed.compared)
})
