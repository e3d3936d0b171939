import { expect, test } from 'vitest'
import { partId, sentIdOf, showEventId } from './derived-id.ts'
import { parseEvent } from './event.ts'

test('a part keeps the name its sender gave, and is shown with it', () => {
  expect(sentIdOf(partId('t-1', 'out'))).toBe('t-1')
  expect(sentIdOf('t-1#out')).toBe('t-1#out')
  expect(showEventId(partId('t-1', 'in'))).toBe('t-1 · in')
  expect(showEventId('t-1')).toBe('t-1')
})

test('no sender can take the id of a part', () => {
  const event = {
    source: 'inv',
    type: 'stock.counted',
    store: 'berlin',
    eventTime: '2026-11-20T10:15:30Z',
    lines: [{ sku: 'tea', units: 1 }],
  }
  expect(parseEvent({ ...event, id: 'X#in' })).toHaveProperty('event')
  for (const part of ['out', 'in', 'adjust', 'return'] as const) {
    expect(parseEvent({ ...event, id: partId('X', part) })).toMatchObject({
      rejection: { reason: 'invalid_field', detail: 'id: must not hold control characters' },
    })
  }
})
