import { expect, test } from 'vitest'
import type { LogEvent } from '#domain/log-event.ts'
import { isOfData } from '#server/log/log-errors.ts'
import { testEvent } from '#server/log/testing/events.ts'
import { encodeEvent } from './record.ts'
import { assertStorable } from './storable.ts'

const event = testEvent({ id: 's-1', partition: 0 })

function refusalOf(fields: Partial<LogEvent>): unknown {
  const changed = { ...event, ...fields }
  try {
    assertStorable(changed, encodeEvent(changed))
    return null
  } catch (error) {
    return error
  }
}

test.each<[string, Partial<LogEvent>]>([
  ['a day that is none', { businessDay: '2026-02-31' }],
  ['a day of another form', { businessDay: '20.11.2026' }],
  [
    'units beyond 32 bits',
    { lines: { ...(event.lines as NonNullable<LogEvent['lines']>), units: [2 ** 31, 1] } },
  ],
  [
    'units that are no whole number',
    { lines: { ...(event.lines as NonNullable<LogEvent['lines']>), units: [1.5, 1] } },
  ],
  ['a total that is not exact', { totalGross: 2 ** 53 }],
  ['an event time that is no instant', { eventTime: Number.NaN }],
  ['a text with NUL', { customer: 'a\0b' }],
  ['a text with NUL, deep in its details', { details: { tenders: [{ type: 'a\0', amount: 1 }] } }],
  ['half a character', { attributes: { note: '\ud83e' } }],
])('%s is refused as data, as Postgres refuses it', (_, fields) => {
  const refusal = refusalOf(fields)
  expect(refusal).toBeInstanceOf(Error)
  expect(isOfData(refusal)).toBe(true)
})

test.each<[string, Partial<LogEvent>]>([
  ['an ordinary order', {}],
  ['a text that speaks of NUL', { customer: 'a\\u0000b', orderId: '\\ud83e' }],
  ['a whole character of two halves', { customer: '🫖' }],
])('%s is stored', (_, fields) => {
  expect(refusalOf(fields)).toBeNull()
})
