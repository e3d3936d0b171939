import { expect, test } from 'vitest'
import { toStore } from '#server/intake/stores/stores.ts'
import { compileMapping, type Interpretation } from './interpret-row.ts'
import { findMapping, type RowMapping, rowMappingSchema } from './mapping.ts'

const UCI = rowMappingSchema.parse(await findMapping('uci-online-retail', '.'))

interface UciRow {
  InvoiceNo: string
  StockCode: string
  Description: string
  Quantity: string
  InvoiceDate: string
  UnitPrice: string
  CustomerID: string
  Country: string
}

const ROW: UciRow = {
  InvoiceNo: '536365',
  StockCode: '85123A',
  Description: 'WHITE HANGING HEART T-LIGHT HOLDER',
  Quantity: '6',
  InvoiceDate: '2010-12-01 08:26:00',
  UnitPrice: '2.55',
  CustomerID: '17850.0',
  Country: 'United Kingdom',
}

function interpret(
  changes: Partial<UciRow>,
  mapping: RowMapping = UCI,
  problem: string | null = null,
): Interpretation {
  const stores = new Map(mapping.stores.map(store => [store.id, toStore(store, 4)]))
  const compiled = compileMapping(mapping, stores)
  const row: Record<string, string> = { ...ROW, ...changes }
  return compiled.interpret(
    compiled.columns.map(column => row[column]),
    problem,
  )
}

test('a row with quantity and price is a line of an order', () => {
  expect(interpret({})).toEqual({
    kind: 'order',
    store: 'online-uk',
    document: '536365',
    eventTime: Date.parse('2010-12-01T08:26:00Z'),
    dateOnly: false,
    irregular: null,
    sku: '85123A',
    units: 6,
    unitPrice: 25_500,
    amount: null,
    discount: null,
    tax: null,
    currency: null,
    customer: '17850',
    tender: null,
    register: null,
    channel: null,
    productName: 'WHITE HANGING HEART T-LIGHT HOLDER',
    reason: null,
    attributes: { country: 'United Kingdom' },
  })
})

test('a cash sale has no customer; upper and lower case of a code differ', () => {
  expect(interpret({ CustomerID: '', StockCode: '85123a' })).toMatchObject({ customer: null, sku: '85123a' })
})

test('a credit note is a return, price 0 a stock adjustment with its description as reason', () => {
  expect(interpret({ InvoiceNo: 'C536379', Quantity: '-1' })).toMatchObject({ kind: 'return', units: -1 })
  expect(interpret({ UnitPrice: '0.0', Quantity: '-20', Description: 'damages' })).toMatchObject({
    kind: 'stock-adjustment',
    units: -20,
    reason: 'damages',
  })
  expect(interpret({ UnitPrice: '0', Description: '' })).toMatchObject({ reason: null })
})

test('a bad-debt adjustment is set aside, even where its cells make no sense', () => {
  expect(interpret({ InvoiceNo: 'A563185', UnitPrice: '-11062.06' })).toMatchObject({ kind: 'set-aside' })
  expect(interpret({ InvoiceNo: 'A563185', UnitPrice: '?', InvoiceDate: '' })).toMatchObject({
    kind: 'set-aside',
  })
})

