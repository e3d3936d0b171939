import { describe, expect, test } from 'vitest'
import { enrich } from '#domain/enrich.ts'
import { parseEvent, type SentEvent } from '#domain/event.ts'
import { HOUR_MS, type Instant, MINUTE_MS } from '#domain/instant.ts'
import { stockEffects } from '#domain/stock-effects.ts'
import { worldHistory } from '#seed/history/world-history.ts'
import { newShopState, openShop, type ShopState } from '#seed/shop/shop-state.ts'
import { createTestClock } from '#seed/testing/clock.ts'
import { createRandom } from '#seed/world/random.ts'
import { createWorld } from '#seed/world/world.ts'
import type { KeptShops } from './files/shop-files.ts'
import { ordinaryPaceOf } from './pace.ts'
import type { Answer } from './post-events.ts'
import { asSent, type Happening, isPlanted, type Outgoing } from './sender.ts'
import { HopelessError, simulate } from './simulate.ts'

const WORLD = { randomSeed: 1, stores: 8, ordersPerDay: 2_000 }
/** Some 45 orders a minute at noon. */
const SPEED = 20
const NOON = Date.UTC(2026, 10, 20, 12)

interface Play {
  minutes: number
  from?: Instant
  shops?: Record<string, ShopState>
  since?: Happening[]
  speed?: number
  answer?: (request: number) => Answer | undefined
}

/** Runs the simulators against an intake in memory, on a clock that only waiting moves. */
async function play({ minutes, from = NOON, shops = {}, since = [], speed = SPEED, answer }: Play) {
  const stored = new Map<string, SentEvent>()
  const journals: SentEvent[] = []
  const booked: Happening[] = []
  const saved: Omit<KeptShops, 'since'>[] = []
  const files: string[] = []
  const notes: string[] = []
  const clock = createTestClock(from, from + minutes * MINUTE_MS)
  let requests = 0
  const keep = (entries: readonly { sent: Outgoing }[]) => {
    for (const { sent } of entries) if (!isPlanted(sent)) journals.push(sent)
    return Promise.resolve()
  }
  await simulate({
    world: WORLD,
    kept: { shops: structuredClone(shops), outboxes: {}, since },
    keeper: {
      async record(happenings) {
        booked.push(...happenings)
      },
      async save(kept) {
        saved.push(structuredClone(kept))
      },
    },
    journals: { write: keep, restore: keep, step: async () => [] },
    async dropReviews({ content }) {
      files.push(content)
    },
    takeInbox: () => null,
    takePrices: () => null,
    requests: { take: () => [], isStopping: () => false, report: () => {} },
    speed: () => speed,
    clock: clock.now,
    wait: clock.wait,
    stop: clock.stop,
    async post(lines) {
      requests += 1
      const given = answer?.(requests)
      if (given) return given
      const rejected: { index: number; id: null; reason: string; detail: string }[] = []
      lines.forEach((line, index) => {
        const parsed = parse(line)
        if ('rejection' in parsed) rejected.push({ index, id: null, ...parsed.rejection })
        else stored.set(`${parsed.event.source}/${parsed.event.id}`, parsed.event)
      })
      return {
        kind: 'answered',
        status: 200,
        retryAfterMs: null,
        accepted: lines.length - rejected.length,
        duplicates: 0,
        rejected,
      }
    },
    tell: {
      intakeAway: () => notes.push('away'),
      intakeBack: () => notes.push('back'),
      rejected: ({ reason }, planted) => notes.push(planted === null ? reason : `planted ${reason}`),
      refused: detail => notes.push(detail),
      dropped: () => {},
      unwritten: what => notes.push(what),
      summary: () => {},
    },
  })
  const unsent = Object.values(saved.at(-1)?.outboxes ?? {})
    .flat()
    .flatMap(outgoing => (isPlanted(outgoing) ? [] : [outgoing]))
  return { stored: [...stored.values()], journals, booked, unsent, saved, files, notes }
}

