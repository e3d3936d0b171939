import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { readInbox } from './inbox.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
  await database.sql`insert into ref.suppliers values ('leaf', 'Leaf & Co')`
  await database.sql`
    insert into purchasing.orders (purchase_order, supplier, currency) values ('PO-1', 'leaf', 'EUR'), ('PO-2', 'leaf', 'EUR')`
})
afterAll(() => database.drop())

const AT = '2026-11-03T09:00:00.000Z'

/** @returns its number */
async function enter(order: string | null, event: Record<string, unknown>, isSent = true): Promise<number> {
  const body = JSON.stringify({ eventTime: AT, id: `${order}-${JSON.stringify(event)}`, ...event })
  const [row] = await database.sql<{ message: number }[]>`
    insert into purchasing.outbox (purchase_order, body, sent_at)
    values (${order}, ${body}::text::jsonb, ${isSent ? Date.now() : null}) returning message`
  return row?.message ?? 0
}

test('suppliers read what was placed and what of it is open; shops, what people entered, each once', async () => {
  const placed = (order: string, units: number) => ({
    type: 'purchase.placed',
    store: 'berlin',
    supplier: 'leaf',
    purchaseOrderId: order,
    expectedAt: '2026-11-03T09:10:00.000Z',
    lines: [{ sku: 'tea', units }],
    attributes: { service: 'express' },
  })
  await enter('PO-2', placed('PO-2', 9), false)
  expect(await readInbox(database.sql, 0)).toEqual({ orders: [], moves: [] })

  await enter('PO-1', placed('PO-1', 20))
  const [order] = (await readInbox(database.sql, 0)).orders
  expect(order).toEqual({
    purchaseOrderId: 'PO-1',
    store: 'berlin',
    supplier: 'leaf',
    isExpress: true,
    isConfirmed: false,
    placedAt: Date.parse(AT),
    expectedAt: Date.parse(AT) + 600_000,
    lines: [{ sku: 'tea', expected: 20, received: 0 }],
  })

  const message = await enter('PO-1', {
    type: 'stock.received',
    store: 'berlin',
    lines: [{ sku: 'tea', units: 6 }],
  })
  await enter('PO-1', { type: 'purchase.cancelled', store: 'berlin', lines: [{ sku: 'tea', units: 4 }] })
  const read = await readInbox(database.sql, 0)
  expect(read.orders[0]?.lines).toEqual([{ sku: 'tea', expected: 16, received: 6 }])
  expect(read.moves).toEqual([{ message, store: 'berlin', sku: 'tea', units: 6 }])

  await database.sql`
    insert into stream.purchases (generation, store, purchase_order, sku, partition, ordered, cancelled, received,
      placed_at, confirmed_at, as_of, last_offset, processed_at)
    values (1, 'berlin', 'PO-1', 'tea', 0, 20, 4, 16, now(), now(), now(), 1, now())`
  await enter(null, {
    type: 'stock.transferred',
    store: 'berlin',
    toStore: 'hamburg',
    lines: [{ sku: 'tea', units: 2 }],
  })
  // All of it has come: nobody reads it any more.
  const settled = await readInbox(database.sql, message)
  expect(settled.orders).toEqual([])
  expect(settled.moves.map(({ store, units }) => [store, units])).toEqual([
    ['berlin', -2],
    ['hamburg', 2],
  ])
})
