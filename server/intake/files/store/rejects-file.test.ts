import { mkdtemp, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { RowChunk, SourceRow } from '#server/intake/files/read/source-rows.ts'
import { writeRejects } from './rejects-file.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'tillstream-rejects-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

async function* one(chunk: RowChunk): AsyncGenerator<RowChunk> {
  yield chunk
}

async function* each<Value>(values: Value[]): AsyncGenerator<Value> {
  yield* values
}

const row = (number: number, fields: string[]): SourceRow => ({
  row: number,
  line: number,
  fields,
  cells: fields,
  raw: fields.join(','),
  problem: null,
})

test('rejected rows stand under the columns of their file, with row number and reason', async () => {
  const target = path.join(folder, 'deep', 'rejects.csv')
  const told: number[] = []
  await writeRejects(target, {
    file: one({
      columns: ['doc', 'row'],
      rows: [row(2, ['a', '1']), row(3, ['b', 'x\n"y"']), row(4, ['c', '2'])],
    }),
    rejected: each([
      { row: 3, reason: 'invalid_field', detail: 'units: "x" is no whole number' },
      { row: 4, reason: 'document_set_back', detail: 'with row 3' },
    ]),
    onRow: ({ row: number }) => {
      told.push(number)
    },
  })
  expect(await readFile(target, 'utf8')).toBe(
    [
      'row_,line,reason,detail,doc,row',
      '3,3,invalid_field,"units: ""x"" is no whole number",b,"x\n""y"""',
      '4,4,document_set_back,with row 3,c,2',
      '',
    ].join('\n'),
  )
  expect(told).toEqual([3, 4])
})

test('a cell that a spreadsheet would run as a formula is neutralised, a number is not', async () => {
  const target = path.join(folder, 'rejects.csv')
  await writeRejects(target, {
    file: one({
      columns: ['a', 'b', 'c', 'd'],
      rows: [row(2, ['=HYPERLINK("http://evil")', '-6', '+1,5', '@SUM(A1)'])],
    }),
    rejected: each([{ row: 2, reason: 'r', detail: 'd' }]),
    onRow: () => {},
  })
  const [, line] = (await readFile(target, 'utf8')).split('\n')
  expect(line).toBe(`2,2,r,d,"'=HYPERLINK(""http://evil"")",-6,"+1,5",'@SUM(A1)`)
})
