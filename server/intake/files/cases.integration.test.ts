import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { partId } from '#domain/derived-id.ts'
import { parseMapping } from './interpret/mapping.ts'
import { findSourceFiles } from './read/source-file.ts'
import { runImport } from './store/run-import.ts'
import type { FileSummary } from './store/summary.ts'
import { caseFile, mappingOf, rejectsOf, S1 } from './testing/cases.ts'

// Files that went wrong once, each the smallest of its kind, with mappings as a user would write them (docs/mappings.md).
// The files of ../shared/cases are played where they are there; the same kinds, varied, are always.

let database: TestDatabase
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'tillstream-cases-'))
})

beforeEach(async () => {
  await database?.drop()
  database = await createTestDatabase()
})

afterAll(async () => {
  await database?.drop()
  await rm(folder, { recursive: true })
})

async function load(
  text: string | Buffer,
  mapping: object = mappingOf(),
  { name = 'day.csv', dryRun = false }: { name?: string; dryRun?: boolean } = {},
): Promise<FileSummary> {
  const file = path.join(folder, name)
  await writeFile(file, text)
  const parsed = parseMapping(JSON.stringify(mapping), 'mapping.json')
  const { files } = await runImport({
    databaseUrl: database.url,
    files: await findSourceFiles(file, parsed.format),
    mapping: parsed,
    dryRun,
    rejectsPathOf: source => path.join(folder, `${path.basename(source.path)}.rejects.csv`),
  })
  const [summary] = files
  if (!summary) throw new Error('no file was imported')
  return summary
}

async function events() {
  const rows = await database.sql<
    {
      id: string
      day: string
      gross: string
      register: string | null
      customer: string | null
      skus: string[]
    }[]
  >`
    select id, business_day as day, type, currency, register, customer, skus, units, event_time as at,
      to_char(total_gross / 10000.0, 'FM999999990.0000') as gross,
      to_char(total_returns / 10000.0, 'FM999999990.0000') as returns, total_units as "totalUnits"
    from log.event_log order by id`
  return rows.map(row => ({ ...row }))
}

const lines = (...rows: string[]): string => `${rows.join('\n')}\n`

