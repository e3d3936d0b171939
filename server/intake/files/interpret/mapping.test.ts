import { expect, test } from 'vitest'
import { builtInMappings, findMapping, MappingError, parseMapping } from './mapping.ts'

const SOUND = {
  name: 'tills',
  columns: {
    store: { constant: 'berlin' },
    document: 'Bon',
    time: 'Zeit',
    sku: 'Artikel',
    units: 'Menge',
    unitPrice: 'Preis',
  },
  rules: [{ when: {}, is: 'order' }],
}

test('every built-in mapping is sound and named after its file', async () => {
  const names = await builtInMappings()
  expect(names).toContain('uci-online-retail')
  for (const name of names) expect((await findMapping(name, '.')).name).toBe(name)
})

test('a mapping that does not exist names those that come along', async () => {
  await expect(findMapping('uci', '/nowhere')).rejects.toThrow(
    /Built in: journal, reviews, uci-online-retail/,
  )
})

test.each<[fault: string, change: object, message: RegExp]>([
  ['an unknown field', { colour: 'red' }, /Unrecognized key: "colour"/],
  ['a missing column', { columns: { ...SOUND.columns, sku: undefined } }, /columns\.sku/],
  ['an unknown outcome', { rules: [{ when: {}, is: 'gift' }] }, /rules\.0\.is/],
  ['no rule', { rules: [] }, /rules/],
  ['a time format without a day', { timeFormat: 'HH:mm' }, /"HH:mm" is no time format/],
  ['an offset as zone', { zone: '+01:00' }, /"\+01:00" is no IANA time zone/],
  ['an unknown encoding', { encoding: 'ebcdic' }, /"ebcdic" is no encoding/],
  ['one character for two things', { decimal: ',', thousands: ',' }, /decimal and thousands are both ","/],
  [
    'a header without a column it reads',
    { header: ['Bon', 'Zeit'] },
    /header does not name the column Artikel, Menge, Preis/,
  ],
  [
    'neither a price nor an amount',
    { columns: { ...SOUND.columns, unitPrice: undefined } },
    /neither unitPrice \(of one unit\) nor amount \(of the line\)/,
  ],
  [
    'a document of one column in a list',
    { columns: { ...SOUND.columns, document: ['Bon'] } },
    /columns\.document/,
  ],
  [
    'a scope of a rule that sets nothing aside',
    { rules: [{ when: {}, is: 'order', scope: 'document' }] },
    /rules\.0: scope says what a rule sets aside/,
  ],
  [
    'the sign of a column that is not there',
    { rules: [{ when: { amount: 'negative' }, is: 'return' }] },
    /rules\.0: it asks for the sign of amount/,
  ],
  ['documents of many days', { documentSpanMinutes: 10_000 }, /documentSpanMinutes/],
  ['a name that is no source', { name: 'my tills' }, /name: must be letters/],
])('%s is refused by name', (_, change, message) => {
  const text = JSON.stringify({ ...SOUND, ...change })
  expect(() => parseMapping(text, 'my.json')).toThrow(MappingError)
  expect(() => parseMapping(text, 'my.json')).toThrow(message)
})

test('what is no JSON says where it was read', () => {
  expect(() => parseMapping('{', 'my.json')).toThrow(/^my\.json is not JSON/)
})

test('a mapping of events may name the types that occur', () => {
  const mapping = { name: 'receipts', kind: 'events', types: ['stock.received'] }
  expect(parseMapping(JSON.stringify(mapping), 'receipts.json')).toMatchObject({
    kind: 'events',
    format: 'ndjson',
    types: ['stock.received'],
  })
  expect(() => parseMapping(JSON.stringify({ ...mapping, types: ['gift'] }), 'x')).toThrow(/types\.0/)
  expect(() => parseMapping(JSON.stringify({ ...mapping, rules: [] }), 'x')).toThrow(
    /Unrecognized key: "rules"/,
  )
})
