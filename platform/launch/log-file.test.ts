import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openLogFile } from './log-file.ts'

const directory = mkdtempSync(path.join(os.tmpdir(), 'tillstream-log-'))
afterAll(() => rmSync(directory, { recursive: true }))

test('a log goes on where the last run ended', () => {
  const file = path.join(directory, 'deep', 'web.log')
  openLogFile(file).append('first\n')
  openLogFile(file).append('second\n')
  expect(readFileSync(file, 'utf8')).toBe('first\nsecond\n')
})

test('a log that has grown past 10 MB is set aside, and the one before it is dropped', () => {
  const file = path.join(directory, 'intake.log')
  writeFileSync(`${file}.1`, 'oldest')
  const log = openLogFile(file)
  log.append('x'.repeat(10 * 1024 * 1024 + 1))
  log.append('new\n')
  expect(readFileSync(file, 'utf8')).toBe('new\n')
  expect(statSync(`${file}.1`).size).toBe(10 * 1024 * 1024 + 1)
})

test('a log that cannot be written costs its lines and nothing else', () => {
  const log = openLogFile(path.join(directory, 'gone', 'jobs.log'))
  rmSync(path.join(directory, 'gone'), { recursive: true })
  expect(() => log.append('lost\n')).not.toThrow()
})
