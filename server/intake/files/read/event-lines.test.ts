import { expect, test } from 'vitest'
import { type PageLimits, readEventPages } from '#server/intake/files/read/event-lines.ts'

const LIMITS: PageLimits = { lines: 100, bytes: 1_000, line: 20 }

async function* inPieces(text: string | Buffer, size: number): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function pagesOf(text: string | Buffer, size: number, limits = LIMITS) {
  const pages: { line: number; text: string; isTooLong: boolean }[][] = []
  for await (const { lines } of readEventPages(inPieces(text, size), limits)) {
    pages.push(lines.map(({ line, bytes, isTooLong }) => ({ line, text: bytes.toString(), isTooLong })))
  }
  return pages
}

const line = (number: number, text: string, isTooLong = false) => ({ line: number, text, isTooLong })

test.each([1, 2, 3, 7, 1_000])('lines are the same however the bytes arrive (%d at a time)', async size => {
  const text = '\ufeff{"a":1}\r\n\n  \n{"b":"ü"}\nlast'
  expect(await pagesOf(text, size)).toEqual([[line(1, '{"a":1}'), line(4, '{"b":"ü"}'), line(5, 'last')]])
})

test.each([1, 5, 1_000])(
  'a line that is too long is told once, and the next is whole (%d at a time)',
  async size => {
    const text = `one\n${'x'.repeat(100)}\ntwo\n${'y'.repeat(50)}`
    const [page] = await pagesOf(text, size)
    expect(page?.map(({ line: number, isTooLong }) => [number, isTooLong])).toEqual([
      [1, false],
      [2, true],
      [3, false],
      [4, true],
    ])
  },
)

test('a page ends with its lines or its bytes', async () => {
  const text = 'aaaa\n'.repeat(10)
  expect((await pagesOf(text, 7, { ...LIMITS, lines: 4 })).map(page => page.length)).toEqual([4, 4, 2])
  expect((await pagesOf(text, 7, { ...LIMITS, bytes: 12 })).map(page => page.length)).toEqual([3, 3, 3, 1])
})

test('an empty file has no page', async () => {
  expect(await pagesOf('', 10)).toEqual([])
  expect(await pagesOf('\n \n', 10)).toEqual([])
})