describe('rows of a document that contradict each other', () => {
  const CURRENCY = mappingOf({ columns: { currency: 'cur' } })

  test('case 12: a currency may stand on one row; two currencies set the document back whole', async () => {
    const text = await caseFile('12-currency-on-first-row.csv')
    if (text === null) return
    const summary = await load(text, CURRENCY)
    expect(summary).toMatchObject({ rows: 4, orderRows: 2, rejectedRows: 2, eventsAppended: 1 })
    expect(await events()).toMatchObject([{ id: '1', currency: 'USD', gross: '12.0000' }])
    const rejects = await rejectsOf(summary)
    expect(rejects.map(({ row, reason }) => [row, reason])).toEqual([
      ['4', 'rows_contradict'],
      ['5', 'rows_contradict'],
    ])
    expect(rejects[1]?.detail).toBe(
      'document 2 is set back whole: its rows 4 and 5 contradict each other in currency (USD, GBP)',
    )
  })

  test.each([
    ['currency', 'GBP', 'USD'],
    ['customer', 'anna', 'bert'],
    ['register', '1', '2'],
    ['tender', 'card', 'cash'],
    ['channel', 'pos', 'online'],
  ])('%s: the first that is stated and the first that differs are named', async (field, one, other) => {
    const text = lines(
      `doc;time;${field};sku;qty;price`,
      '7;2026-09-01 10:00:00;;A;1;5.00',
      `8;2026-09-01 10:00:00;${other};A;1;5.00`,
      `7;2026-09-01 10:00:00;${one};B;1;7.00`,
      `8;2026-09-01 10:00:00;;B;-1;7.00`,
      `7;2026-09-01 10:00:00;${other};C;1;7.00`,
      `7;2026-09-01 10:00:00;${one};D;-1;7.00`,
    )
    const summary = await load(text, mappingOf({ columns: { [field]: field } }))
    expect(summary).toMatchObject({ orderRows: 1, returnRows: 1, rejectedRows: 4, eventsAppended: 2 })
    const rejects = await rejectsOf(summary)
    expect(new Set(rejects.map(({ doc, detail }) => `${doc} ${detail}`))).toEqual(
      new Set([
        `7 document 7 is set back whole: its rows 4 and 6 contradict each other in ${field} (${one}, ${other})`,
      ]),
    )
    const stored =
      await database.sql`select id, ${database.sql(field)} as value from log.event_log order by id`
    // What one row of the document says, its return has as well.
    expect(stored.map(row => ({ ...row }))).toEqual([
      { id: '8', value: other },
      { id: partId('8', 'return'), value: other },
    ])
    const letters =
      await database.sql`select event_id, reason, met_in ->> 'row' as row from intake.dead_letters`
    expect(letters.map(letter => ({ ...letter }))).toEqual([
      { event_id: '7', reason: 'rows_contradict', row: '6' },
    ])
  })

  test('times further apart than the stated span: receipt numbers that begin anew are no one document', async () => {
    const text = lines(
      'doc,time,sku,qty,price',
      '1,2026-09-01 10:00:00,A,1,5.00',
      '1,2026-09-02 10:00:00,B,1,5.00',
      '2,2026-09-01 10:00:00,A,1,5.00',
      '2,2026-09-01 11:00:00,B,1,5.00',
      '3,2026-09-01 10:00:00,A,1,5.00',
      '3,2026-09-01 11:00:01,B,1,5.00',
    )
    const summary = await load(text)
    expect(summary).toMatchObject({ orderRows: 2, rejectedRows: 4 })
    const rejects = await rejectsOf(summary)
    expect(rejects[0]?.detail).toBe(
      'document 1 is set back whole: its rows 2 and 3 contradict each other in the time (2026-09-01T08:00:00Z, 2026-09-02T08:00:00Z, more than 60 minutes apart)',
    )
    expect((await load(text, mappingOf({ documentSpanMinutes: 61 }))).eventsAppended).toBe(1)
    expect((await load(text, mappingOf({ documentSpanMinutes: 1_440 }))).eventsAppended).toBe(1)
    expect((await events()).map(({ id }) => id)).toEqual(['1', '2', '3'])
  })

  test('a document that is mended and read again counts once, and its dead letter is settled', async () => {
    const text = lines(
      'doc,time,cur,sku,qty,price',
      '1,2026-09-01 10:00:00,USD,A,1,5.00',
      '1,2026-09-01 10:00:00,GBP,B,1,7.00',
    )
    const { rejects } = await load(text, CURRENCY)
    const repaired = (await readFile(rejects ?? '', 'utf8')).replace('GBP,B', 'USD,B')
    expect(await load(repaired, CURRENCY, { name: 'repaired.csv' })).toMatchObject({
      orderRows: 2,
      eventsAppended: 1,
    })
    expect(await events()).toMatchObject([{ gross: '12.0000', currency: 'USD' }])
    const [letter] = await database.sql`select state from intake.dead_letters`
    expect(letter).toEqual({ state: 'requeued' })
  })
})

