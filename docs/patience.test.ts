import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const root = path.join(import.meta.dirname, '..')

/** No machine is so busy that what comes at all has not come by then: a test that waits less asserts a time. */
const LEAST_MS = 60_000

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

/** A limit of its own behind a test, a hook or a group of them; timers take less than a second, or are none of these. */
const OWN_LIMITS = [
  /^ *\},? ([\d_]{5,})\)$/gm,
  /^ *\},\n *([\d_]{5,}),\n *\)$/gm,
  /timeout: ([\d_]+) \}, (?:async )?\(/g,
]

/** What the configuration gives every test and hook of its project. */
const limitOf = (file: string) => (file.includes('.integration.test.') ? 300_000 : 60_000)

/** @returns the limits of tests and hooks that are shorter than what they would be given */
function hasty(text: string, limit: number): string[] {
  return OWN_LIMITS.flatMap(pattern => [...text.matchAll(pattern)])
    .map(([, ms = '']) => Number(ms.replaceAll('_', '')))
    .filter(ms => ms < limit)
    .map(ms => `a limit of ${ms} ms`)
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

/** @returns what a look at each test's source finds, with its file */
function findInTests(look: (text: string, file: string) => string[]): string[] {
  const files = execFileSync('git', ['ls-files', '*.test.ts', '*/testing/*.ts'], {
    cwd: root,
    encoding: 'utf8',
  })
  return files
    .trim()
    .split('\n')
    .filter(file => file !== 'docs/patience.test.ts')
    .flatMap(file => look(readFileSync(path.join(root, file), 'utf8'), file).map(what => `${file}: ${what}`))
}

test('no test waits for less than a minute for what is to come', () => {
  expect(findInTests(impatient)).toEqual([])
})

test('no test and no hook is given less time than the configuration gives all of them', () => {
  expect(findInTests((text, file) => hasty(text, limitOf(file)))).toEqual([])
  expect(hasty('beforeAll(async () => {\n  await is()\n}, 60_000)\n', 300_000)).toEqual([
    'a limit of 60000 ms',
  ])
  expect(hasty("test(\n  'is',\n  async () => {\n  },\n  90_000,\n)\n", 300_000)).toEqual([
    'a limit of 90000 ms',
  ])
  expect(hasty("describe('a', { timeout: 60_000 }, () => {\n", 300_000)).toEqual(['a limit of 60000 ms'])
  expect(hasty("test('is', async () => {\n}, 400_000)\n", 300_000)).toEqual([])
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
