import { beforeAll, describe, expect, test } from 'vitest'
import { businessDayOf } from '#domain/business-day.ts'
import { addDays } from '#domain/calendar.ts'
import type { SentEvent } from '#domain/event.ts'
import { HOUR_MS, MINUTE_MS } from '#domain/instant.ts'
import { ofType, type PlayedHistory, playHistory } from '#seed/testing/history.ts'
import { isKept, isSold, lifeOf } from '#seed/world/life-cycles.ts'
import { promotionsOn } from '#seed/world/promotions.ts'

// Across the end of summer time in Europe and America.
const SPAN = { days: 16, until: Date.UTC(2026, 10, 7, 18) }
const PARAMETERS = { randomSeed: 11, stores: 8, ordersPerDay: 900 }

type OrderPlaced = Extract<SentEvent, { type: 'order.placed' }>

/** In 1/10,000, by another way than the generators go. */
const amount = (text: string | undefined) => Math.round(Number(text ?? 0) * 10_000)
const paidFor = (line: OrderPlaced['lines'][number]) =>
  line.units * amount(line.unitPrice) - amount(line.discount)
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

describe('a world that plays', () => {
  let history: PlayedHistory
  let orders: Map<string, OrderPlaced>
  beforeAll(() => {
    history = playHistory(PARAMETERS, SPAN)
    orders = new Map(ofType(history.events, 'order.placed').map(order => [order.orderId, order]))
  })

  test('sells from stock: never more than is there, and the shops end with what the events say', () => {
    const onHand = new Map<string, number>()
    const belowZero: string[] = []
    const move = (store: string, sku: string, units: number, eventId: string) => {
      const after = (onHand.get(`${store}/${sku}`) ?? 0) + units
      if (after < 0) belowZero.push(`${store}/${sku} after ${eventId}`)
      onHand.set(`${store}/${sku}`, after)
    }
    for (const event of history.events) {
      const { store, id } = event
      switch (event.type) {
        case 'order.placed':
          for (const { sku, units } of event.lines) move(store, sku, -units, id)
          break
        case 'order.voided':
        case 'stock.received':
        case 'stock.adjusted':
          for (const { sku, units } of event.lines) move(store, sku, units, id)
          break
        case 'order.returned':
          for (const { sku, units, restock } of event.lines)
            if (restock !== false) move(store, sku, units, id)
          break
        case 'stock.transferred':
          for (const { sku, units } of event.lines) {
            move(store, sku, -units, id)
            move(event.toStore, sku, units, id)
          }
          break
        case 'stock.counted':
          for (const { sku, units } of event.lines) onHand.set(`${store}/${sku}`, units)
      }
    }
    expect(belowZero).toEqual([])
    for (const [store, { onHand: shelves }] of Object.entries(history.end.shops)) {
      expect(shelves, store).toEqual(
        history.world.products.map(({ sku }) => onHand.get(`${store}/${sku}`) ?? 0),
      )
    }
  })

  test('passes goods on from the warehouse of the web shop to stores that sell over the line', () => {
    const transfers = ofType(history.events, 'stock.transferred')
    expect(transfers.length).toBeGreaterThanOrEqual(6)
    for (const { store, toStore } of transfers) {
      expect(store).toBe('web-shop')
      expect(history.world.shops.find(({ id }) => id === toStore)).toMatchObject({
        channel: 'pos',
        input: 'live',
      })
    }
  })

  test('counts shelves that have lost a little, each in its turn', () => {
    const counts = ofType(history.events, 'stock.counted').filter(({ store }) => store === 'berlin-mitte')
    const [first, ...daily] = counts
    const counted = new Set(first?.lines.map(({ sku }) => sku))
    const uncounted = history.world.products.filter(({ sku }) => !counted.has(sku))
    expect(uncounted.length).toBeLessThan(25)
    // Only what is not out: an edition that is over, or is to come.
    const openedOn = first?.eventTime.slice(0, 10) ?? ''
    expect(uncounted.filter(({ lifeCycle }) => isSold(lifeCycle, openedOn))).toEqual([])
    expect(daily.length).toBeGreaterThan(SPAN.days)
    const skus = daily.flatMap(({ lines }) => lines.map(({ sku }) => sku))
    expect(new Set(skus).size).toBe(skus.length)
  })

  test('counts no shelf that was never filled: it would be told as one that is empty', () => {
    const { products, productIndex } = history.world
    const lifeCycleOf = (sku: string) => products[productIndex.get(sku) ?? -1]?.lifeCycle ?? null
    const filled = new Set<string>()
    const neverFilled: string[] = []
    for (const event of history.events) {
      if (event.type !== 'stock.counted' && event.type !== 'stock.received') continue
      for (const { sku, units } of event.lines) {
        if (units > 0) filled.add(`${event.store}/${sku}`)
        else if (
          !filled.has(`${event.store}/${sku}`) &&
          !isSold(lifeCycleOf(sku), event.eventTime.slice(0, 10))
        )
          neverFilled.push(`${event.store}/${sku} at ${event.eventTime}`)
      }
    }
    expect(neverFilled).toEqual([])
    expect(
      history.end.missed.filter(({ sku, businessDay }) => !isSold(lifeCycleOf(sku), businessDay)),
    ).toEqual([])
  })

  test('tells in Z reports exactly what each till sold on its day', () => {
    const totals = new Map<string, { orders: number; units: number; net: number }>()
    const calendars = new Map(history.world.shops.map(shop => [shop.id, shop]))
    for (const event of history.events) {
      const calendar = calendars.get(event.store)
      if (!('orderId' in event) || event.register === undefined || !calendar) continue
      const key = [event.store, event.register, businessDayOf(Date.parse(event.eventTime), calendar)].join(
        '/',
      )
      const total = totals.get(key) ?? { orders: 0, units: 0, net: 0 }
      totals.set(key, total)
      if (event.type === 'order.returned') total.net -= sum(event.lines.map(line => amount(line.refund)))
      else {
        const sign = event.type === 'order.placed' ? 1 : -1
        total.orders += sign
        total.units += sign * sum(event.lines.map(line => line.units))
        total.net += sign * sum(event.lines.map(paidFor))
      }
    }
    const reports = ofType(history.events, 'till.closed')
    const tills = sum(history.world.shops.map(({ registers }) => registers.length))
    expect(reports.length).toBeGreaterThanOrEqual(tills * SPAN.days)
    for (const { store, register, businessDay, orders, units, net } of reports) {
      const key = [store, register, businessDay].join('/')
      expect({ orders, units, net: amount(net) }, key).toEqual(
        totals.get(key) ?? { orders: 0, units: 0, net: 0 },
      )
    }
  })

  test('tells in Z reports how each till was paid, which receipts it printed, and counts its cash', () => {
    const calendars = new Map(history.world.shops.map(shop => [shop.id, shop]))
    const tills = new Map<string, { tenders: Record<string, number>; receipts: Set<number> }>()
    for (const event of history.events) {
      const shop = calendars.get(event.store)
      if (!('orderId' in event) || event.register === undefined || !shop) continue
      const key = [event.store, event.register, businessDayOf(Date.parse(event.eventTime), shop)].join('/')
      const till = tills.get(key) ?? { tenders: {}, receipts: new Set<number>() }
      tills.set(key, till)
      const sign = event.type === 'order.placed' ? 1 : -1
      const total =
        event.type === 'order.returned'
          ? sum(event.lines.map(line => amount(line.refund)))
          : sum(event.lines.map(line => paidFor(line) + (shop.taxInclusive ? 0 : amount(line.tax))))
      const parts = event.tenders ?? [{ type: event.tender ?? 'none', amount: String(total / 10_000) }]
      for (const part of parts) {
        till.tenders[part.type] = (till.tenders[part.type] ?? 0) + sign * amount(part.amount)
      }
      till.receipts.add(Number(event.orderId.split('-').at(-1)))
    }
    let miscounted = 0
    const reports = ofType(history.events, 'till.closed')
    for (const { store, register, businessDay, ...told } of reports) {
      const key = [store, register, businessDay].join('/')
      const till = tills.get(key) ?? { tenders: {}, receipts: new Set<number>() }
      const tenders = Object.fromEntries((told.tenders ?? []).map(part => [part.type, amount(part.amount)]))
      expect(tenders, key).toEqual(till.tenders)
      const [first, last] = [told.firstReceipt, told.lastReceipt].map(id => Number(id?.split('-').at(-1)))
      if (till.receipts.size > 0) {
        expect(
          [...till.receipts].toSorted((a, b) => a - b),
          key,
        ).toEqual(Array.from({ length: (last ?? 0) - (first ?? 0) + 1 }, (_, index) => (first ?? 0) + index))
      }
      if (amount(told.countedCash) !== amount(told.openingFloat) + (till.tenders.cash ?? 0)) miscounted += 1
    }
    expect(miscounted / reports.length).toBeGreaterThan(0.03)
    expect(miscounted / reports.length).toBeLessThan(0.15)
  })

  test('voids orders on their own day, at their own till, once', () => {
    const voids = ofType(history.events, 'order.voided')
    expect(voids.length).toBeGreaterThan(50)
    expect(new Set(voids.map(({ orderId }) => orderId)).size).toBe(voids.length)
    const calendars = new Map(history.world.shops.map(shop => [shop.id, shop]))
    for (const event of voids) {
      const order = orders.get(event.orderId)
      const calendar = calendars.get(event.store)
      if (!order || !calendar) throw new Error(`${event.orderId} was never placed`)
      const [placedAt, voidedAt] = [order, event].map(({ eventTime }) => Date.parse(eventTime))
      expect((voidedAt ?? 0) - (placedAt ?? 0)).toBeGreaterThanOrEqual(MINUTE_MS)
      expect(businessDayOf(voidedAt ?? 0, calendar)).toBe(businessDayOf(placedAt ?? 0, calendar))
      expect(event).toMatchObject({ source: order.source, lines: order.lines })
    }
  })

  test('takes back only what was bought and not voided, for what was paid at most', () => {
    const returns = ofType(history.events, 'order.returned')
    const voided = new Set(ofType(history.events, 'order.voided').map(({ orderId }) => orderId))
    expect(returns.length / orders.size).toBeGreaterThan(0.02)
    const back = new Map<string, { units: number; refund: number }>()
    for (const event of returns) {
      const order = orders.get(event.originalOrderId ?? '')
      expect(order?.store).toBe(event.store)
      expect(voided.has(order?.orderId ?? '')).toBe(false)
      expect(event.eventTime > (order?.eventTime ?? '')).toBe(true)
      for (const { sku, units, refund } of event.lines) {
        const key = `${event.originalOrderId}/${sku}`
        const known = back.get(key) ?? { units: 0, refund: 0 }
        back.set(key, { units: known.units + units, refund: known.refund + amount(refund) })
        const bought = order?.lines.find(line => line.sku === sku)
        expect(back.get(key)?.units, key).toBeLessThanOrEqual(bought?.units ?? 0)
        expect(back.get(key)?.refund, key).toBeLessThanOrEqual(bought ? paidFor(bought) : 0)
      }
    }
  })

  test('takes back most things days after they were bought', () => {
    const ages = ofType(history.events, 'order.returned').map(
      ({ eventTime, originalOrderId }) =>
        Date.parse(eventTime) - Date.parse(orders.get(originalOrderId ?? '')?.eventTime ?? ''),
    )
    expect(ages.filter(age => age > 24 * HOUR_MS).length / ages.length).toBeGreaterThan(0.6)
    expect(Math.max(...ages)).toBeGreaterThan(7 * 24 * HOUR_MS)
  })

  test('reviews only what its customer bought there two days ago or more, as good as it is', () => {
    const reviews = ofType(history.events, 'review.posted')
    expect(reviews.length).toBeGreaterThan(100)
    const texts = reviews.flatMap(({ text }) => (text === undefined ? [] : [text]))
    expect(texts.length).toBeGreaterThan(50)
    // Everything that is made up was filled in; and people do not all say the same.
    for (const text of texts) expect(text).not.toMatch(/[{}]/)
    expect(new Set(texts).size).toBeGreaterThan(45)
    const bought = new Map<string, string>()
    for (const { customer, store, lines, eventTime } of orders.values()) {
      for (const { sku } of lines) {
        const key = `${store}/${customer}/${sku}`
        if (!bought.has(key)) bought.set(key, eventTime)
      }
    }
    const ratings = { good: [] as number[], poor: [] as number[] }
    for (const { store, customer, sku, rating, eventTime } of reviews) {
      const boughtAt = bought.get(`${store}/${customer}/${sku}`)
      expect(Date.parse(eventTime) - Date.parse(boughtAt ?? '')).toBeGreaterThanOrEqual(48 * HOUR_MS)
      const { quality } = history.world.products[history.world.productIndex.get(sku) ?? 0] ?? { quality: 0 }
      ratings[quality > 4.05 ? 'good' : 'poor'].push(rating)
    }
    const mean = (values: number[]) => sum(values) / values.length
    expect(mean(ratings.good)).toBeGreaterThan(mean(ratings.poor) + 0.3)
    expect(reviews.filter(({ text }) => text !== undefined).length / reviews.length).toBeGreaterThan(0.4)
  })

  test('leaves some suppliers to the buyer, who orders on Mondays', () => {
    const { world, events } = history
    const buyers = new Set(
      world.products.filter(({ supplier }) => supplier.isBuyers).map(({ supplier }) => supplier.id),
    )
    expect(buyers.size).toBe(3)
    const orders = ofType(events, 'purchase.placed').filter(({ supplier }) => buyers.has(supplier))
    expect(orders.length).toBeGreaterThan(0)
    const shops = new Map(world.shops.map(shop => [shop.id, shop]))
    const weekdays = orders.map(({ store, eventTime }) => {
      const shop = shops.get(store)
      if (!shop) throw new Error(`${store} is no store of the world`)
      return new Date(`${businessDayOf(Date.parse(eventTime), shop)}T00:00:00Z`).getUTCDay()
    })
    expect(new Set(weekdays)).toEqual(new Set([1]))
  })

  test('orders whole packs from the one who supplies them, and gets each delivery once, as ordered', () => {
    const { world, events } = history
    const placed = new Map(ofType(events, 'purchase.placed').map(order => [order.purchaseOrderId, order]))
    expect(placed.size).toBeGreaterThan(100)
    const wrong: { sku: string; units: number }[] = []
    for (const { lines, supplier } of placed.values()) {
      for (const { sku, units } of lines) {
        const product = world.products[world.productIndex.get(sku) ?? -1]
        if (product?.supplier.id !== supplier || units % product.packSize !== 0) wrong.push({ sku, units })
      }
    }
    expect(wrong).toEqual([])
    const received = ofType(events, 'stock.received').filter(event => event.purchaseOrderId !== undefined)
    expect(new Set(received.map(event => event.purchaseOrderId)).size).toBe(received.length)
    let late = 0
    for (const { purchaseOrderId, eventTime, lines } of received) {
      const order = placed.get(purchaseOrderId ?? '')
      expect(lines).toEqual(order?.lines.map(({ sku, units }) => ({ sku, units })))
      expect(eventTime >= (order?.expectedAt ?? '')).toBe(true)
      if (eventTime > (order?.expectedAt ?? '')) late += 1
    }
    // Suppliers are late now and then; what is not in yet is on its way.
    expect(late / received.length).toBeGreaterThan(0.03)
    expect(late / received.length).toBeLessThan(0.3)
    const onItsWay = sum(Object.values(history.end.shops).map(({ deliveries }) => deliveries.length))
    expect(received.length + onItsWay).toBe(placed.size)
  })

  test('orders for days on which the supplier comes, for its least value or all that it has', () => {
    const { world, events } = history
    const suppliers = new Map(world.products.map(({ supplier }) => [supplier.id, supplier]))
    const shops = new Map(world.shops.map(shop => [shop.id, shop]))
    const small: number[] = []
    for (const { store, supplier: id, expectedAt, lines } of ofType(events, 'purchase.placed')) {
      const [supplier, shop] = [suppliers.get(id), shops.get(store)]
      if (!supplier || !shop || expectedAt === undefined) throw new Error(`an order of ${store} is not whole`)
      const day = businessDayOf(Date.parse(expectedAt), shop)
      expect(supplier.deliveryDays, `${id} on ${day}`).toContain(new Date(`${day}T00:00:00Z`).getUTCDay())
      const value = sum(lines.map(({ units, unitCost }) => units * amount(unitCost)))
      if (value < (supplier.minimumValue ?? 0)) small.push(value)
    }
    expect(small).toEqual([])
  })

  test('orders no edition that is over, and what is left of it stays on the shelves', () => {
    const { world, events } = history
    const over = world.products.filter(
      ({ lifeCycle }) => lifeOf(lifeCycle, '2026-11-04').stage === 'running out',
    )
    expect(over.length).toBeGreaterThan(0)
    const skus = new Set(over.map(({ sku }) => sku))
    const late = ofType(events, 'purchase.placed').filter(({ eventTime, lines }) =>
      lines.some(
        ({ sku }) =>
          skus.has(sku) &&
          !isKept(
            world.products[world.productIndex.get(sku) ?? -1]?.lifeCycle ?? null,
            eventTime.slice(0, 10),
          ) &&
          // Its shop's day may be the one before.
          !isKept(
            world.products[world.productIndex.get(sku) ?? -1]?.lifeCycle ?? null,
            addDays(eventTime.slice(0, 10), -1),
          ),
      ),
    )
    expect(late).toEqual([])
    const left = Object.values(history.end.shops).flatMap(({ onHand }) =>
      over.map(({ sku }) => onHand?.[world.productIndex.get(sku) ?? -1] ?? 0),
    )
    expect(left.filter(units => units > 0).length / left.length).toBeGreaterThan(0.9)
  })

  test('knows what its empty shelves cost, which no event tells of', () => {
    const { missed } = history.end
    expect(missed.length).toBeGreaterThan(0)
    expect(missed.every(({ units }) => units > 0)).toBe(true)
    const keys = missed.map(({ store, sku, businessDay }) => `${store}/${sku}/${businessDay}`)
    expect(new Set(keys).size).toBe(keys.length)
    // It is little beside what is sold, and of shelves that were empty or nearly.
    const sold = sum([...orders.values()].flatMap(({ lines }) => lines.map(({ units }) => units)))
    expect(sum(missed.map(({ units }) => units)) / sold).toBeLessThan(0.01)
  })

  test('puts things in a basket that go together', () => {
    const { products, productIndex } = history.world
    let together = 0
    let pairs = 0
    for (const { lines } of orders.values()) {
      for (const [place, { sku }] of lines.entries()) {
        const before = products[productIndex.get(lines[place - 1]?.sku ?? '') ?? -1]
        if (!before) continue
        pairs += 1
        if (before.companions.includes(productIndex.get(sku) ?? -1)) together += 1
      }
    }
    // By chance it would be three in five hundred.
    expect(together / pairs).toBeGreaterThan(0.2)
  })

  test('sells most on Saturdays in its stores', () => {
    const onDay = (weekday: number) =>
      [...orders.values()].filter(
        ({ channel, eventTime }) => channel === 'pos' && new Date(eventTime).getUTCDay() === weekday,
      ).length
    expect(onDay(6)).toBeGreaterThan(1.3 * onDay(1))
  })

  test('grants what is on promotion, and sells more of it than in other weeks', () => {
    const { products, randomSeed } = history.world
    const sold = { promoted: 0, promotedDays: 0, ordinary: 0, ordinaryDays: 0 }
    const unitsOf = new Map<string, number>()
    for (const { lines, eventTime } of orders.values()) {
      for (const { sku, units } of lines) {
        const key = `${eventTime.slice(0, 10)}/${sku}`
        unitsOf.set(key, (unitsOf.get(key) ?? 0) + units)
      }
    }
    const promoted = new Set<number>()
    const days = Array.from({ length: SPAN.days }, (_, index) => addDays('2026-10-22', index))
    for (const day of days) {
      for (const { products } of promotionsOn(randomSeed, day))
        for (const index of products) promoted.add(index)
    }
    for (const day of days) {
      const today = new Set(promotionsOn(randomSeed, day).flatMap(({ products }) => products))
      // The same goods on both sides: only the week differs.
      for (const index of promoted) {
        const units = unitsOf.get(`${day}/${products[index]?.sku}`) ?? 0
        sold[today.has(index) ? 'promoted' : 'ordinary'] += units
        sold[today.has(index) ? 'promotedDays' : 'ordinaryDays'] += 1
      }
    }
    expect(sold.promoted / sold.promotedDays).toBeGreaterThan((1.2 * sold.ordinary) / sold.ordinaryDays)
    const lines = [...orders.values()].flatMap(({ lines }) => lines)
    const discounted = lines.filter(({ discount }) => discount !== undefined).length / lines.length
    expect(discounted).toBeGreaterThan(0.05)
    expect(discounted).toBeLessThan(0.4)
  })
})
