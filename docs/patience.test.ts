import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const root = path.join(import.meta.dirname, '..')

/** No machine is so busy that what comes at all has not come by then: a test that waits less asserts a time. */
const LEAST_MS = 60_000

/** Where less is what is tested: a broker ends an open transaction after 15 s, an intake before. */
const MEANT = ['server/log/kafka/append-faults.integration.test.ts: 12000 ms']

const WAITS = /\b(?:waitUntil|waitFor|poll)\(/g

/** @returns the text of a call, from its opening bracket to its closing one (those in strings come in pairs) */
function callAt(text: string, open: number): string {
  let depth = 0
  for (let at = open; at < text.length; at += 1) {
    // What is escaped in a pattern opens nothing.
    if (text[at] === '\\') at += 1
    else if ('([{'.includes(text[at] ?? '')) depth += 1
    else if (')]}'.includes(text[at] ?? '')) depth -= 1
    if (depth === 0) return text.slice(open, at + 1)
  }
  return text.slice(open)
}

/** @returns what is said too little of in a test's source; a limit by name is looked up in the same file */
function impatient(text: string): string[] {
  return [...text.matchAll(WAITS)].flatMap(({ 0: name, index }) => {
    const call = callAt(text, index + name.length - 1)
    const constant = call.match(/,\s+([A-Za-z_]+),?\s*\)$/)?.[1]
    const given =
      constant === undefined ? call : (text.match(new RegExp(`const ${constant} = .*`))?.[0] ?? '')
    const limit = given.match(/timeout: ([\d_A-Z]+)/)?.[1]
    if (limit === undefined) return ['no limit given: one second']
    const named = /^\d/.test(limit) ? limit : text.match(new RegExp(`const ${limit} = ([\\d_]+)`))?.[1]
    const ms = Number(named?.replaceAll('_', ''))
    return ms >= LEAST_MS ? [] : [`${ms} ms`]
  })
}

test('no test waits for less than a minute for what is to come', () => {
  const files = execFileSync('git', ['ls-files', '*.test.ts', '*/testing/*.ts'], {
    cwd: root,
    encoding: 'utf8',
  })
  const found = files
    .trim()
    .split('\n')
    .filter(file => file !== 'docs/patience.test.ts')
    .flatMap(file => impatient(readFileSync(path.join(root, file), 'utf8')).map(what => `${file}: ${what}`))
  expect(found).toEqual(MEANT)
})

test.each([
  ['vi.waitUntil(() => is())', ['no limit given: one second']],
  ['vi.waitUntil(() => is(), { timeout: 5_000 })', ['5000 ms']],
  ['const SOON = { timeout: 20_000 }\nvi.waitFor(() => is([1, 2]), SOON)', ['20000 ms']],
  ['const SOON = { timeout: 60_000 }\nvi.waitFor(\n  () => is(),\n  SOON,\n)', []],
  ['const MS = 90_000\nexpect.poll(() => is(), { timeout: MS })', []],
])('%j', (text, found) => {
  expect(impatient(text)).toEqual(found)
})
