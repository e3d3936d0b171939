import { execFileSync } from 'node:child_process'
import { appendFileSync, existsSync, rmSync } from 'node:fs'
import { lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { HOUR_MS } from '#domain/instant.ts'
import { findMapping } from '#server/intake/files/interpret/mapping.ts'
import { identifyFile, SourceFileChangedError, sourceFileAt } from '#server/intake/files/read/source-file.ts'
import { readRows } from '#server/intake/files/read/source-rows.ts'
import { startIntakeProcess } from '#server/intake/testing/intake-process.ts'
import { importDroppedFiles } from './drop-folder.ts'
import { joinPath } from './file-names.ts'
import { tellUntaken } from './tell-untaken.ts'

const MAPPING = 'uci-online-retail'
const HEADER = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country'
const fileOf = (...documents: string[]): string =>
  [HEADER, ...documents.map(document => `${document},A,HEART,1,2010-12-01 08:26:00,2.55,,France`)].join('\n')

let database: TestDatabase
let outside: string
let dropDir: string

beforeEach(async () => {
  database = await createTestDatabase()
  outside = await mkdtemp(path.join(os.tmpdir(), 'tillstream-untaken-'))
  dropDir = path.join(outside, 'drop')
  await mkdir(path.join(dropDir, MAPPING), { recursive: true })
})

afterEach(async () => {
  await database.drop()
  await rm(outside, { recursive: true })
})

const inMapping = (...names: string[]): string => path.join(dropDir, MAPPING, ...names)
const take = () => importDroppedFiles({ databaseUrl: database.url, dropDir, folders: 'watched' })

/** What the page Pipeline reads, by place. */
async function untaken(now?: number): Promise<Record<string, string>> {
  await tellUntaken(database.sql, dropDir, now)
  const rows = await database.sql<{ place: string; reason: string }[]>`
    select place, reason from intake.untaken_files where drop_dir = ${dropDir}`
  return Object.fromEntries(rows.map(({ place, reason }) => [place, reason]))
}

async function countEvents(): Promise<number> {
  const [row] = await database.sql<{ count: number }[]>`
    select count(*) as count from log.event_log where class = 'bulk'`
  return row?.count ?? -1
}

test('what is no file of its own is told and left alone: links, pipes, sockets, devices, folders', async () => {
  const secret = path.join(outside, 'secret.csv')
  await writeFile(secret, fileOf('secret'))
  await writeFile(inMapping('good.csv'), fileOf('1'))
  await symlink(secret, inMapping('link.csv'))
  await symlink(path.join(outside, 'nowhere'), inMapping('broken.csv'))
  await symlink(inMapping('good.csv'), inMapping('good.csv.done'))
  execFileSync('mkfifo', [inMapping('pipe.csv')])
  await mkdir(inMapping('folder.csv'))
  await mkdir(path.join(outside, 'elsewhere'))
  await symlink(path.join(outside, 'elsewhere'), path.join(dropDir, 'journal'))
  await writeFile(path.join(outside, 'elsewhere', '1.ndjson'), '{}')
  await writeFile(path.join(outside, 'elsewhere', '1.ndjson.done'), '')
  const server = createServer()
  await new Promise<void>(resolve => server.listen(inMapping('socket.csv'), resolve))
  const marked = ['link.csv', 'broken.csv', 'pipe.csv', 'folder.csv', 'socket.csv']
  for (const name of marked) await writeFile(inMapping(`${name}.done`), '')
  const expected = {
    journal: 'no_regular_file',
    [`${MAPPING}/broken.csv`]: 'no_regular_file',
    [`${MAPPING}/folder.csv`]: 'folder',
    [`${MAPPING}/good.csv.done`]: 'no_regular_file',
    [`${MAPPING}/link.csv`]: 'no_regular_file',
    [`${MAPPING}/pipe.csv`]: 'no_regular_file',
    [`${MAPPING}/socket.csv`]: 'no_regular_file',
  }
  if (process.getuid?.() === 0) {
    execFileSync('mknod', [inMapping('device.csv'), 'c', '1', '3'])
    Object.assign(expected, { [`${MAPPING}/device.csv`]: 'no_regular_file' })
  }
  const names = (await readdir(inMapping())).sort()
  expect(await take()).toEqual([])
  expect(await untaken()).toEqual(expected)
  expect(await countEvents()).toBe(0)
  expect((await readdir(inMapping())).sort()).toEqual(names)
  expect(await readdir(path.join(outside, 'elsewhere'))).toEqual(['1.ndjson', '1.ndjson.done'])
  await new Promise(resolve => server.close(resolve))
})

test('no link is written through: not where rejects are drafted, not where results go', async () => {
  const target = path.join(outside, 'target')
  await writeFile(target, 'mine')
  await writeFile(inMapping('1.csv'), `${fileOf('1')}\n2,A,HEART,six,2010-12-01 08:26:00,2.55,,France`)
  await writeFile(inMapping('1.csv.done'), '')
  await writeFile(inMapping('probe.csv'), fileOf('3'))
  await writeFile(inMapping('probe.csv.done'), '')
  await mkdir(inMapping('loaded'))
  await symlink(target, inMapping('loaded', '1.csv.summary.json'))
  await symlink(target, inMapping('loaded', '1.csv.rejects.csv'))
  // The draft of the rejects has a name that can be foreseen.
  const { shortHash } = await import('./file-names.ts')
  await symlink(target, inMapping(`.rejects-${shortHash(Buffer.from('1.csv'))}.csv`))
  expect(await take()).toMatchObject([{ state: 'loaded', summary: { rejectedRows: 1 } }, { state: 'loaded' }])
  expect(await readFile(target, 'utf8')).toBe('mine')
  for (const name of ['1.csv.summary.json', '1.csv.rejects.csv'])
    expect((await lstat(inMapping('loaded', name))).isFile()).toBe(true)
})

test('a link in place of the folder of what was taken is told, and nothing goes through it', async () => {
  await mkdir(path.join(outside, 'elsewhere'))
  await symlink(path.join(outside, 'elsewhere'), inMapping('loaded'))
  await writeFile(inMapping('1.csv'), fileOf('1'))
  await writeFile(inMapping('1.csv.done'), '')
  expect(await take()).toMatchObject([{ state: 'retry' }])
  expect(await readdir(path.join(outside, 'elsewhere'))).toEqual([])
  expect(await untaken()).toEqual({
    [`${MAPPING}/1.csv`]: 'failing',
    [`${MAPPING}/loaded`]: 'no_regular_file',
  })
})

test('names in another encoding, of any length, with line breaks and backslashes: taken as they are', async () => {
  const names = [
    Buffer.from('K\u00e4se.csv', 'latin1'),
    Buffer.from([0xff, 0xfe, 0x2e, 0x63, 0x73, 0x76]),
    Buffer.from('a\nb\\c.csv'),
    Buffer.from(`${'x'.repeat(246)}.csv`),
    Buffer.from(`${'ä'.repeat(123)}.csv`),
  ]
  const folder = joinPath(dropDir, MAPPING)
  for (const [index, name] of names.entries()) {
    const lines = `${fileOf(`${index}`)}\n9${index},A,HEART,six,2010-12-01 08:26:00,2.55,,France`
    await writeFile(joinPath(folder, name), lines)
    await writeFile(joinPath(folder, Buffer.concat([name, Buffer.from('.done')])), '')
  }
  const taken = await take()
  expect(taken.map(({ state }) => state)).toEqual(names.map(() => 'loaded'))
  expect(await countEvents()).toBe(names.length)
  expect(await readdir(inMapping())).toEqual(['loaded'])
  const loaded = await readdir(joinPath(folder, 'loaded'), { encoding: 'buffer' })
  for (const name of names) expect(loaded.some(entry => entry.equals(name))).toBe(true)
  expect(loaded).toHaveLength(3 * names.length)
  expect(await untaken()).toEqual({})
  // Again under the same names: each gets a number.
  for (const [index, name] of names.entries()) {
    await writeFile(joinPath(folder, name), fileOf(`${index}`))
    await writeFile(joinPath(folder, Buffer.concat([name, Buffer.from('.done')])), '')
  }
  expect((await take()).map(({ state }) => state)).toEqual(names.map(() => 'loaded'))
  expect(await readdir(joinPath(folder, 'loaded'), { encoding: 'buffer' })).toHaveLength(5 * names.length)
})

test('what waits for something is told in time: marks, files without one, names too long for one, other places', async () => {
  const long = 'y'.repeat(255)
  await writeFile(inMapping(long), fileOf('1'))
  await writeFile(inMapping('unmarked.csv'), fileOf('1'))
  await writeFile(inMapping('early.csv.done'), '')
  await writeFile(inMapping('.hidden.csv'), fileOf('1'))
  await writeFile(inMapping('.hidden.csv.done'), '')
  await writeFile(inMapping('.DS_Store'), '')
  await writeFile(path.join(dropDir, 'astray.csv'), fileOf('1'))
  await mkdir(path.join(dropDir, 'nobodys'))
  await writeFile(path.join(dropDir, 'nobodys', '1.csv'), fileOf('1'))
  await writeFile(path.join(dropDir, 'broken.json'), '{\u0000')
  await mkdir(joinPath(dropDir, Buffer.from('K\u00e4se', 'latin1')))
  await writeFile(joinPath(dropDir, Buffer.from('K\u00e4se', 'latin1'), '1.csv'), fileOf('1'))
  const atOnce = {
    'K\\xE4se': 'unknown_mapping',
    'astray.csv': 'wrong_place',
    broken: 'unknown_mapping',
    nobodys: 'unknown_mapping',
    [`${MAPPING}/.hidden.csv`]: 'hidden',
    [`${MAPPING}/.hidden.csv.done`]: 'hidden',
    [`${MAPPING}/${long}`]: 'name_too_long',
  }
  expect(await untaken()).toEqual(atOnce)
  const inAMinute = { ...atOnce, [`${MAPPING}/early.csv.done`]: 'mark_without_file' }
  expect(await untaken(Date.now() + 60_000)).toEqual(inAMinute)
  expect(await untaken(Date.now() + HOUR_MS + 1_000)).toEqual({
    ...inAMinute,
    [`${MAPPING}/unmarked.csv`]: 'without_mark',
    'nobodys/1.csv': 'without_mark',
    'K\\xE4se/1.csv': 'without_mark',
  })
  expect(await take()).toEqual([])
  // Since when, is since when it was first told.
  const since = () => database.sql`select place, since from intake.untaken_files order by place`
  const before = await since()
  await untaken(Date.now() + 2 * HOUR_MS)
  expect(await since()).toEqual(before)
})

test('a complete file of an unknown mapping, an empty one, a broken gzip: set aside with the reason, not deleted', async () => {
  await mkdir(path.join(dropDir, 'nobodys'))
  await mkdir(path.join(dropDir, 'journal'))
  const files: [string, string | Buffer][] = [
    ['nobodys/1.csv', fileOf('1')],
    [`${MAPPING}/empty.csv`, ''],
    ['journal/empty.ndjson', ''],
    [`${MAPPING}/corrupt.csv.gz`, gzipSync(fileOf('1')).subarray(0, 40)],
    [`${MAPPING}/plain.csv.gz`, fileOf('1')],
    [`${MAPPING}/nul.csv`, 'a\u0000,b\n1,2\n'],
    [`${MAPPING}/trailing.csv.gz`, Buffer.concat([gzipSync(fileOf('1')), Buffer.from('garbage')])],
  ]
  for (const [name, content] of files) {
    await writeFile(path.join(dropDir, name), content)
    await writeFile(path.join(dropDir, `${name}.done`), '')
  }
  const taken = await take()
  const errors = new Map(
    taken.map(file => [
      `${file.mapping}/${file.name}`,
      file.state === 'failed' ? file.summary.error : file.state,
    ]),
  )
  for (const [name, error] of [
    ['nobodys/1.csv', 'nobodys.json'],
    [`${MAPPING}/empty.csv`, 'is empty'],
    ['journal/empty.ndjson', 'is empty'],
    [`${MAPPING}/corrupt.csv.gz`, 'no whole gzip file'],
    [`${MAPPING}/plain.csv.gz`, 'no whole gzip file'],
    [`${MAPPING}/nul.csv`, 'Its first row is: a\u2400,b'],
  ] as const) {
    expect(errors.get(name)).toContain(error)
    expect(existsSync(path.join(dropDir, path.dirname(name), 'failed', path.basename(name)))).toBe(true)
  }
  expect(await untaken()).toEqual({})
})

test('a mapping that is a link is not followed', async () => {
  await writeFile(path.join(outside, 'own.json'), '{}')
  await symlink(path.join(outside, 'own.json'), path.join(dropDir, 'own.json'))
  await mkdir(path.join(dropDir, 'own'))
  await writeFile(path.join(dropDir, 'own', '1.csv'), fileOf('1'))
  await writeFile(path.join(dropDir, 'own', '1.csv.done'), '')
  expect(await untaken()).toEqual({ own: 'unknown_mapping', 'own.json': 'no_regular_file' })
  expect(await take()).toMatchObject([
    { state: 'failed', summary: { error: expect.stringContaining('links are not followed') } },
  ])
})

test.each([
  ['grows', (file: string) => appendFileSync(file, '\n2,A,HEART,1,2010-12-01 08:26:00,2.55,,France')],
  ['goes away', (file: string) => rmSync(file)],
])(
  'a file that %s while it is read is told from one that is bad, and nothing of it counts',
  async (_, change) => {
    const file = inMapping('1.csv')
    await writeFile(file, fileOf('1'))
    const source = sourceFileAt({ path: file, at: file })
    const identified = await identifyFile(source)
    change(file)
    const mapping = await findMapping(MAPPING, dropDir)
    if (mapping.kind !== 'rows') throw new Error('a mapping of rows')
    const read = async () => {
      for await (const _chunk of readRows(identified.file, mapping, []));
    }
    await expect(read()).rejects.toThrow(SourceFileChangedError)
  },
)

test('a file that is still written under its mark waits, and is loaded whole', async () => {
  const documents = Array.from({ length: 20_000 }, (_, index) => `${index}`)
  await writeFile(inMapping('1.csv'), fileOf(...documents))
  await writeFile(inMapping('1.csv.done'), '')
  const growing = setInterval(() => appendFileSync(inMapping('1.csv'), '\n'), 0)
  const taken = await take()
  clearInterval(growing)
  // It grew before it was looked at, or while it was read.
  expect(taken.filter(({ state }) => state !== 'retry')).toEqual([])
  expect(await countEvents()).toBe(0)
  expect(await untaken()).toEqual({ [`${MAPPING}/1.csv`]: 'still_written' })
  await rm(inMapping('1.csv.done'))
  await writeFile(inMapping('1.csv.done'), '')
  expect(await take()).toMatchObject([{ state: 'loaded', summary: { rows: 20_000, eventsAppended: 20_000 } }])
})

test('a running intake tells in its log and in the table within a minute', async () => {
  await symlink(path.join(outside, 'nowhere'), inMapping('link.csv'))
  const intake = await startIntakeProcess(database.url, { DROP_DIR: dropDir })
  await vi.waitFor(
    async () => {
      expect(intake.output()).toContain(`${MAPPING}/link.csv is not taken: it is a symbolic link`)
      const [row] = await database.sql`select place from intake.untaken_files`
      expect(row).toEqual({ place: `${MAPPING}/link.csv` })
    },
    { timeout: 60_000, interval: 100 },
  )
  expect(await intake.end('SIGTERM')).toBe(0)
})
