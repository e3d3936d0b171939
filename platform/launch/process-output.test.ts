import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openProcessOutput, type ProcessOutput } from './process-output.ts'

let logDir = ''
const shown: string[] = []

function open(): ProcessOutput {
  return openProcessOutput({ name: 'intake', logDir, show: text => shown.push(text) })
}

beforeEach(() => {
  logDir = mkdtempSync(path.join(os.tmpdir(), 'tillstream-output-'))
  shown.length = 0
})
afterEach(() => rmSync(logDir, { recursive: true }))

describe('what a process writes', () => {
  test('goes to its log file as it is, and to the console when it is a problem', () => {
    const output = open()
    output.take('{"level":30,"msg":"listening"}', 'stdout')
    output.take('{"level":50,"msg":"no database"}', 'stdout')
    expect(readFileSync(output.file, 'utf8')).toBe(
      '{"level":30,"msg":"listening"}\n{"level":50,"msg":"no database"}\n',
    )
    expect(shown).toEqual(['intake: no database'])
    expect(output.lastProblems()).toEqual(['no database'])
  })

  test('does not flood the console', () => {
    const output = open()
    for (let line = 0; line < 100; line++) output.take(`problem ${line}`, 'stderr')
    expect(shown.length).toBeLessThan(10)
    expect(readFileSync(output.file, 'utf8').trim().split('\n')).toHaveLength(100)
    expect(output.lastProblems().at(-1)).toBe('problem 99')
  })

  test('goes to the file alone while everything stops', () => {
    const output = open()
    output.mute()
    output.take('connection lost', 'stderr')
    expect(shown).toEqual([])
    expect(readFileSync(output.file, 'utf8')).toBe('connection lost\n')
  })
})
