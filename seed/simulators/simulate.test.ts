import { describe, expect, test } from 'vitest'
import { stockEffects } from '#domain/effects.ts'
import { enrich } from '#domain/enrich.ts'
import { parseEvent, type SentEvent } from '#domain/event.ts'
import { HOUR_MS, MINUTE_MS } from '#domain/instant.ts'
import { worldHistory } from '../history/world-history.ts'
import type { ShopState } from '../shop/shop-state.ts'
import { createWorld } from '../world/world.ts'
import type { Answer } from './judge-answer.ts'
import { HopelessError, type Simulation, simulate } from './simulate.ts'

const WORLD = { randomSeed: 1, stores: 4, ordersPerDay: 2_000 }
const NOON = Date.UTC(2026, 10, 20, 12)

interface Play {
  minutes: number
  from?: number
  shops?: Record<string, ShopState>
  answer?: (request: number) => Answer | undefined
}

/** Runs the simulators against an intake in memory, on a clock that only waiting moves. */
async function play({ minutes, from = NOON, shops = {}, answer }: Play) {
  const stored = new Map<string, SentEvent>()
  const saved: Parameters<Simulation['save']>[0][] = []
  const notes: string[] = []
  const stop = new AbortController()
  let now = from
  let requests = 0
  await simulate({
    world: WORLD,
    shops: structuredClone(shops),
    outboxes: {},
    speed: 1,
    clock: () => now,
    // The step that moves the clock is the longest wait that is due: senders wait in its shadow.
    wait: milliseconds =>
      new Promise(resolve => {
        setImmediate(() => {
          now += Math.min(milliseconds, 250)
          if (now >= from + minutes * MINUTE_MS) stop.abort()
          resolve()
        })
      }),
    stop: stop.signal,
    async post(events) {
      requests += 1
      const given = answer?.(requests)
      if (given) return given
      for (const event of events) stored.set(`${event.source}/${event.id}`, event)
      return {
        kind: 'answered',
        status: 200,
        retryAfterMs: null,
        accepted: events.length,
        duplicates: 0,
        rejected: [],
      }
    },
    async save(record) {
      saved.push(structuredClone(record))
    },
    tell: {
      intakeAway: () => notes.push('away'),
      intakeBack: () => notes.push('back'),
      rejected: rejected => notes.push(rejected.reason),
      refused: detail => notes.push(detail),
      summary: () => {},
    },
  })
  return { stored: [...stored.values()], saved, notes }
}

function onHandAfter(events: readonly SentEvent[], start: Record<string, ShopState>): Map<string, number> {
  const world = createWorld(WORLD)
  const stores = new Map(world.shops.map(shop => [shop.id, shop]))
  const onHand = new Map<string, number>()
  for (const [store, state] of Object.entries(start)) {
    for (const [index, { sku }] of world.products.entries()) {
      onHand.set(`${store}/${sku}`, state.onHand?.[index] ?? 0)
    }
  }
  const inOrder = events.toSorted((left, right) => Date.parse(left.eventTime) - Date.parse(right.eventTime))
  for (const event of inOrder) {
    const enriched = enrich(event, { stores, now: Date.parse(event.eventTime), class: 'live', bodyHash: '' })
    if ('rejection' in enriched) throw new Error(enriched.rejection.detail)
    for (const { sku, kind, units } of enriched.events.flatMap(stockEffects)) {
      const key = `${event.store}/${sku}`
      onHand.set(key, kind === 'counted' ? units : (onHand.get(key) ?? 0) + units)
    }
  }
  return onHand
}

describe('the simulators', () => {
  test('sell at the pace they promise, in events that the intake takes', async () => {
    const { stored } = await play({ minutes: 20 })
    for (const event of stored) expect(parseEvent(event)).toHaveProperty('event')
    const orders = stored.filter(({ type }) => type === 'order.placed').length
    expect(orders / 20).toBeGreaterThan(28)
    expect(orders / 20).toBeLessThan(62)
    expect(new Set(stored.map(({ store }) => store))).toContain('web-shop')
  })

  test('go on from the seeded shelves: what was sent explains what is left', async () => {
    const history = worldHistory(createWorld(WORLD), { days: 1, until: NOON })
    let next = history.next()
    while (!next.done) next = history.next()
    const { stored, saved } = await play({ minutes: 10, shops: next.value.shops })
    const last = saved.at(-1)
    const unsent = Object.values(last?.outboxes ?? {}).flat()
    const onHand = onHandAfter([...stored, ...unsent], next.value.shops)
    for (const [store, state] of Object.entries(last?.shops ?? {})) {
      createWorld(WORLD).products.forEach(({ sku }, index) => {
        expect(state.onHand?.[index], `${store}/${sku}`).toBe(onHand.get(`${store}/${sku}`))
      })
    }
  })

  test('count their shelves first where nobody seeded them', async () => {
    const { stored } = await play({ minutes: 1 })
    for (const store of ['berlin-mitte', 'web-shop']) {
      expect(stored.find(event => event.store === store)?.type).toMatch(/^stock\.(counted|received)$/)
    }
  })

  test('two runs give no id twice', async () => {
    const first = await play({ minutes: 2 })
    const second = await play({
      minutes: 2,
      from: NOON + 3 * MINUTE_MS,
      shops: first.saved.at(-1)?.shops ?? {},
    })
    const ids = [...first.stored, ...second.stored].map(({ source, id }) => `${source}/${id}`)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('say once that the intake is away and once that it is back, and lose nothing', async () => {
    const { notes, stored, saved } = await play({
      minutes: 4,
      answer: request => (request <= 30 ? { kind: 'unreachable', detail: 'ECONNREFUSED' } : undefined),
    })
    expect(notes).toEqual(['away', 'back'])
    const unsent = Object.values(saved.at(-1)?.outboxes ?? {}).flat()
    const onHand = onHandAfter([...stored, ...unsent], {})
    const berlin = saved.at(-1)?.shops['berlin-mitte']
    expect(berlin?.onHand?.[0]).toBe(onHand.get(`berlin-mitte/${createWorld(WORLD).products[0]?.sku}`))
  })

  test('close the tills of a day that ended while they were off', async () => {
    const before = await play({ minutes: 5 })
    const after = await play({
      minutes: 1,
      from: NOON + 24 * HOUR_MS,
      shops: before.saved.at(-1)?.shops ?? {},
    })
    const reports = after.stored.filter(({ type }) => type === 'till.closed')
    expect(reports.length).toBeGreaterThan(0)
    for (const report of reports) expect(report).toMatchObject({ businessDay: '2026-11-20' })
  })

  test('give up with a word on what to do when the intake does not know the shops', async () => {
    const rejected = [{ id: '1', reason: 'unknown_store', detail: 'store "berlin-mitte" is not known' }]
    const attempt = play({
      minutes: 1,
      answer: () => ({
        kind: 'answered',
        status: 422,
        retryAfterMs: null,
        accepted: 0,
        duplicates: 0,
        rejected,
      }),
    })
    await expect(attempt).rejects.toThrow(HopelessError)
    await expect(attempt).rejects.toThrow(/npm run seed/)
  })
})
