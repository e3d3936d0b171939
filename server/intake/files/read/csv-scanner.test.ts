import { parse } from 'csv-parse/sync'
import { stringify } from 'csv-stringify/sync'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type CsvRecord, createCsvScanner } from '#server/intake/files/read/csv-scanner.ts'

function scan(text: string, delimiter = ',', pieceLength = text.length || 1): CsvRecord[] {
  const scanner = createCsvScanner(delimiter)
  const records: CsvRecord[] = []
  for (let start = 0; start < text.length; start += pieceLength) {
    records.push(...scanner.scan(text.slice(start, start + pieceLength), false))
  }
  records.push(...scanner.scan('', true))
  return records
}

const fields = (text: string, delimiter?: string): string[][] =>
  scan(text, delimiter).map(record => record.fields)

test('what a CSV library writes is read as that library reads it, wherever the text is cut', () => {
  const cell = fc.string({ unit: fc.constantFrom('a', 'b', '"', ',', ';', '\n', '\r\n', ' ', 'é', '€') })
  const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(
      table,
      fc.constantFrom(',', ';'),
      fc.constantFrom('\n' as const, '\r\n' as const),
      fc.integer({ min: 1, max: 9 }),
      (rows, delimiter, ending, pieceLength) => {
        const text = stringify(rows, { delimiter, record_delimiter: ending })
        const expected = parse(text, {
          delimiter,
          relax_column_count: true,
          record_delimiter: ['\n', '\r\n'],
        }) as string[][]
        const records = scan(text, delimiter, pieceLength)
        expect(records.map(record => record.fields)).toEqual(expected)
        expect(records.every(record => record.problem === null)).toBe(true)
      },
    ),
  )
})

test('CRLF and LF may be mixed, and the last line needs no ending', () => {
  expect(fields('a,b\r\nc,d\ne,"f"\r\n"g",h')).toEqual([
    ['a', 'b'],
    ['c', 'd'],
    ['e', 'f'],
    ['g', 'h'],
  ])
})

test('quoted cells may hold delimiters, doubled quotes and line breaks', () => {
  expect(fields('1,"a, ""b""\r\nc",2\n3,d,4\n')).toEqual([
    ['1', 'a, "b"\r\nc', '2'],
    ['3', 'd', '4'],
  ])
})

test('a quote inside an unquoted cell stands for itself', () => {
  expect(fields('nail 5" long,2\n')).toEqual([['nail 5" long', '2']])
})

test('records know the line in which they begin', () => {
  expect(scan('a\n"b\nb\nb"\nc\n').map(record => record.line)).toEqual([1, 2, 5])
})

test('a quote that is never closed costs its own line only', () => {
  const records = scan('1,a,x\n2,"b,x\n3,c,x\n4,d,x\n')
  expect(records.map(({ fields: cells, problem }) => [cells[0], problem])).toEqual([
    ['1', null],
    ['2', 'a quote is opened and never closed'],
    ['3', null],
    ['4', null],
  ])
  expect(records[1]).toMatchObject({ raw: '2,"b,x', line: 2, fields: ['2'] })
})

test('a quote that is only closed by the next quoted cell costs its own line only', () => {
  const records = scan('1,"a,x\n2,"b, c",x\n3,d,x\n')
  expect(records.map(({ fields: cells, problem }) => [cells.length, problem === null])).toEqual([
    [1, false],
    [3, true],
    [3, true],
  ])
})

test('a quote without end in a long file is met within a bounded stretch', () => {
  const scanner = createCsvScanner(',')
  const first = [...scanner.scan('1,"never closed\n', false)]
  let lines = 0
  while (lines < 200_000 && first.length === 0) {
    first.push(...scanner.scan('2,plain,line\n'.repeat(1_000), false))
    lines += 1_000
  }
  expect(lines).toBeLessThan(100_000)
  expect(first[0]?.problem).toBe('a quote is opened and never closed')
  expect(first).toHaveLength(lines + 1)
})
