import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, statfs, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { importDroppedFiles } from './drop-folder.ts'
import { tellUntaken } from './tell-untaken.ts'

const MAPPING = 'uci-online-retail'
const HEADER = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country'
const row = (document: number, units: string) =>
  `${document},A,HEART,${units},2010-12-01 08:26:00,2.55,,France`

let database: TestDatabase
let dropDir: string
let isMounted: boolean

beforeEach(async () => {
  database = await createTestDatabase()
  dropDir = await mkdtemp(path.join(os.tmpdir(), 'tillstream-small-disk-'))
  isMounted = mount('size=256k') === 0
  if (!isMounted) console.log('No small disk can be mounted here: nothing is tried on a full one.')
})

afterEach(async () => {
  if (isMounted) spawnSync('umount', ['--lazy', dropDir])
  await rm(dropDir, { recursive: true })
  await database.drop()
})

function mount(options: string): number | null {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', dropDir]).status
}

/** A file whose every other row is rejected, with its mark. */
async function dropWithRejects(documents: number): Promise<void> {
  await mkdir(path.join(dropDir, MAPPING))
  const rows = Array.from({ length: documents }, (_, index) => row(index, index % 2 === 0 ? '1' : 'one'))
  await writeFile(path.join(dropDir, MAPPING, '1.csv'), [HEADER, ...rows].join('\n'))
  await writeFile(path.join(dropDir, MAPPING, '1.csv.done'), '')
}

async function told(): Promise<[string, string][]> {
  const found = await tellUntaken(database.sql, dropDir)
  return 'problem' in found ? [] : found.untaken.map(({ reason, detail }) => [reason, detail])
}

const take = () => importDroppedFiles({ databaseUrl: database.url, dropDir, folders: 'watched' })

test('no room for the rejects: told, tried again, and loaded once there is room', async () => {
  if (!isMounted) return
  await dropWithRejects(600)
  const { bavail, bsize } = await statfs(dropDir)
  await writeFile(path.join(dropDir, 'filler.json'), Buffer.alloc(bavail * bsize))
  expect(await take()).toMatchObject([{ state: 'retry' }])
  expect((await told()).find(([reason]) => reason === 'failing')?.[1]).toMatch(
    /try 1 of 10 failed: .*(ENOSPC|no space)/i,
  )
  expect(existsSync(path.join(dropDir, MAPPING, '1.csv'))).toBe(true)
  await rm(path.join(dropDir, 'filler.json'))
  await database.sql`update intake.drop_attempts set next_try_at = now()`
  expect(await take()).toMatchObject([{ state: 'loaded', summary: { rejectedRows: 300, orderRows: 300 } }])
  expect((await readdir(path.join(dropDir, MAPPING, 'loaded'))).sort()).toEqual([
    '1.csv',
    '1.csv.rejects.csv',
    '1.csv.summary.json',
  ])
  expect(await told()).toEqual([])
  const [events] = await database.sql`select count(*)::int as count from log.event_log where class = 'bulk'`
  expect(events).toEqual({ count: 300 })
})

test('a folder that may not be written to: nothing is loaded that could not be moved away, and it is told', async () => {
  if (!isMounted) return
  await dropWithRejects(2)
  expect(mount('remount,ro')).toBe(0)
  expect(await take()).toEqual([])
  expect(await told()).toMatchObject([
    ['read_only_folder', expect.stringContaining('complete files wait (1)')],
  ])
  const [events] = await database.sql`select count(*)::int as count from log.event_log where class = 'bulk'`
  expect(events).toEqual({ count: 0 })
  expect(mount('remount,rw')).toBe(0)
  expect(await take()).toMatchObject([{ state: 'loaded' }])
})