describe('receipt numbers that begin anew', () => {
  const KASSE = {
    decimal: ',',
    thousands: '.',
    timeFormat: 'DD.MM.YYYY HH:mm',
    columns: {
      document: ['Kasse', 'Datum', 'Bon'],
      register: 'Kasse',
      time: ['Datum', 'Zeit'],
      sku: 'Artikel',
      units: 'Menge',
      unitPrice: 'Preis',
      customer: 'Kunde',
    },
  }

  test('the case: four orders, each with its own day, register and customer', async () => {
    const text = await caseFile('receipt-numbers-begin-anew.csv')
    if (text === null) return
    const summary = await load(text, mappingOf(KASSE))
    expect(summary).toMatchObject({ rows: 4, orderRows: 4, rejectedRows: 0, eventsAppended: 4 })
    expect(
      (await events())
        .map(({ gross, day, register, customer }) => [gross, day, register, customer])
        .sort((one, other) => Number(one[0]) - Number(other[0])),
    ).toEqual([
      ['10.0000', '2026-11-02', '1', 'anna'],
      ['20.0000', '2026-11-02', '2', 'bert'],
      ['40.0000', '2026-11-03', '1', 'carl'],
      ['1234.5000', '2026-11-03', '1', null],
    ])
  })

  test('no two sets of cells give one number, whatever separates them; an empty part is no number', async () => {
    const mapping = mappingOf({ columns: { document: ['a', 'b'] } })
    const text = lines(
      'a;b;time;sku;qty;price',
      '1;12;2026-09-01 10:00:00;A;1;1.00',
      '11;2;2026-09-01 10:00:00;A;1;2.00',
      '1|1;2;2026-09-01 10:00:00;A;1;3.00',
      '1;1|2;2026-09-01 10:00:00;A;1;4.00',
      '1\\;1|2;2026-09-01 10:00:00;A;1;5.00',
      ';2;2026-09-01 10:00:00;A;1;6.00',
    )
    const summary = await load(text, mapping)
    expect(summary).toMatchObject({ orderRows: 5, rejectedRows: 1, eventsAppended: 5 })
    expect(new Set((await events()).map(({ id }) => id)).size).toBe(5)
    expect(await rejectsOf(summary)).toMatchObject([{ row: '7', detail: 'document: the cell is empty' }])
  })
})

describe('what a file leaves open', () => {
  test('document numbers of any length in ndjson stay apart, and a price keeps its digits', async () => {
    const line = (doc: string, price: string) =>
      `{"doc":${doc},"time":"2026-09-01 10:00:00","sku":"A","qty":1,"price":${price}}`
    const text = lines(
      line('9007199254740992', '5.10'),
      line('9007199254740993', '5'),
      line('1234567890123456789', '0.1'),
    )
    await load(text, mappingOf({ format: 'ndjson' }), { name: 'day.ndjson' })
    expect((await events()).map(({ id, gross }) => [id, gross])).toEqual([
      ['1234567890123456789', '0.1000'],
      ['9007199254740992', '5.1000'],
      ['9007199254740993', '5.0000'],
    ])
  })

  test('of two columns with one name the file is refused where the mapping reads them, and taken where it does not', async () => {
    const text = (name: string) =>
      lines(`doc,time,sku,qty,price,${name},note`, '1,2026-09-01 10:00:00,A,1,5.00,6.00,x')
    await load(text('note'))
    expect(await events()).toMatchObject([{ id: '1', gross: '5.0000' }])
    expect((await load(text('price'), mappingOf(), { name: 'twice.csv' })).error).toContain(
      'has two columns called price',
    )
    const named = mappingOf({ header: ['doc', 'time', 'sku', 'qty', 'list', 'price', 'note'] })
    await load('2,2026-09-01 10:00:00,A,1,5.00,6.00,x\n', named, { name: 'named.csv' })
    expect(await events()).toMatchObject([{ id: '1' }, { id: '2', gross: '6.0000' }])
  })
})

