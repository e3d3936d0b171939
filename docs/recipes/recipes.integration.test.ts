import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

// Some recipes show a whole change. Here all of them are made in a copy of the project, one after the other, and the
// copy is compiled and runs the tests that they bring: a recipe that no longer works is a red test, not a bad hour.

const root = path.join(import.meta.dirname, '..', '..')
const RECIPES = ['add-a-metric.md', 'add-a-report.md', 'add-a-rule.md', 'add-a-windowed-metric.md']
const PATIENCE_MS = 900_000

const run = promisify(execFile)
let copy: string
let changes: string[]

beforeAll(async () => {
  copy = await mkdtemp(path.join(os.tmpdir(), 'tillstream-recipes-'))
  changes = await Promise.all(RECIPES.map(readChange))
  await copyProject()
}, PATIENCE_MS)
afterAll(() => rm(copy, { recursive: true, force: true }))

test('A new metric touches at most eight files that are no tests', () => {
  const files = filesOf(changes[0] ?? '').filter(file => !isTest(file) && !file.includes('/testing/'))
  expect(files.length).toBeGreaterThan(0)
  expect(files.length, files.join('\n')).toBeLessThanOrEqual(8)
})

test(
  'The changes that recipes show apply, compile and pass the tests they bring',
  async () => {
    for (const [index, change] of changes.entries()) {
      const patch = path.join(copy, `recipe-${index}.patch`)
      await writeFile(patch, change)
      await inCopy('git', ['apply', '--whitespace=nowarn', patch])
    }
    await inCopy(process.execPath, ['node_modules/typescript/bin/tsc', '--noEmit', '--project', '.'])
    const tests = changes.flatMap(filesOf).filter(isTest)
    expect(tests).toHaveLength(RECIPES.length)
    const told = await inCopy(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...tests])
    expect(told).toMatch(new RegExp(`Test Files .*${tests.length} passed`))
  },
  PATIENCE_MS,
)

async function readChange(recipe: string): Promise<string> {
  const text = await readFile(path.join(import.meta.dirname, recipe), 'utf8')
  return [...text.matchAll(/^```diff\n([\s\S]*?)^```$/gm)].map(([, diff]) => diff).join('')
}

/** Files that a change makes or edits. */
function filesOf(change: string): string[] {
  return change.match(/(?<=^\+\+\+ b\/)\S+/gm) ?? []
}

function isTest(file: string): boolean {
  return file.endsWith('.test.ts')
}

/** What a commit would hold now: edits that are not committed yet count, what git ignores does not. */
async function copyProject(): Promise<void> {
  const listed = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    maxBuffer: 16 * 1024 * 1024,
  })
  for (const file of new Set(listed.stdout.split('\0').filter(name => name !== ''))) {
    const target = path.join(copy, file)
    await mkdir(path.dirname(target), { recursive: true })
    // A file that was removed but not committed is listed still.
    await cp(path.join(root, file), target).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
    })
  }
  await symlink(path.join(root, 'node_modules'), path.join(copy, 'node_modules'))
}

/** @returns what the program wrote; rejects with it when the program fails */
async function inCopy(program: string, args: readonly string[]): Promise<string> {
  try {
    const { stdout } = await run(program, args, { cwd: copy, maxBuffer: 16 * 1024 * 1024 })
    return stdout
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error(`${path.basename(args[0] ?? program)} failed:\n${stdout}${stderr}`)
  }
}
