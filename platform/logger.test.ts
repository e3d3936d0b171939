import { expect, test } from 'vitest'
import { asText } from './logger.ts'

const time = Date.parse('2026-11-20T10:15:30.123Z')
const line = (record: object) => asText(JSON.stringify({ time, process: 'stream', ...record }))

test.each([
  [{ level: 30, msg: 'listening' }, '10:15:30.123 INFO stream: listening\n'],
  [
    { level: 40, msg: 'append failed', err: { message: 'no route\nto host', stack: 'Error: no route' } },
    '10:15:30.123 WARN stream: append failed: no route\n',
  ],
  [{ level: 60, msg: 'no route', err: { message: 'no route' } }, '10:15:30.123 FATAL stream: no route\n'],
  [
    { level: 50, err: { message: 'no route', stack: 'Error: no route\n    at send' } },
    '10:15:30.123 ERROR stream: no route\n    Error: no route\n        at send\n',
  ],
])('a line of the log is one for a person: %o', (record, expected) => {
  expect(line(record)).toBe(expected)
})
