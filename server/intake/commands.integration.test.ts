import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { startProgram } from '#platform/process.ts'

let database: TestDatabase
let folder: string

beforeAll(async () => {
  database = await createTestDatabase()
  folder = await mkdtemp(path.join(os.tmpdir(), 'tillstream-commands-'))
})

afterAll(async () => {
  await database?.drop()
  await rm(folder, { recursive: true })
})

async function run(
  program: string,
  ...args: string[]
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await startProgram({
    entry: `server/intake/${program}`,
    args,
    settings: {
      DATABASE_URL: database.url,
      DATA_DIR: path.join(folder, 'data'),
      INIT_CWD: folder,
      NODE_OPTIONS: '',
    },
  }).ended
  return { code, stdout, stderr }
}

const HEADER = 'InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country'
const line = (document: string, units = '1'): string =>
  `${document},85123A,HEART,${units},2010-12-01 08:26:00,2.55,,France`

test('stores are added from a file and listed, for people and as JSON', async () => {
  expect(await run('stores/main.ts', 'list')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^No stores yet/),
  })
  await writeFile(
    path.join(folder, 'store.json'),
    JSON.stringify({ id: 'kiel', name: 'Kiel', zone: 'Europe/Berlin', cutOverHour: 4, currency: 'EUR' }),
  )
  expect(await run('stores/main.ts', 'add', 'store.json')).toEqual({
    code: 0,
    stdout: 'kiel: added\n',
    stderr: '',
  })
  expect((await run('stores/main.ts', 'list')).stdout).toMatch(
    /^id +name .*\nkiel +Kiel +\S+ +Europe\/Berlin +04:00 +EUR/,
  )
  expect(JSON.parse((await run('stores/main.ts', 'list', '--json')).stdout)).toMatchObject([
    { id: 'kiel', zone: 'Europe/Berlin', taxInclusive: true, channel: 'pos', input: 'live' },
  ])
})

test('a wrong store or call is one clear message', async () => {
  await writeFile(
    path.join(folder, 'bad.json'),
    JSON.stringify([{ id: 'x', name: 'X', zone: 'Berlin', currency: 'euro' }]),
  )
  const bad = await run('stores/main.ts', 'add', 'bad.json')
  expect(bad.code).toBe(1)
  expect(bad.stderr).toMatch(/"Berlin" is no IANA time zone[\s\S]*is no currency of ISO 4217/)
  expect(await run('stores/main.ts', 'sell')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^Say what to do/),
  })
})

test('exchange rates are added from a file, put right and listed; the reporting currency is said and set', async () => {
  const empty = await run('rates/main.ts', 'list')
  expect(empty).toMatchObject({ code: 0, stdout: expect.stringMatching(/^No exchange rates yet/) })
  const write = (rate: string) =>
    writeFile(
      path.join(folder, 'rates.csv'),
      `currency,validFrom,rate\nUSD,2026-01-01,0.9\nUSD,2026-02-01,${rate}\n`,
    )
  await write('0.85')
  expect(await run('rates/main.ts', 'add', 'rates.csv')).toEqual({
    code: 0,
    stdout: 'USD → EUR from 2026-01-01: 0.9, added\nUSD → EUR from 2026-02-01: 0.85, added\n',
    stderr: '',
  })
  await write('0.86')
  expect(JSON.parse((await run('rates/main.ts', 'add', 'rates.csv', '--json')).stdout)).toMatchObject([
    { validFrom: '2026-01-01', change: 'unchanged' },
    { validFrom: '2026-02-01', rate: '0.86', change: 'changed' },
  ])
  await write('nothing')
  expect(await run('rates/main.ts', 'add', 'rates.csv')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/line 3, rate: must be a decimal above 0/),
  })
  expect((await run('rates/main.ts', 'list')).stdout).toBe(
    'USD → EUR  from 2026-01-01  0.9\nUSD → EUR  from 2026-02-01  0.86\n',
  )
  expect((await run('rates/main.ts', 'currency')).stdout).toBe('EUR\n')
  expect((await run('rates/main.ts', 'currency', 'USD')).stdout).toBe('USD\n')
  expect(await run('rates/main.ts', 'currency', 'dollar')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/"dollar" is no currency/),
  })
  expect(await run('rates/main.ts', 'sell')).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^Say what to do/),
  })
})

