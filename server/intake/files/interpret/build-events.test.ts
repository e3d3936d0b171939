import { expect, test } from 'vitest'
import { parseEvent } from '#domain/event.ts'
import { toStore } from '#server/intake/stores/stores.ts'
import { type Document, type DocumentPart, documentIdOf, eventsOfDocument } from './build-events.ts'
import { rowMappingSchema } from './mapping.ts'

const STORE = toStore(
  {
    id: 'berlin',
    name: 'Berlin',
    zone: 'Europe/Berlin',
    cutOverHour: 4,
    currency: 'EUR',
    taxInclusive: true,
    channel: 'pos',
    input: 'journal',
  },
  4,
)

const MAPPING = rowMappingSchema.parse({
  name: 'journal',
  columns: { store: { constant: 'berlin' }, document: 'd', time: 't', sku: 's', units: 'u', unitPrice: 'p' },
  rules: [{ when: {}, is: 'order' }],
})

function part(kind: DocumentPart['kind'], fields: Partial<DocumentPart> = {}): DocumentPart {
  return {
    kind,
    rows: [2, 3],
    skus: ['tea', 'milk'],
    units: [2, 1],
    unitPrices: [25_550, 10_000],
    amounts: null,
    discounts: null,
    taxes: null,
    reasons: null,
    customer: null,
    tender: null,
    register: null,
    channel: null,
    currency: null,
    attributes: null,
    ...fields,
  }
}

function events(parts: DocumentPart[]) {
  const document: Document = {
    store: 'berlin',
    document: 'B-1',
    eventTime: Date.parse('2026-11-20T09:00:00Z'),
    dateOnly: false,
    parts,
  }
  const built = eventsOfDocument(document, MAPPING, STORE).map(({ event }) => event)
  for (const event of built) expect(parseEvent(event)).toEqual({ event })
  return built
}

test('an order carries what its document says', () => {
  const [order] = events([
    part('o', {
      discounts: [1_000, null],
      customer: 'c-1',
      tender: 'card',
      register: '2',
      attributes: { country: 'DE' },
    }),
  ])
  expect(order).toEqual({
    source: 'journal',
    id: 'B-1',
    type: 'order.placed',
    store: 'berlin',
    eventTime: '2026-11-20T09:00:00.000Z',
    register: '2',
    attributes: { country: 'DE' },
    orderId: 'B-1',
    channel: 'pos',
    currency: 'EUR',
    customer: 'c-1',
    tender: 'card',
    lines: [
      { sku: 'tea', units: 2, unitPrice: '2.5550', discount: '0.1000' },
      { sku: 'milk', units: 1, unitPrice: '1.0000' },
    ],
  })
})

test('a return refunds price times units less discount, whichever sign its units have', () => {
  const [first] = events([part('r', { units: [-2, -1], discounts: [100, null], reasons: ['torn', null] })])
  expect(first).toMatchObject({
    id: 'B-1',
    type: 'order.returned',
    orderId: 'B-1',
    lines: [
      { sku: 'tea', units: 2, refund: '5.1000', reason: 'torn' },
      { sku: 'milk', units: 1, refund: '1.0000' },
    ],
  })
})

test('one document gives up to three events, each with an id of its own', () => {
  const parts = [part('a', { units: [-3, 4], reasons: ['damaged', null] }), part('o'), part('r')]
  const document: Document = { store: 'berlin', document: 'B-1', eventTime: 0, dateOnly: false, parts }
  expect(
    eventsOfDocument(document, MAPPING, STORE).map(({ event: { id, type }, part }) => [id, part, type]),
  ).toEqual([
    ['B-1', 'adjust', 'stock.adjusted'],
    ['B-1', undefined, 'order.placed'],
    ['B-1', 'return', 'order.returned'],
  ])
})

test('where a file speaks for several stores, ids name the store and the document keeps its number', () => {
  const mapping = { ...MAPPING, columns: { ...MAPPING.columns, store: { column: 'Store' } } }
  const document: Document = {
    store: 'berlin',
    document: '7',
    eventTime: 0,
    dateOnly: false,
    parts: [part('o')],
  }
  const [built] = eventsOfDocument(document, mapping, STORE)
  expect(built?.event).toMatchObject({ id: 'berlin/7', orderId: '7' })
  expect(documentIdOf(mapping, { store: 'a/b', document: 'c' })).toBe('a%2Fb/c')
  expect(documentIdOf(mapping, { store: 'a', document: 'b/c' })).toBe('a/b/c')
})

test('an amount is sent as it stands, and what is refunded is the amount less its discount', () => {
  const amounts = { unitPrices: [null, 10_000], amounts: [100_001, null], discounts: [1, null] }
  const [order] = events([part('o', amounts)])
  expect(order).toMatchObject({
    lines: [
      { sku: 'tea', amount: '10.0001', discount: '0.0001' },
      { sku: 'milk', unitPrice: '1.0000' },
    ],
  })
  const [back] = events([part('r', { ...amounts, amounts: [-100_001, null] })])
  expect(back).toMatchObject({ lines: [{ refund: '10.0000' }, { refund: '1.0000' }] })
})

test('a day without a time is said to be one', () => {
  const document: Document = {
    store: 'berlin',
    document: 'B-1',
    eventTime: 0,
    dateOnly: true,
    parts: [part('o'), part('a')],
  }
  for (const { event } of eventsOfDocument(document, MAPPING, STORE))
    expect(event).toMatchObject({ dateOnly: true })
})
