import { createHash } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { businessDayOf } from '#domain/business-day.ts'
import { netOf, salesEffect, stockEffects } from '#domain/effects.ts'
import { parseEvent } from '#domain/event.ts'
import { HOUR_MS, MINUTE_MS } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import type { ShopState } from '../shop/shop-state.ts'
import { createWorld, type World } from '../world/world.ts'
import type { Arrival } from './shop-history.ts'
import { enrichedHistory, worldHistory } from './world-history.ts'

// Across the end of summer time in Europe and America.
const SPAN = { days: 9, until: Date.UTC(2026, 10, 2, 18) }
const PARAMETERS = { randomSeed: 5, stores: 5, ordersPerDay: 400 }

function collect<Item, Result>(generator: Generator<Item, Result>): { items: Item[]; result: Result } {
  const items: Item[] = []
  for (;;) {
    const next = generator.next()
    if (next.done) return { items, result: next.value }
    items.push(next.value)
  }
}

function digestOf(parameters: typeof PARAMETERS, span = SPAN): string {
  const hash = createHash('sha256')
  for (const arrival of worldHistory(createWorld(parameters), span)) hash.update(JSON.stringify(arrival))
  return hash.digest('hex')
}

describe('a seeded history', () => {
  let world: World
  let sent: Arrival[]
  let logged: { event: LogEvent; appendedAt: number }[]
  let shops: Record<string, ShopState>
  beforeAll(() => {
    world = createWorld(PARAMETERS)
    const history = collect(worldHistory(world, SPAN))
    sent = history.items
    shops = history.result.shops
    logged = collect(enrichedHistory(createWorld(PARAMETERS), SPAN)).items
  })

  test('is the same byte for byte with the same arguments, and another with others', () => {
    expect(digestOf(PARAMETERS)).toBe(digestOf(PARAMETERS))
    expect(digestOf({ ...PARAMETERS, randomSeed: 6 })).not.toBe(digestOf(PARAMETERS))
    expect(digestOf(PARAMETERS, { ...SPAN, until: SPAN.until - HOUR_MS })).not.toBe(digestOf(PARAMETERS))
  })

  test('holds only events that the intake takes', () => {
    for (const { event } of sent) expect(parseEvent(event)).toHaveProperty('event')
    expect(logged.length).toBe(sent.length)
  })

  test('gives every event an id of its own', () => {
    expect(new Set(sent.map(({ event }) => `${event.source}/${event.id}`)).size).toBe(sent.length)
  })

  test('arrives in order, nothing before it happened and nothing after the end', () => {
    let before = 0
    for (const { event, appendedAt } of logged) {
      expect(appendedAt).toBeGreaterThanOrEqual(before)
      expect(appendedAt).toBeGreaterThanOrEqual(event.eventTime)
      expect(appendedAt).toBeLessThanOrEqual(SPAN.until)
      before = appendedAt
    }
  })

  test('is nearly all on time, and some of it late', () => {
    const delays = logged.map(({ event, appendedAt }) => appendedAt - event.eventTime)
    const late = delays.filter(delay => delay > 30_000).length
    expect(late).toBeGreaterThan(0)
    expect(late / delays.length).toBeLessThan(0.03)
    expect(Math.max(...delays)).toBeLessThan(2 * HOUR_MS)
  })

  test('covers the days that were asked for, in each store by its own calendar', () => {
    for (const shop of world.shops) {
      const days = new Set(
        logged.flatMap(({ event }) =>
          event.store === shop.id && event.type === 'order.placed' ? [event.businessDay] : [],
        ),
      )
      const today = businessDayOf(SPAN.until, shop)
      expect([...days].sort().at(-1), shop.id).toBe(today)
      expect(days.size, shop.id).toBe(SPAN.days + 1)
    }
  })

  test('has about as many orders as were asked for', () => {
    const orders = logged.filter(({ event }) => event.type === 'order.placed').length
    expect(orders / SPAN.days / PARAMETERS.ordersPerDay).toBeGreaterThan(0.85)
    expect(orders / SPAN.days / PARAMETERS.ordersPerDay).toBeLessThan(1.25)
  })

  test('sells from stock: never more than is there, and the shops end with what the log says', () => {
    const onHand = new Map<string, number>()
    const inOrder = logged.toSorted((left, right) => left.event.eventTime - right.event.eventTime)
    for (const { event } of inOrder) {
      for (const { sku, kind, units } of stockEffects(event)) {
        const key = `${event.store}/${sku}`
        const after = kind === 'counted' ? units : (onHand.get(key) ?? 0) + units
        expect(after, `${key} after ${event.id}`).toBeGreaterThanOrEqual(0)
        onHand.set(key, after)
      }
    }
    for (const [store, state] of Object.entries(shops)) {
      for (const [index, product] of world.products.entries()) {
        expect(state.onHand?.[index], `${store}/${product.sku}`).toBe(onHand.get(`${store}/${product.sku}`))
      }
    }
  })

  test('tells in Z reports exactly what the tills sold', () => {
    const zReports = logged.filter(({ event }) => event.type === 'till.closed')
    expect(zReports.length).toBeGreaterThan(SPAN.days)
    for (const { event: report } of zReports) {
      const totals = { orders: 0, units: 0, net: 0 }
      for (const { event } of logged) {
        const isIts =
          event.store === report.store &&
          event.register === report.register &&
          event.businessDay === report.details?.zBusinessDay
        const effect = isIts ? salesEffect(event) : null
        if (!effect) continue
        totals.orders += effect.orders
        totals.units += effect.units
        totals.net += netOf(effect)
      }
      expect(report.details, `${report.store} ${report.register}`).toMatchObject({
        zOrders: totals.orders,
        zUnits: totals.units,
        zNet: totals.net,
      })
    }
  })

  test('voids orders on their own day, at their own till', () => {
    const orders = new Map(
      logged.flatMap(({ event }) => (event.type === 'order.placed' ? [[event.orderId, event] as const] : [])),
    )
    const voids = logged.filter(({ event }) => event.type === 'order.voided')
    expect(voids.length).toBeGreaterThan(5)
    for (const { event } of voids) {
      const order = orders.get(event.orderId)
      expect(event).toMatchObject({
        businessDay: order?.businessDay,
        source: order?.source,
        lines: order?.lines,
      })
      expect(event.eventTime - (order?.eventTime ?? 0)).toBeGreaterThanOrEqual(MINUTE_MS)
    }
  })

  test('takes back only what was sold, for what was paid at most', () => {
    const orders = new Map(
      sent.flatMap(({ event }) => (event.type === 'order.placed' ? [[event.orderId, event] as const] : [])),
    )
    const returns = sent.flatMap(({ event }) => (event.type === 'order.returned' ? [event] : []))
    expect(returns.length).toBeGreaterThan(20)
    for (const event of returns) {
      const order = orders.get(event.originalOrderId ?? '')
      for (const line of event.lines) {
        const sold = order?.lines.find(({ sku }) => sku === line.sku)
        expect(line.units).toBeLessThanOrEqual(sold?.units ?? 0)
        expect(Number(line.refund)).toBeLessThanOrEqual(line.units * Number(sold?.unitPrice) + 1e-9)
      }
    }
  })

  test('has prices of two to four decimals, discounts, taxes and split payments', () => {
    const lines = sent.flatMap(({ event }) => (event.type === 'order.placed' ? event.lines : []))
    const decimals = new Set(lines.map(({ unitPrice }) => unitPrice.split('.')[1]?.length))
    expect(decimals).toEqual(new Set([2, 3, 4]))
    expect(lines.some(({ discount }) => discount !== undefined)).toBe(true)
    expect(lines.some(({ tax }) => tax !== undefined)).toBe(true)
    expect(sent.some(({ event }) => event.type === 'order.placed' && event.tenders?.length === 2)).toBe(true)
  })
})
