import { describe, expect, test } from 'vitest'
import { readLogLine } from './log-lines.ts'

describe('a line of a process', () => {
  test.each([
    ['{"level":30,"msg":"listening"}', { level: 'info', text: 'listening' }],
    ['{"level":40,"msg":"slow"}', { level: 'warn', text: 'slow' }],
    ['{"level":"error","msg":"gone"}', { level: 'error', text: 'gone' }],
    ['{"level":50,"err":{"message":"no route\\nstack"}}', { level: 'error', text: 'no route' }],
    [
      '{"level":50,"msg":"append failed","err":{"message":"no route"}}',
      { level: 'error', text: 'append failed: no route' },
    ],
    ['{"level":60,"msg":"no route","err":{"message":"no route"}}', { level: 'error', text: 'no route' }],
  ])('that is structured is read by its level: %s', (line, expected) => {
    expect(readLogLine(line, 'stdout')).toEqual(expected)
  })

  test('of plain text matters only on standard error', () => {
    expect(readLogLine('ready', 'stdout')).toEqual({ level: 'info', text: 'ready' })
    expect(readLogLine('TypeError: x', 'stderr')).toEqual({ level: 'error', text: 'TypeError: x' })
  })

  test.each(['{"broken', '{}', '[1]', '{"msg":"no level"}'])(
    'that only looks structured is text: %s',
    line => {
      expect(readLogLine(line, 'stdout')).toEqual({ level: 'info', text: line })
    },
  )
})