const STORES = new Map(createWorld(WORLD).shops.map(shop => [shop.id, shop]))

/** What the intake makes of a line. */
function parse(line: string): ReturnType<typeof parseEvent> {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return { rejection: { reason: 'invalid_json', detail: '' } }
  }
  const parsed = parseEvent(value)
  if ('rejection' in parsed) return parsed
  const now = Date.parse(parsed.event.eventTime)
  const enriched = enrich(parsed.event, { stores: STORES, now, class: 'live', bodyHash: '' })
  return 'rejection' in enriched ? enriched : parsed
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

/** How the shops stand after a day of history. */
function seeded() {
  const history = worldHistory(createWorld(WORLD), { days: 1, until: NOON })
  let next = history.next()
  while (!next.done) next = history.next()
  return next.value
}

// Some play an hour.
describe('the simulators', () => {
  test('sell at the pace of their history, times the speed, in events that the intake takes', async () => {
    const { stored, journals, unsent } = await play({ minutes: 20 })
    for (const event of journals) expect(parseEvent(event)).toHaveProperty('event')
    const orders = [...stored, ...journals, ...unsent].filter(({ type }) => type === 'order.placed').length
    const world = createWorld(WORLD)
    const expected = world.shops
      .map(shop =>
        openShop({ world, shop, state: newShopState(world), random: createRandom(1, 'pace'), series: 't' }),
      )
      .reduce((sum, trading) => sum + ordinaryPaceOf(trading, NOON + 10 * MINUTE_MS) * 20 * SPEED, 0)
    expect(orders / expected).toBeGreaterThan(0.85)
    expect(orders / expected).toBeLessThan(1.15)
    expect(new Set(stored.map(({ store }) => store))).toContain('web-shop')
  })

  test('sell what their tills sold between the history and the start, and nothing of a night that they slept', async () => {
    const { shops } = seeded()
    const sellsFrom = async (from: Instant) => {
      const { stored, journals, unsent } = await play({ minutes: 1, from, shops, speed: 100 })
      const times = [...stored, ...journals, ...unsent].flatMap(({ type, eventTime }) =>
        type === 'order.placed' ? [Date.parse(eventTime)] : [],
      )
      return { before: times.filter(at => at < from - 30_000).length, all: times.length }
    }
    const soon = await sellsFrom(NOON + 5 * MINUTE_MS)
    // Six minutes at one pace.
    expect(soon.before / soon.all).toBeGreaterThan(0.65)
    const late = await sellsFrom(NOON + 60 * MINUTE_MS)
    expect(late.before).toBe(0)
    expect(late.all).toBeGreaterThan(20)
  })

  test('order after closing and receive in the mornings; where their days pass faster, an order says when that is by clocks', async () => {
    const { shops } = seeded()
    // Berlin closes at nine in the evening.
    const evening = await play({ minutes: 50, from: Date.UTC(2026, 10, 20, 19, 50), shops, speed: 1 })
    const placedBy = (events: readonly SentEvent[], store: string) =>
      events.flatMap(event => (event.type === 'purchase.placed' && event.store === store ? [event] : []))
    const orders = placedBy(evening.stored, 'berlin-mitte')
    expect(orders.length).toBeGreaterThan(0)
    for (const { eventTime, expectedAt } of orders) {
      expect(Math.abs(Date.parse(eventTime) - Date.UTC(2026, 10, 20, 20, 20))).toBeLessThan(2_000)
      // At seven by its clocks.
      expect(new Date(expectedAt ?? '').getUTCHours()).toBe(6)
    }
    expect(
      evening.stored.filter(({ type, store }) => type === 'stock.received' && store === 'berlin-mitte'),
    ).toEqual([])
    // A day and night within half an hour.
    const fast = await play({ minutes: 40, shops, speed: 48 })
    const received = fast.stored.filter(
      ({ type, store }) => type === 'stock.received' && store === 'berlin-mitte',
    )
    expect(received.length).toBeGreaterThan(0)
    for (const { eventTime, expectedAt } of placedBy(fast.stored, 'berlin-mitte')) {
      expect(Date.parse(expectedAt ?? '') - Date.parse(eventTime)).toBeLessThan(4 * HOUR_MS)
    }
  })

  test('stores with old tills write a journal and send nothing', async () => {
    const { stored, journals } = await play({ minutes: 10 })
    const writing = new Set(journals.map(({ store }) => store))
    expect(writing).toEqual(new Set(['madrid-sol', 'lisbon-baixa']))
    expect(stored.filter(({ store }) => writing.has(store))).toEqual([])
  })

  test('plant something broken now and then, and nothing else is refused', async () => {
    const { notes } = await play({ minutes: 40 })
    expect(notes.length).toBeGreaterThan(1)
    expect(notes.length).toBeLessThan(25)
    for (const note of notes) expect(note).toMatch(/^planted /)
  })

  test('name the session of every web order, and now and then one session orders twice', async () => {
    const { stored } = await play({ minutes: 60 })
    const orders = stored.filter(event => event.type === 'order.placed' && event.channel === 'online')
    const sessions = orders.map(order => (order.type === 'order.placed' ? order.session : undefined))
    expect(sessions).not.toContain(undefined)
    expect(new Set(sessions).size).toBeLessThan(sessions.length)
    expect(new Set(sessions).size).toBeGreaterThan(sessions.length * 0.8)
  })

  test('gather reviews of what was bought into a file after five minutes and then each half hour', async () => {
    const { shops } = seeded()
    const { files } = await play({ minutes: 37, shops })
    expect(files.length).toBe(2)
    for (const line of files.join('').trim().split('\n')) {
      expect(parse(line)).toMatchObject({ event: { type: 'review.posted' } })
    }
  })

  test('go on from the seeded shelves: what was sent explains what is left', async () => {
    const { shops } = seeded()
    const { stored, journals, unsent, saved } = await play({ minutes: 25, shops })
    const onHand = onHandAfter([...stored, ...journals, ...unsent], shops)
    for (const [store, state] of Object.entries(saved.at(-1)?.shops ?? {})) {
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

  test('after a kill at any moment the shops stand where they stood, and nothing is sold twice', async () => {
    const { shops } = seeded()
    const whole = await play({ minutes: 12, shops })
    const killedAt = Math.floor(whole.booked.length * 0.7)
    const since = whole.booked.slice(0, killedAt)
    const after = await play({ minutes: 1, from: NOON + 13 * MINUTE_MS, shops, since })
    const told = new Map(
      [...since.map(asSent), ...after.stored, ...after.journals, ...after.unsent].flatMap(outgoing =>
        isPlanted(outgoing) ? [] : [[`${outgoing.source}/${outgoing.id}`, outgoing] as const],
      ),
    )
    const onHand = onHandAfter([...told.values()], shops)
    for (const [store, state] of Object.entries(after.saved.at(-1)?.shops ?? {})) {
      createWorld(WORLD).products.forEach(({ sku }, index) => {
        expect(state.onHand?.[index], `${store}/${sku}`).toBe(onHand.get(`${store}/${sku}`))
      })
    }
    const again = new Map(
      [...after.stored, ...after.journals, ...after.unsent].map(event => [
        `${event.source}/${event.id}`,
        event,
      ]),
    )
    for (const event of since.map(asSent)) {
      if (!isPlanted(event)) expect(again.get(`${event.source}/${event.id}`)).toEqual(event)
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
    const { notes, stored, unsent, saved } = await play({
      minutes: 4,
      answer: request => (request <= 30 ? { kind: 'unreachable', detail: 'ECONNREFUSED' } : undefined),
    })
    expect(notes.filter(note => !note.startsWith('planted'))).toEqual(['away', 'back'])
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
    const rejected = [
      { index: 0, id: '1', reason: 'unknown_store', detail: 'store "berlin-mitte" is not known' },
    ]
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