test.each<[change: Partial<UciRow>, reason: string, detail: RegExp]>([
  [{ Quantity: 'six' }, 'invalid_field', /^units: "six" is no whole number/],
  [{ Quantity: '1.5' }, 'invalid_field', /^units/],
  [{ UnitPrice: '2,55' }, 'invalid_field', /^unitPrice: "2,55" is no decimal/],
  [{ UnitPrice: '0.00001' }, 'invalid_field', /at most four decimals/],
  [{ UnitPrice: '-2.55' }, 'no_rule', /no rule of the mapping says what document "536365"/],
  [{ Quantity: '-6' }, 'no_rule', /with "-6" units at "2.55"/],
  [{ InvoiceDate: '01/12/2010 08:26' }, 'invalid_field', /^time: "01\/12\/2010 08:26"/],
  [{ InvoiceDate: '2010-02-30 08:26:00' }, 'invalid_field', /^time/],
  [{ StockCode: '' }, 'invalid_field', /^sku: the cell is empty/],
  [{ InvoiceNo: '' }, 'invalid_field', /^document: the cell is empty/],
  [{ StockCode: 'a\u0007b' }, 'invalid_field', /control characters/],
  [{ Description: 'caf\u0000' }, 'unstorable_text', /NUL/],
  [{ Description: 'caf\ufffd' }, 'unstorable_text', /no text in the file's encoding/],
])('a row with %o is bad: %s', (change, reason, detail) => {
  const bad = interpret(change)
  expect(bad).toMatchObject({ kind: 'bad', reason, detail: expect.stringMatching(detail) })
  expect(bad).toMatchObject({ document: change.InvoiceNo === '' ? null : '536365', store: 'online-uk' })
})

test('a row that could not be read whole is bad, and names its document where that was read', () => {
  expect(interpret({}, UCI, 'a quote is opened and never closed')).toMatchObject({
    kind: 'bad',
    reason: 'invalid_row',
    document: '536365',
  })
})

test('times that occur twice or never are told: the earlier, and shifted forward', () => {
  expect(interpret({ InvoiceDate: '2010-10-31 01:30:00' })).toMatchObject({
    eventTime: Date.parse('2010-10-31T00:30:00Z'),
    irregular: 'ambiguous',
  })
  expect(interpret({ InvoiceDate: '2010-03-28 01:30:00' })).toMatchObject({
    eventTime: Date.parse('2010-03-28T01:30:00Z'),
    irregular: 'missing',
  })
})

test('values can be renamed, prefixes taken off, and date and time come from two columns', () => {
  const mapping = rowMappingSchema.parse({
    name: 'renamed',
    timeFormat: 'DD.MM.YYYY HH:mm',
    decimal: ',',
    stores: [{ id: 'berlin', name: 'Berlin', zone: 'Europe/Berlin', currency: 'EUR' }],
    columns: {
      store: { column: 'Country', values: { 'Filiale 7': 'berlin' } },
      document: { column: 'InvoiceNo', removePrefix: 'RE-' },
      time: ['InvoiceDate', 'CustomerID'],
      sku: 'StockCode',
      units: 'Quantity',
      unitPrice: 'UnitPrice',
    },
    rules: [{ when: { equals: { Description: ['Verkauf'] } }, is: 'order' }],
  })
  const row = {
    Country: 'Filiale 7',
    InvoiceNo: 'RE-1',
    InvoiceDate: '24.12.2026',
    CustomerID: '09:30',
    UnitPrice: '2,50',
    Description: 'Verkauf',
  }
  expect(interpret(row, mapping)).toMatchObject({
    store: 'berlin',
    document: '1',
    eventTime: Date.parse('2026-12-24T08:30:00Z'),
    unitPrice: 25_000,
  })
  expect(interpret({ ...row, Country: 'Filiale 8' }, mapping)).toMatchObject({
    kind: 'bad',
    reason: 'unknown_store',
  })
  expect(interpret({ ...row, Description: 'Storno' }, mapping)).toMatchObject({
    kind: 'bad',
    reason: 'no_rule',
  })
})

const AMOUNTS = rowMappingSchema.parse({
  ...UCI,
  columns: { ...UCI.columns, amount: 'Country' },
  attributes: {},
  rules: [
    { when: { units: 'negative' }, is: 'return' },
    { when: {}, is: 'order' },
  ],
})
const worth = (units: string, price: string, amount: string): Interpretation =>
  interpret({ Quantity: units, UnitPrice: price, Country: amount }, AMOUNTS)

test('an amount is what the line is worth; without one the price counts', () => {
  expect(worth('3', '', '10.00')).toMatchObject({ kind: 'order', units: 3, unitPrice: null, amount: 100_000 })
  expect(worth('3', '2.50', '')).toMatchObject({ unitPrice: 25_000, amount: null })
  expect(worth('-3', '', '-10.00')).toMatchObject({ kind: 'return', units: -3, amount: -100_000 })
  expect(worth('-3', '', '10.00')).toMatchObject({ kind: 'return', amount: 100_000 })
})

test('a price and an amount of one row agree as far as the price is printed', () => {
  expect(worth('3', '3.33', '10.00')).toMatchObject({ amount: 100_000 })
  expect(worth('-3', '3.33', '-10.00')).toMatchObject({ amount: -100_000 })
  expect(worth('3', '3', '10.00')).toMatchObject({ amount: 100_000 })
  for (const [price, amount] of [
    ['10.00', '10.00'],
    ['3.33', '10.03'],
    ['3.3333', '10.01'],
  ] as const) {
    expect(worth('3', price, amount)).toMatchObject({
      kind: 'bad',
      reason: 'invalid_field',
      detail: expect.stringContaining('is not what 3 units'),
    })
  }
})

test('an order is worth no less than nothing, and a line something that is stated', () => {
  expect(worth('3', '', '-10.00')).toMatchObject({ kind: 'bad', detail: 'amount: is negative in an order' })
  expect(worth('3', '', '')).toMatchObject({
    kind: 'bad',
    detail: 'unitPrice: the cell is empty, and no amount stands in its place',
  })
})
