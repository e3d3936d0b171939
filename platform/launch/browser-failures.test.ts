import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { browserFailures } from './browser-failures.ts'

let directory: string

beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'tillstream-failures-'))
})
afterAll(() => rm(directory, { recursive: true }))

function reportOf(attachments: object[]) {
  const failed = { file: 'a.spec.ts', title: 'sells', ok: false, tests: [{ results: [{ attachments }] }] }
  const passed = { ...failed, title: 'restocks', ok: true }
  return { suites: [{ specs: [passed], suites: [{ specs: [failed] }] }] }
}

test('a browser test that failed is told with its page from the main part on, and with what its processes said last', async () => {
  const context = path.join(directory, 'error-context.md')
  await writeFile(
    context,
    '# Error details\n\n```\nno figure\n```\n\n```yaml\n- banner\n- main:\n  - status: Live\n```\n\n```ts\ncode\n```\n',
  )
  const output = ['--- web', ...Array.from({ length: 20 }, (_, line) => `line ${line}`)].join('\n')
  const [told, ...others] = await browserFailures(
    reportOf([
      { name: 'error-context', path: context },
      { name: 'output of the processes', body: Buffer.from(output).toString('base64') },
    ]),
  )
  expect(others).toEqual([])
  expect(told).toMatch(
    /^a\.spec\.ts › sells\n {2}the page:\n {4}- main:\n {6}- status: Live\n {2}its processes:\n {4}line 8\n/,
  )
  expect(told).toMatch(/line 19$/)
})

test('one that left nothing that can be read is told by its title; without a report nothing is told', async () => {
  const missing = reportOf([{ name: 'error-context', path: path.join(directory, 'none.md') }])
  expect(await browserFailures(missing)).toEqual(['a.spec.ts › sells'])
  expect(await browserFailures(undefined)).toEqual([])
})
