import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Sql } from '#db/client.ts'
import { createTestDatabase } from '#db/testing/database.ts'
import { archiveDays } from '#jobs/archive/archive-job.ts'
import { silentLogger } from '#platform/logger.ts'
import { openFolderStore } from '#server/log/archive/folder-store.ts'
import { restoreLog } from '#server/log/archive/restore.ts'
import { isClean, reconcile } from '#server/serving/reconcile/reconcile.ts'
import { replay } from '#server/stream/replay/replay.ts'
import { openSeeded, TRIAL_START } from './testing/seeded.ts'
import { runBatch, runStream } from './testing/trial.ts'

const RANGE = { from: '2026-11-14', to: '2026-11-21', stores: [] }

/** What both paths say, every row of it; not when they said so, nor in which run. */
async function answers(sql: Sql) {
  const [reports, windows, stock, alerts] = await Promise.all([
    sql`select job, store, period, row_count, checksum from batch.current_runs order by 1, 2, 3`,
    sql`
      select store, channel, currency, window_start, orders, units, gross, discounts, returns, late_net, revision
      from stream.windows order by 1, 2, 3, 4`,
    sql`select store, sku, on_hand, on_order from stream.stock order by 1, 2`,
    sql`select store, sku, rule, opened_at, resolved_at from stream.episodes order by 1, 2, 3, 4`,
  ])
  return { reports: [...reports], windows: [...windows], stock: [...stock], alerts: [...alerts] }
}

test('a log restored into an empty database gives the same figures on both paths, and they agree', async () => {
  const { database } = await openSeeded(2)
  await Promise.all([runStream(database.url), runBatch(database, TRIAL_START)])
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tillstream-test-archive-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const store = openFolderStore(folder)
  const written = await archiveDays(database.sql, store)
  expect(written.length).toBeGreaterThan(4)
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