describe('set aside', () => {
  const voided = (scope?: 'row' | 'document') =>
    mappingOf({
      rules: [{ when: { equals: { status: ['voided'] } }, is: 'set-aside', ...(scope && { scope }) }],
    })

  test('case 02: a status on the first row sets the whole document aside', async () => {
    const text = await caseFile('02-set-aside-half-document.csv')
    if (text === null) return
    const summary = await load(text, voided('document'))
    expect(summary).toMatchObject({
      rows: 2,
      orderRows: 0,
      setAsideRows: 2,
      rejectedRows: 0,
      eventsAppended: 0,
    })
    expect(await events()).toEqual([])
  })

  const TEXT = lines(
    'doc;status;time;sku;qty;price',
    '1;;2026-09-01 10:00:00;FERN;1;16.00',
    '2;;2026-09-01 10:00:00;FERN;1;3.00',
    '1;;2026-09-01 10:00:00;MUG;many;25.00',
    '1;voided;2026-09-01 10:00:00;CUP;-1;2.00',
    '3;voided;2026-09-01 10:00:00;FERN;1;3.00',
  )

  test('by document: whichever row says it, and a bad row goes with the others', async () => {
    const summary = await load(TEXT, voided('document'))
    expect(summary).toMatchObject({ orderRows: 1, setAsideRows: 4, rejectedRows: 0, eventsAppended: 1 })
    expect((await rejectsOf(summary)).map(({ row, reason }) => [row, reason])).toEqual([
      ['2', 'set_aside'],
      ['4', 'set_aside'],
      ['5', 'set_aside'],
      ['6', 'set_aside'],
    ])
  })

  test('by row: the rest of the document counts', async () => {
    const summary = await load(TEXT.replace('many', '1'), voided('row'))
    expect(summary).toMatchObject({ orderRows: 3, setAsideRows: 2, rejectedRows: 0, eventsAppended: 2 })
    expect((await events()).map(({ id, gross }) => [id, gross])).toEqual([
      ['1', '41.0000'],
      ['2', '3.0000'],
    ])
  })

  test('where the rule does not say, half a document is a question and not an answer', async () => {
    const summary = await load(TEXT.replace('many', '1'), voided())
    expect(summary).toMatchObject({ orderRows: 1, setAsideRows: 2, rejectedRows: 2, eventsAppended: 1 })
    expect((await rejectsOf(summary))[0]).toMatchObject({
      row: '2',
      reason: 'half_set_aside',
      detail:
        'document 1 is set back whole: a rule sets aside its row 5 and not its row 2: let the rule say whether its scope is the row or the document',
    })
  })
})

