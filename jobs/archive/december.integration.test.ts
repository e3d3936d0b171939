import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { REPORTS } from '#domain/reports.ts'
import { createTestBatch } from '#jobs/testing/batch.ts'
import { runProgram } from '#platform/process.ts'
import { openFolderStore } from '#server/log/archive/folder-store.ts'
import { moveIntoThePast } from '#server/log/archive/testing/past.ts'
import { archiveDays } from './archive-job.ts'
import { compareWithReports, computeFromArchive } from './archive-reports.ts'
import { ARCHIVE_REPORTS } from './report-statements.ts'

const DECEMBER = path.resolve(import.meta.dirname, '../../../shared/data/online-retail/by-day')
const RANGE = { from: '2010-12-01', to: '2010-12-31' }

test('the real December: every report from the archive is that of the batch path, row by row', async () => {
  if (!existsSync(DECEMBER)) {
    console.log(`The real data are not there (${DECEMBER}): nothing is compared with them.`)
    return
  }
  const { sql, url, run } = await createTestBatch()
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tillstream-test-archive-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await runProgram({
    entry: 'server/intake/files/main.ts',
    args: [DECEMBER, '--mapping', 'uci-online-retail', '--rejects', folder],
    settings: { DATABASE_URL: url, DATA_DIR: folder },
  })
  // Appended now; the day is over where it was last year.
  await moveIntoThePast(sql, '2025-12-31')
  const { sets } = await run(
    REPORTS.map(({ name }) => name),
    RANGE,
  )
  expect(sets.flatMap(({ failed }) => failed)).toEqual([])
  const store = openFolderStore(path.join(folder, 'archive'))
  const [day] = await archiveDays(sql, store)
  // 42,481 rows of files, less the changes of stock among them.
  expect(day?.lines?.rows).toBeGreaterThan(42_000)
  for (const report of ARCHIVE_REPORTS) {
    const asked = { report, ...RANGE }
    const computed = await computeFromArchive(sql, store, asked)
    const compared = await compareWithReports(sql, computed, asked)
    expect(compared).toMatchObject({ differing: [], incomplete: 0 })
    expect(compared.compared).toBe(computed.rows.length)
    expect(compared.compared).toBeGreaterThan(0)
  }
})
