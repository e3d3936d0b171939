import fc from 'fast-check'
import { describe, expect, inject, test } from 'vitest'
import type { SentEvent } from '#domain/event.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS } from '#domain/instant.ts'
import { createRandom } from '#seed/world/random.ts'
import { createWorld } from '#seed/world/world.ts'
import { applyEvent } from './apply-event.ts'
import { applyEntered, type BuyersOrder, serveBuyers } from './buyers-orders.ts'
import { newShopState, openShop, type ShopState } from './shop-state.ts'

const world = createWorld({ randomSeed: 1, stores: 2, ordersPerDay: 200 })
const [shop] = world.shops
if (!shop) throw new Error('a world without shops')
const [tea, cup] = world.products.slice(0, 2).map(({ sku }) => sku)
const PLACED = Date.UTC(2026, 10, 3, 9)

function order(fields: Partial<BuyersOrder> = {}): BuyersOrder {
  return {
    purchaseOrderId: 'PO-B00001',
    store: shop?.id ?? '',
    supplier: world.products[0]?.supplier.id ?? '',
    isExpress: true,
    placedAt: PLACED,
    expectedAt: PLACED + 10 * MINUTE_MS,
    isConfirmed: false,
    lines: [
      { sku: tea ?? '', expected: 20, received: 0 },
      { sku: cup ?? '', expected: 7, received: 0 },
    ],
    ...fields,
  }
}

function openTrading(state?: ShopState) {
  return openShop({
    world,
    shop: shop as NonNullable<typeof shop>,
    state: state ?? { ...newShopState(world), onHand: world.products.map(() => 0) },
    random: createRandom(1, 'test'),
    series: 's',
  })
}

const at = (now: number) => ({ now, speed: 1, deliveriesHeld: false })
const unitsOf = (events: readonly SentEvent[], sku: string | undefined) =>
  events
    .flatMap(event => (event.type === 'stock.received' ? event.lines : []))
    .filter(line => line.sku === sku)
    .reduce((sum, { units }) => sum + units, 0)

describe('a supplier of the demo', () => {
  test('says yes within a minute, once, and brings an express order within its minutes', () => {
    const trading = openTrading()
    expect(serveBuyers(trading, [order()], at(PLACED + 1_000))).toEqual([])
    const [yes, ...more] = serveBuyers(trading, [order()], at(PLACED + MINUTE_MS))
    expect(yes).toMatchObject({ type: 'purchase.confirmed', purchaseOrderId: 'PO-B00001' })
    expect(more).toEqual([])
    expect(serveBuyers(trading, [order()], at(PLACED + MINUTE_MS + 250))).toEqual([])
    const brought = [10, 12].flatMap(minutes =>
      serveBuyers(trading, [order()], at(PLACED + minutes * MINUTE_MS)),
    )
    expect([unitsOf(brought, tea), unitsOf(brought, cup)]).toEqual([20, 7])
    expect(trading.state.onHand?.slice(0, 2)).toEqual([20, 7])
  })

  test('brings nothing while its deliveries are held, nor before it has heard of the order', () => {
    const trading = openTrading()
    const later = PLACED + DAY_MS
    expect(serveBuyers(trading, null, at(later))).toEqual([])
    const held = serveBuyers(trading, [order()], { ...at(later), deliveriesHeld: true })
    expect(held.map(({ type }) => type)).toEqual(['purchase.confirmed'])
    expect(trading.buyersOnOrder?.slice(0, 2)).toEqual([20, 7])
  })

  test('brings what is open: not what people received by hand, or cancelled', () => {
    const trading = openTrading()
    const lines = [
      { sku: tea ?? '', expected: 20, received: 15 },
      { sku: cup ?? '', expected: 0, received: 0 },
    ]
    const brought = serveBuyers(trading, [order({ lines })], at(PLACED + DAY_MS))
    expect([unitsOf(brought, tea), unitsOf(brought, cup)]).toEqual([5, 0])
  })

  test('brings all of an order and nothing twice, however late the system knows of it, and whenever it is killed', () => {
    fc.assert(
      fc.property(
        fc.record({
          number: fc.nat(10_000),
          isExpress: fc.boolean(),
          expected: fc.integer({ min: 1, max: 60 }),
          looks: fc.array(fc.record({ hours: fc.nat(40), isKnown: fc.boolean(), isKilled: fc.boolean() }), {
            maxLength: 30,
          }),
        }),
        ({ number, isExpress, expected, looks }) => {
          const way = isExpress ? 10 * MINUTE_MS : 2 * DAY_MS
          const given = { purchaseOrderId: `PO-B${number}`, isExpress, expectedAt: PLACED + way }
          let saved = structuredClone(openTrading().state)
          let trading = openTrading(structuredClone(saved))
          let book: SentEvent[] = []
          const all: SentEvent[] = []
          let [now, known] = [PLACED, 0]
          // At the end it is past every lot.
          for (const { hours, isKnown, isKilled } of [
            ...looks,
            { hours: 300, isKnown: false, isKilled: false },
          ]) {
            now += hours * HOUR_MS
            const lines = [{ sku: tea ?? '', expected, received: known }]
            const happened = serveBuyers(trading, [order({ ...given, lines })], at(now))
            book.push(...happened)
            all.push(...happened)
            if (isKnown) known = unitsOf(all, tea)
            if (isKilled) {
              // What it was when it was saved, and its book since.
              trading = openTrading(structuredClone(saved))
              for (const event of book) applyEvent(trading, event)
            } else {
              saved = structuredClone(trading.state)
              book = []
            }
          }
          expect(unitsOf(all, tea)).toBe(expected)
          expect(trading.state.onHand?.[0]).toBe(expected)
        },
      ),
      { seed: inject('randomSeed') },
    )
  })
})

test('what people enter moves the shelves once, in whatever lots it is read', () => {
  const trading = openTrading()
  const moves = [1, 2, 3].map(message => ({ message, store: shop?.id ?? '', sku: tea ?? '', units: message }))
  applyEntered(trading, moves.slice(0, 2))
  applyEntered(trading, moves)
  applyEntered(trading, [{ message: 9, store: 'elsewhere', sku: tea ?? '', units: 50 }])
  expect(trading.state.onHand?.[0]).toBe(6)
})
