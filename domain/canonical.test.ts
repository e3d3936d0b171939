import { expect, test } from 'vitest'
import { canonicalBody } from './canonical.ts'
import { parseEvent } from './event.ts'

const ORDER = {
  source: 'pos-1',
  id: 'o-1',
  type: 'order.placed',
  store: 'berlin',
  channel: 'pos',
  eventTime: '2026-11-20T10:15:30+01:00',
  orderId: 'o-1',
  currency: 'EUR',
  attributes: { eventTime: '2026-11-20T10:15:30+01:00', b: '1', a: '2' },
  lines: [{ sku: 'tea', units: 6, unitPrice: '2.5', discount: '0.30' }],
}

function canonicalOf(input: unknown): string {
  const parsed = parseEvent(input)
  if ('rejection' in parsed) throw new Error(parsed.rejection.detail)
  return canonicalBody(parsed.event)
}

test('order of keys, spelling of decimals and of instants make no other body', () => {
  const { lines, eventTime, ...rest } = ORDER
  const respelled = {
    lines: [{ unitPrice: '2.5000', discount: '0.3', units: 6, sku: 'tea' }],
    ...rest,
    eventTime: '2026-11-20T09:15:30.000Z',
  }
  expect([lines.length, eventTime]).toBeTruthy()
  expect(canonicalOf(respelled)).toBe(canonicalOf(ORDER))
})

test('what the sender said otherwise makes another body', () => {
  const base = canonicalOf(ORDER)
  const others = [
    { ...ORDER, lines: [{ ...ORDER.lines[0], unitPrice: '2.51' }] },
    { ...ORDER, eventTime: '2026-11-20T10:15:31+01:00' },
    { ...ORDER, customer: 'c-1' },
    { ...ORDER, store: 'berlin-2' },
    { ...ORDER, attributes: { ...ORDER.attributes, a: '3' } },
  ]
  for (const other of others) expect(canonicalOf(other)).not.toBe(base)
})

test('attributes are text: a key named like a field is not normalised', () => {
  const respelled = { ...ORDER, attributes: { ...ORDER.attributes, eventTime: '2026-11-20T09:15:30Z' } }
  expect(canonicalOf(respelled)).not.toBe(canonicalOf(ORDER))
})

test('an object of as many fields as another has its own', () => {
  const line = { sku: 'tea', units: 6, unitPrice: '2.5' }
  const taxed = { ...ORDER, lines: [{ ...line, tax: '0.30' }] }
  const discounted = { ...ORDER, lines: [{ ...line, discount: '0.30' }] }
  expect(canonicalOf(discounted)).toContain('"discount":3000')
  expect(canonicalOf(taxed)).toContain('"tax":3000')
  expect(canonicalOf(taxed)).not.toContain('discount')
})
