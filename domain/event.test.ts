import { describe, expect, test } from 'vitest'
import { bodyHashOf } from './canonical.ts'
import { MAX_LINES, parseEvent } from './event.ts'

const ORDER = {
  source: 'pos-berlin-2',
  id: '2026-11-20-000123',
  type: 'order.placed',
  store: 'berlin-mitte',
  channel: 'pos',
  eventTime: '2026-11-20T10:15:30.123+01:00',
  orderId: 'B2-000123',
  customer: 'c-81723',
  currency: 'EUR',
  tender: 'card',
  lines: [{ sku: '85123A', units: 6, unitPrice: '2.55', discount: '0.30' }],
}

function rejectionOf(input: unknown) {
  const parsed = parseEvent(input)
  return 'rejection' in parsed ? parsed.rejection : null
}

test('the contract’s example is an event', () => {
  expect(parseEvent(ORDER)).toEqual({ event: ORDER })
})

describe('what is refused says which field, and why', () => {
  test.each([
    ['an unknown field', { ...ORDER, colour: 'red' }, 'unknown_field', 'colour'],
    [
      'an unknown field of a line',
      { ...ORDER, lines: [{ ...ORDER.lines[0], weight: 1 }] },
      'unknown_field',
      'lines[0]',
    ],
    ['an unknown type', { ...ORDER, type: 'order.guessed' }, 'unknown_type', 'order.guessed'],
    ['no type', { ...ORDER, type: undefined }, 'unknown_type', 'order.placed'],
    ['a missing field', { ...ORDER, store: undefined }, 'invalid_field', 'store'],
    ['a time without offset', { ...ORDER, eventTime: '2026-11-20T10:15:30' }, 'invalid_field', 'eventTime'],
    [
      'a price of five decimals',
      { ...ORDER, lines: [{ ...ORDER.lines[0], unitPrice: '2.55555' }] },
      'invalid_field',
      'lines[0].unitPrice',
    ],
    [
      'a line of two prices',
      { ...ORDER, lines: [{ ...ORDER.lines[0], amount: '15.30' }] },
      'invalid_field',
      'lines[0]: states unitPrice (of one unit) or amount',
    ],
    [
      'a line without a price',
      { ...ORDER, lines: [{ sku: 'tea', units: 1 }] },
      'invalid_field',
      'lines[0]: states unitPrice (of one unit) or amount',
    ],
    [
      'a price as number',
      { ...ORDER, lines: [{ ...ORDER.lines[0], unitPrice: 2.55 }] },
      'invalid_field',
      'lines[0].unitPrice',
    ],
    [
      'half a unit',
      { ...ORDER, lines: [{ ...ORDER.lines[0], units: 0.5 }] },
      'invalid_field',
      'lines[0].units',
    ],
    ['no lines', { ...ORDER, lines: [] }, 'invalid_field', 'lines'],
    ['a NUL character', { ...ORDER, customer: 'c\u0000' }, 'unstorable_text', 'customer'],
    ['half a surrogate pair', { ...ORDER, orderId: 'x\ud800' }, 'unstorable_text', 'orderId'],
    [
      'a control character',
      { ...ORDER, lines: [{ ...ORDER.lines[0], sku: 'a\u001fb' }] },
      'invalid_field',
      'lines[0].sku',
    ],
    [
      'too many attributes',
      { ...ORDER, attributes: { note: 'x'.repeat(2_100) } },
      'invalid_field',
      'attributes',
    ],
    ['something else than an object', 7, 'invalid_field', ''],
  ])('%s', (_, input, reason, place) => {
    const rejection = rejectionOf(input)
    expect(rejection?.reason).toBe(reason)
    expect(rejection?.detail).toContain(place)
  })

  test('more lines than an event may carry', () => {
    const lines = Array.from({ length: MAX_LINES + 1 }, () => ORDER.lines[0])
    expect(rejectionOf({ ...ORDER, lines })?.detail).toContain(String(MAX_LINES))
  })
})

describe('names that every object has', () => {
  const sent = (json: string) => ({ ...ORDER, ...JSON.parse(json) })
  // Not a literal: there `__proto__` would set the prototype.
  const withOwn = (name: string, value: unknown) =>
    Object.defineProperty({ ...ORDER }, name, { value, enumerable: true })

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('%s is an unknown field', name => {
    expect(rejectionOf(withOwn(name, 'x'))).toEqual({
      reason: 'unknown_field',
      detail: `unknown field: ${name}`,
    })
    const line = Object.defineProperty({ ...ORDER.lines[0] }, name, { value: {}, enumerable: true })
    expect(rejectionOf({ ...ORDER, lines: [line] })?.detail).toBe(`unknown field in lines[0]: ${name}`)
  })

  test('are attributes like any other, but for one, which is refused and not left out', () => {
    const attributes = { constructor: 'a', toString: 'b', hasOwnProperty: 'c' }
    expect(parseEvent({ ...ORDER, attributes })).toEqual({ event: { ...ORDER, attributes } })
    expect(rejectionOf(sent('{"attributes":{"__proto__":"x"}}'))).toEqual({
      reason: 'unknown_field',
      detail: 'unknown field in attributes: __proto__',
    })
  })
})

describe('two spellings of one text', () => {
  const COMPOSED = 'Caf\u00e9 \u1ea1'
  const DECOMPOSED = 'Cafe\u0301 a\u0323'

  function sentAs(text: string) {
    return {
      ...ORDER,
      source: text,
      id: text,
      store: text,
      orderId: text,
      customer: text,
      tender: text,
      attributes: { [text]: text },
      lines: [{ ...ORDER.lines[0], sku: text }],
    }
  }

  test('are the same event, with the same hash', () => {
    const [one, other] = [parseEvent(sentAs(COMPOSED)), parseEvent(sentAs(DECOMPOSED))]
    if (!('event' in one && 'event' in other)) throw new Error('both are events')
    expect(other.event).toEqual(sentAs(COMPOSED))
    expect(bodyHashOf(other.event)).toBe(bodyHashOf(one.event))
  })

  test('are measured as they are kept', () => {
    expect(rejectionOf({ ...ORDER, customer: 'e\u0301'.repeat(128) })).toBeNull()
    expect(rejectionOf({ ...ORDER, customer: 'e\u0301'.repeat(129) })?.detail).toContain('customer')
  })

  test('cannot be two attributes', () => {
    expect(rejectionOf({ ...ORDER, attributes: { '\u00e9': '1', 'e\u0301': '2' } })).toEqual({
      reason: 'invalid_field',
      detail: 'attributes: two names are spellings of the same one',
    })
  })
})

test('whole surrogate pairs are text like any other', () => {
  expect(rejectionOf({ ...ORDER, customer: 'c-😀' })).toBeNull()
})
