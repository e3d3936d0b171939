import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { projectRoot } from '#platform/environment.ts'
import { lastProblems, openLog } from './installation.ts'
import { processEntries } from './processes.ts'

let dataDir = ''
beforeEach(() => {
  dataDir = mkdtempSync(path.join(os.tmpdir(), 'tillstream-logs-'))
})
afterEach(() => rmSync(dataDir, { recursive: true }))

describe('the log of a process', () => {
  test('goes on where the last run ended, until it has grown past 10 MB', () => {
    const file = openLog({ dataDir }, 'intake')
    writeFileSync(file, 'first\n')
    expect(openLog({ dataDir }, 'intake')).toBe(file)
    expect(readFileSync(file, 'utf8')).toBe('first\n')
    writeFileSync(`${file}.1`, 'oldest')
    writeFileSync(file, 'x'.repeat(10 * 1024 * 1024 + 1))
    openLog({ dataDir }, 'intake')
    expect(existsSync(file)).toBe(false)
    expect(statSync(`${file}.1`).size).toBe(10 * 1024 * 1024 + 1)
  })

  test('tells what went wrong last, without information and stacks', () => {
    const lines = [
      '10:15:30.000 INFO web: dashboard listens on http://127.0.0.1:3000',
      '10:15:31.000 WARN web: the database is away',
      '10:15:32.000 ERROR web: a request failed: no route',
      '    Error: no route',
      '        at send',
      'Port 3000 at 127.0.0.1 is taken.',
      '',
    ]
    writeFileSync(openLog({ dataDir }, 'web'), lines.join('\n'))
    expect(lastProblems({ dataDir }, 'web', 8)).toEqual([lines[1], lines[2], lines[5]])
    expect(lastProblems({ dataDir }, 'web', 1)).toEqual([lines[5]])
  })

  test('that nobody has written tells nothing', () => {
    expect(lastProblems({ dataDir }, 'jobs', 8)).toEqual([])
  })
})

test('every program that containers and processes run is there', () => {
  const named = ['Dockerfile', 'docker-compose.yml'].flatMap(file =>
    [...readFileSync(path.join(projectRoot, file), 'utf8').matchAll(/\bnode"?, "?([\w/-]+\.ts)/g)].map(
      ([, program = '']) => program,
    ),
  )
  expect(named).toEqual(expect.arrayContaining(Object.values(processEntries)))
  for (const program of named) expect(existsSync(path.join(projectRoot, program)), program).toBe(true)
})
