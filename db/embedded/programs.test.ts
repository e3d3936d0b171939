import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { firstThatRuns } from './programs.ts'

const parent = mkdtempSync(path.join(os.tmpdir(), 'tillstream-programs-'))
afterAll(() => rmSync(parent, { recursive: true }))

/** A machine's folder with a `postgres` that says this. */
function folderSaying(version: string, exitCode = 0): string {
  const folder = mkdtempSync(path.join(parent, 'bin-'))
  const program = path.join(folder, 'postgres')
  writeFileSync(program, `#!/bin/sh\necho 'postgres (PostgreSQL) ${version}'\nexit ${exitCode}\n`)
  chmodSync(program, 0o755)
  return folder
}

test("a machine's own Postgres is taken when it runs and is of our major version", async () => {
  const none = path.join(parent, 'none')
  mkdirSync(none)
  const [older, broken, ours] = [folderSaying('17.6'), folderSaying('18.1', 1), folderSaying('18.1 (Debian)')]
  expect(await firstThatRuns([none, older, broken, ours], undefined)).toBe(ours)
  expect(await firstThatRuns([folderSaying('18beta1')], undefined)).toBeDefined()
  expect(await firstThatRuns([none, older, broken], undefined)).toBeUndefined()
})