test('import: exit code 0, the table, and the same as JSON', async () => {
  await writeFile(path.join(folder, '2010-12-01.csv'), [HEADER, line('1'), line('A2')].join('\n'))
  const first = await run('files/main.ts', '2010-12-01.csv', '--mapping', 'uci-online-retail')
  expect(first).toMatchObject({ code: 0, stderr: '' })
  expect(first.stdout).toMatch(/^file .*\n-+.*\n2010-12-01 +2 +1 +0 +0 +1 +0 +1 +0\n/)
  const again = await run('files/main.ts', '2010-12-01.csv', '--mapping', 'uci-online-retail', '--json')
  expect(JSON.parse(again.stdout)).toMatchObject({
    files: [
      {
        file: '2010-12-01',
        rows: 2,
        orderRows: 1,
        returnRows: 0,
        stockAdjustmentRows: 0,
        setAsideRows: 1,
        rejectedRows: 0,
        eventsAppended: 0,
        duplicates: 1,
      },
    ],
    total: { file: 'total', rows: 2, duplicates: 1 },
  })
})

test('import: a journal holds events, and its summary shows only the kinds it has', async () => {
  const store = { id: 'kiel', name: 'Kiel', zone: 'Europe/Berlin', cutOverHour: 4, currency: 'EUR' }
  await writeFile(path.join(folder, 'store.json'), JSON.stringify(store))
  await run('stores/main.ts', 'add', 'store.json')
  const closing = {
    register: '1',
    businessDay: '2026-03-02',
    currency: 'EUR',
    orders: 1,
    units: 1,
    net: '2.50',
  }
  const header = { source: 'till', id: 'z', type: 'till.closed', store: 'kiel' }
  const event = { ...header, eventTime: '2026-03-02T20:00:00Z', ...closing }
  await writeFile(path.join(folder, 'kiel.ndjson'), JSON.stringify(event))
  const { code, stdout, stderr } = await run('files/main.ts', 'kiel.ndjson', '--mapping', 'journal')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(
    /^file +rows +orders +returns +Z reports +adjustments +set aside +rejected +events +duplicates\n-.*\nkiel +1 +0 +0 +1 +0 +0 +0 +1 +0\n/,
  )
})

test('import: exit code 2 with rejects, whose file is named', async () => {
  await writeFile(path.join(folder, 'bad.csv'), [HEADER, line('7'), line('8', 'six')].join('\n'))
  const { code, stdout } = await run(
    'files/main.ts',
    'bad.csv',
    '--mapping',
    'uci-online-retail',
    '--rejects',
    'out',
  )
  expect(code).toBe(2)
  const rejects = path.join(folder, 'out', 'bad.csv.rejects.csv')
  expect(stdout).toContain(rejects)
  expect(await readFile(rejects, 'utf8')).toMatch(/\n3,3,invalid_field,/)
})

test.each<[string, string[], RegExp]>([
  ['no path', ['--mapping', 'uci-online-retail'], /^Name one path and a mapping/],
  ['no mapping', ['bad.csv'], /^Name one path and a mapping/],
  [
    'an unknown mapping',
    ['bad.csv', '--mapping', 'uci'],
    /There is no mapping .*Built in: journal, reviews, uci-online-retail/,
  ],
  ['a path that does not exist', ['none.csv', '--mapping', 'uci-online-retail'], /none\.csv does not exist/],
  ['an unknown option', ['bad.csv', '--maping', 'x'], /^Unknown option '--maping'/],
])('import with %s is exit code 1 and one sentence', async (_, args, message) => {
  const { code, stdout, stderr } = await run('files/main.ts', ...args)
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toMatch(message)
  const [, ...others] = stderr.trim().split('\n')
  expect(others.join('\n')).toMatch(/^("npm run import -- --help" lists the options\.)?$/)
})

test('every command has --help', async () => {
  for (const program of ['files/main.ts', 'stores/main.ts']) {
    expect(await run(program, '--help')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Usage: npm run/),
    })
  }
})
