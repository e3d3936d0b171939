import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createTestDatabase } from '#db/testing/database.ts'
import { addTestStores } from '#db/testing/stores.ts'
import { type DayManifest, folderOfDay, manifestOfDay } from '#domain/log-archive.ts'
import { EXAMPLE_STORES } from '#domain/testing/stores.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { testEvent } from '#server/log/testing/events.ts'
import { writeRow } from '#server/log/testing/poison.ts'
import { dropDay } from './drop-day.ts'
import { openFolderStore } from './folder-store.ts'
import { readManifests } from './log-manifest.ts'
import { restoreLog } from './restore.ts'
import { moveIntoThePast } from './testing/past.ts'
import { verifyDay } from './verify-day.ts'
import { addLines, writeDay } from './write-day.ts'

const [FIRST, SECOND] = ['2026-03-01', '2026-03-02'] as const

async function emptyLog() {
  const database = await createTestDatabase()
  onTestFinished(() => database.drop())
  await addTestStores(database.sql, EXAMPLE_STORES)
  return database.sql
}

/** Two days of as many lines, of other products. */
async function archivedDays() {
  const sql = await emptyLog()
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tillstream-test-archive-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const store = openFolderStore(folder)
  for (const day of [FIRST, SECOND]) {
    await appendTestEvents(
      sql,
      Array.from({ length: 20 }, (_, index) =>
        testEvent({ id: `${day}-${index}`, partition: 1, skus: [day, 'tea'] }),
      ),
    )
    await moveIntoThePast(sql, day)
    await writeDay(sql, store, day)
  }
  const [first, second] = await readManifests(store)
  if (!first?.lines || !second?.lines) throw new Error('a day has no lines')
  const change = (changes: Partial<DayManifest>) =>
    store.writeText(manifestOfDay(FIRST), JSON.stringify({ ...first, ...changes }))
  const fileOf = ({ appendDay, lines }: DayManifest) =>
    path.join(folder, folderOfDay(appendDay), lines?.file ?? '')
  return { sql, store, folder, first, second, lines: first.lines, change, fileOf }
}

test('a day of sales stands beside its events once more, a row a line', async () => {
  const { sql, store, folder, first, lines } = await archivedDays()
  expect(lines.rows).toBe(40)
  expect((await readdir(path.join(folder, folderOfDay(FIRST)))).sort()).toEqual([
    first.file,
    lines.file,
    'manifest.json',
  ])
  await verifyDay(sql, store, FIRST)
})

test('lines of another day, with a manifest that fits their bytes, are found: the day is not verified, and not dropped', async () => {
  const { sql, store, second, change, fileOf } = await archivedDays()
  await change({ lines: second.lines })
  await copyFile(
    fileOf(second),
    path.join(path.dirname(fileOf(second)), '..', folderOfDay(FIRST), path.basename(fileOf(second))),
  )
  const said = 'append day 2026-03-01: the events say 40 lines with digest'
  await expect(verifyDay(sql, store, FIRST)).rejects.toThrow(said)
  await expect(dropDay(sql, store, FIRST)).rejects.toThrow(said)
})

test('a manifest that says another number of lines is found', async () => {
  const { sql, store, lines, change } = await archivedDays()
  await change({ lines: { ...lines, rows: 41 } })
  await expect(verifyDay(sql, store, FIRST)).rejects.toThrow('the manifest says 41 lines, and they are 40')
})

test('nothing is restored from them; a day without has them made again, byte by byte', async () => {
  const { sql, store, first, fileOf } = await archivedDays()
  await rm(fileOf(first))
  await expect(verifyDay(sql, store, FIRST)).rejects.toThrow('is missing in')
  expect(await restoreLog(await emptyLog(), store)).toMatchObject({ rows: 40 })
  expect(await addLines(store, first)).toEqual(first)
  await verifyDay(sql, store, FIRST)
})

test('a day with a line that no column holds has none, and says so', async () => {
  const { sql, store } = await archivedDays()
  await writeRow(sql, 1, { unit_prices: [9_007_199_254_740_991, 1], units: [1_000, 1] })
  expect(await writeDay(sql, store, SECOND)).toMatchObject({ rows: 21, lines: null })
  expect(await verifyDay(sql, store, SECOND)).toMatchObject({ isComparedWithLog: true })
})
