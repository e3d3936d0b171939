import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { openTerminal, seconds } from './terminal.ts'

test.each([
  [40, ' 0.0 s'],
  [1_260, ' 1.3 s'],
  [31_400, '31.4 s'],
  [65_000, '1 min 05 s'],
])('%d milliseconds are said as "%s"', (milliseconds, expected) => {
  expect(seconds(milliseconds)).toBe(expected)
})

test('a step is said when it is done, with its result, and not when it failed', async () => {
  const output = new PassThrough()
  const terminal = openTerminal(output)
  await terminal.step(
    'Pages',
    async () => true,
    built => (built ? 'built' : ''),
  )
  await expect(terminal.step('Tables', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(stripVTControlCharacters(String(output.read()))).toMatch(
    /^ {2}✓ Pages {17,} {0,1}0\.0 s {2}built\n$/,
  )
})