describe('the file of rejects', () => {
  const NAMED = mappingOf({ columns: { productName: 'name' } })

  async function repairedOf(summary: FileSummary, from: string, to: string): Promise<string> {
    return (await readFile(summary.rejects ?? '', 'utf8')).replaceAll(from, to)
  }

  test('case 13: repaired and read again, codes and names are what they were', async () => {
    const text = await caseFile('13-rejects-file-apostrophe.csv')
    if (text === null) return
    const summary = await load(text, NAMED)
    expect(summary).toMatchObject({ rows: 3, rejectedRows: 3, eventsAppended: 0 })
    const repaired = await repairedOf(summary, 'BAD', '2026-09-01 10:00:00')
    expect(await load(repaired, NAMED, { name: 'repaired.csv' })).toMatchObject({
      orderRows: 2,
      returnRows: 1,
      rejectedRows: 0,
    })
    const stored = await database.sql`
      select e.id, e.skus, p.name from log.event_log e join ref.products p on p.sku = e.skus[1] order by e.id`
    expect(stored.map(row => ({ ...row }))).toEqual([
      { id: '1', skus: ['-X1'], name: '-10% Sonderposten' },
      { id: '2', skus: ['@home'], name: '=SUM' },
      { id: '3', skus: ['A'], name: '+plus' },
    ])
  })

  test('whatever a cell begins with, and however often it is written and read', async () => {
    const names = ["'=x", "''@y", "'", '\u0027-1', '-5', '+1,5', '=1+1', '@a "b";c', 'Käse', "'quoted'"]
    const row = (name: string, index: number, time: string) =>
      `${index},${time},S${index},1,5.00,"${name.replaceAll('"', '""')}"`
    const header = 'doc,time,sku,qty,price,name'
    let summary = await load(lines(header, ...names.map((name, index) => row(name, index, 'BAD'))), NAMED)
    for (const name of ['once.csv', 'twice.csv']) {
      const again = await readFile(summary.rejects ?? '', 'utf8')
      summary = await load(again, NAMED, { name })
      expect(summary).toMatchObject({ rejectedRows: names.length })
    }
    const repaired = await repairedOf(summary, 'BAD', '2026-09-01 10:00:00')
    expect(repaired).toContain(`"'=1+1"`.replaceAll('"', ''))
    expect(await load(repaired, NAMED, { name: 'repaired.csv' })).toMatchObject({ orderRows: names.length })
    const stored = await database.sql<{ name: string }[]>`
      select name from ref.products where sku like 'S%' order by substr(sku, 2)::integer`
    expect(stored.map(({ name }) => name)).toEqual(names)
  })

  test('of semicolons, another encoding and no header row, and saved by a spreadsheet since', async () => {
    const mapping = mappingOf({
      encoding: 'windows-1252',
      delimiter: ';',
      header: ['doc', 'time', 'sku', 'qty', 'price', 'name'],
      columns: { productName: 'name' },
    })
    const summary = await load(
      Buffer.from(lines('1;BAD;A;1;5.00;Käse', '2;2026-09-01 10:00:00;B;1;5.00;Öl'), 'latin1'),
      mapping,
    )
    expect(summary).toMatchObject({ orderRows: 1, rejectedRows: 1 })
    const repaired = await repairedOf(summary, 'BAD', '2026-09-01 10:00:00')
    expect(await load(repaired, mapping, { name: 'repaired.csv', dryRun: true })).toMatchObject({
      orderRows: 1,
    })
    const saved = `\ufeff${repaired.replaceAll(',', ';').replaceAll('\n', '\r\n')}`
    expect(await load(saved, mapping, { name: 'saved.csv' })).toMatchObject({ orderRows: 1, rejectedRows: 0 })
    const [product] = await database.sql`select name from ref.products where sku = 'A'`
    expect(product).toEqual({ name: 'Käse' })
  })

  test('lines of ndjson stand in it as they were', async () => {
    const line = (doc: string, time: string) =>
      JSON.stringify({ doc, time, sku: '-X1', qty: 1, price: '5.00' })
    const mapping = mappingOf({ format: 'ndjson' })
    const summary = await load(lines(line('1', 'BAD'), line('2', '2026-09-01 10:00:00')), mapping, {
      name: 'day.ndjson',
    })
    expect(summary).toMatchObject({ orderRows: 1, rejectedRows: 1 })
    const repaired = await repairedOf(summary, 'BAD', '2026-09-01 10:00:00')
    expect(await load(repaired, mapping, { name: 'repaired.csv' })).toMatchObject({
      orderRows: 1,
      rejectedRows: 0,
    })
    expect((await events()).map(({ id, skus }) => [id, skus])).toEqual([
      ['1', ['-X1']],
      ['2', ['-X1']],
    ])
  })

  test('events as well: a journal whose line was repaired in it is read', async () => {
    await load(lines('doc,time,sku,qty,price', '1,2026-09-01 10:00:00,A,1,5.00'))
    const event = {
      source: 'till',
      id: '9',
      type: 'order.placed',
      store: 's1',
      channel: 'pos',
      eventTime: 'BAD',
      orderId: '9',
      currency: 'EUR',
      lines: [{ sku: '=A', units: 1, unitPrice: '5.00' }],
    }
    const journal = { name: 'journals', kind: 'events' }
    const summary = await load(lines(JSON.stringify(event)), journal, { name: 'day.ndjson' })
    expect(summary).toMatchObject({ rows: 1, rejectedRows: 1 })
    const repaired = await repairedOf(summary, 'BAD', '2026-09-01T10:00:00Z')
    expect(await load(repaired, journal, { name: 'day.ndjson.rejects.csv' })).toMatchObject({
      rows: 1,
      orderRows: 1,
      eventsAppended: 1,
    })
  })

  test("a file of one's own that has columns of these names is no file of rejects", async () => {
    const mapping = mappingOf({
      columns: { document: 'row', customer: 'line', tender: 'reason', register: 'detail' },
    })
    const text = lines(
      'row,line,reason,detail,time,sku,qty,price',
      "1,anna,card,2,2026-09-01 10:00:00,'=x,1,5.00",
    )
    expect(await load(text, mapping)).toMatchObject({ orderRows: 1, eventsAppended: 1 })
    expect(await events()).toMatchObject([{ id: '1', customer: 'anna', register: '2', skus: ["'=x"] }])
  })
})

