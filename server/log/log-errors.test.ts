import { describe, expect, test } from 'vitest'
import { classifyLogError, isPassing } from './log-errors.ts'
import { LogUnavailableError } from './order-log.ts'

describe('an error of the log', () => {
  // As the driver gives them; the messages come in the server's language.
  const noDay = {
    code: '23514',
    message: 'keine Partition von Relation »event_log« für die Zeile gefunden',
    schema_name: 'log',
    table_name: 'event_log',
  }

  test.each([
    ['a day without a table, whatever the language', noDay, 'missing-day'],
    ['a check that an event does not pass', { ...noDay, constraint_name: 'event_log_units_check' }, 'other'],
    ['a check of another table', { ...noDay, schema_name: 'ref', table_name: 'stores' }, 'other'],
    ['a deadlock', { code: '40P01', message: 'deadlock detected' }, 'transient'],
    ['a full disk', { code: '53100', message: 'could not extend file' }, 'unavailable'],
    ['a closed connection', { code: 'CONNECTION_CLOSED', message: 'write CONNECTION_CLOSED' }, 'unavailable'],
    ['an archive that is behind', { code: 'TS003', message: 'the archive ends at offset 3' }, 'unavailable'],
    ['a value out of range', { code: '22003', message: 'bigint out of range' }, 'other'],
    ['no database error at all', new Error('broken'), 'other'],
  ])('%s is told by its kind', (_, error, kind) => {
    expect(classifyLogError(error).kind).toBe(kind)
  })
})

describe('doing the same again', () => {
  const failure = (code: string) => Object.assign(new Error(code), { code })

  test.each(['40001', '40P01', '08006', '53100', '53300', '57P01', 'CONNECTION_CLOSED', 'ECONNREFUSED'])(
    'may help against %s',
    code => {
      expect(isPassing(failure(code))).toBe(true)
    },
  )

  test.each(['23505', '22003', '42P01', '42601'])('does not help against %s', code => {
    expect(isPassing(failure(code))).toBe(false)
  })

  test('helps against a log that gave up for now, not against an error without a code', () => {
    expect(isPassing(new LogUnavailableError('the log gave up'))).toBe(true)
    expect(isPassing(new Error('rows do not add up'))).toBe(false)
  })
})