describe('the summary', () => {
  const TEXT = lines(
    'doc,time,cur,sku,qty,price,off',
    '1,2026-09-01 03:00:00,,A,2,5.00,1.00',
    '2,2026-09-04 10:00:00,USD,A,1,7.0001,',
    '3,2026-09-02 10:00:00,,A,-1,5.00,',
    '4,2026-09-30 10:00:00,,A,x,5.00,',
  )
  const MAPPING = mappingOf({ columns: { currency: 'cur', discount: 'off' } })
  const FIGURES = {
    firstBusinessDay: '2026-08-31',
    lastBusinessDay: '2026-09-04',
    totals: [
      {
        currency: 'EUR',
        orders: 1,
        units: 2,
        gross: '10.0000',
        discounts: '1.0000',
        returns: '5.0000',
        returnDocuments: 1,
        unitsReturned: 1,
        net: '4.0000',
      },
      {
        currency: 'USD',
        orders: 1,
        units: 1,
        gross: '7.0001',
        discounts: '0.0000',
        returns: '0.0000',
        returnDocuments: 0,
        unitsReturned: 0,
        net: '7.0001',
      },
    ],
  }

  test('tells first and last business day and the totals of each currency, dry, first and again', async () => {
    expect(await load(TEXT, MAPPING, { dryRun: true })).toMatchObject({
      ...FIGURES,
      eventsAppended: 3,
      duplicates: 0,
    })
    expect(await load(TEXT, MAPPING)).toMatchObject({ ...FIGURES, eventsAppended: 3, duplicates: 0 })
    expect(await load(TEXT, MAPPING, { dryRun: true })).toMatchObject({
      ...FIGURES,
      eventsAppended: 0,
      duplicates: 3,
    })
    expect(await load(TEXT, MAPPING)).toMatchObject({ ...FIGURES, eventsAppended: 0, duplicates: 3 })
  })

  test('a dry run knows what lies in two of its files, or twice in one', async () => {
    const event = (id: string, units: number) =>
      JSON.stringify({
        source: 'till',
        id,
        type: 'order.placed',
        store: 's1',
        channel: 'pos',
        eventTime: '2026-09-01T10:00:00Z',
        orderId: id,
        currency: 'EUR',
        lines: [{ sku: 'A', units, unitPrice: '5.00' }],
      })
    const mapping = parseMapping(
      JSON.stringify({ name: 'journals', kind: 'events', stores: [S1] }),
      'mapping.json',
    )
    const days = await mkdtemp(path.join(folder, 'days-'))
    await writeFile(
      path.join(days, '1.ndjson'),
      lines(event('1', 1), event('2', 1), event('1', 1), event('2', 9)),
    )
    await writeFile(path.join(days, '2.ndjson'), lines(event('1', 1), event('3', 1), event('2', 9)))
    const run = (dryRun: boolean) =>
      findSourceFiles(days).then(files =>
        runImport({
          databaseUrl: database.url,
          files,
          mapping,
          dryRun,
          rejectsPathOf: source => path.join(folder, `${path.basename(source.path)}.rejects.csv`),
        }),
      )
    const counts = ({ files }: Awaited<ReturnType<typeof run>>) =>
      files.map(file => [file.eventsAppended, file.duplicates, file.rejectedRows])
    const dry = await run(true)
    expect(counts(dry)).toEqual([
      [2, 1, 1],
      [1, 1, 1],
    ])
    const real = await run(false)
    expect(counts(real)).toEqual(counts(dry))
    expect(real.total.totals).toEqual(dry.total.totals)
    expect(real.total.totals).toMatchObject([{ currency: 'EUR', orders: 5, gross: '25.0000' }])
  })
})
