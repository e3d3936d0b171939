import type { SentEvent } from '#domain/event.ts'
import { type Instant, MINUTE_MS } from '#domain/instant.ts'
import { applyEvent } from '#seed/shop/apply-event.ts'
import { applyEntered, type Inbox, serveBuyers } from '#seed/shop/buyers-orders.ts'
import type { ChangedPrice } from '#seed/shop/changed-prices.ts'
import {
  newShopState,
  type OrderPlaced,
  openShop,
  SUPPLIER_SOURCE,
  type TradingShop,
  takePrices,
} from '#seed/shop/shop-state.ts'
import { createRandom } from '#seed/world/random.ts'
import { createWorld, type WorldParameters } from '#seed/world/world.ts'
import type { JournalEntry, Journals } from './files/journals.ts'
import { createReviewFeed } from './files/review-feed.ts'
import type { KeptShops, ShopKeeper } from './files/shop-files.ts'
import { createLiveShop } from './live-shop.ts'
import { busyPace, ordinaryPaceOf } from './pace.ts'
import type { PostEvents } from './post-events.ts'
import {
  createScenarioScheduler,
  type ScenarioRequests,
  type ScenarioScheduler,
} from './scenarios/scheduler.ts'
import type { ScenarioContext } from './scenarios/script.ts'
import { breakEvent } from './scenarios/tills.ts'
import { asSent, clockOf, type Happening } from './sender.ts'
import { createSenders, type Senders, type SenderTell } from './senders.ts'

export interface Simulation {
  world: WorldParameters
  kept: KeptShops
  keeper: ShopKeeper
  journals: Journals
  /** Puts a file of reviews where the system looks for them. */
  dropReviews(file: { name: string; content: string }): Promise<void>
  requests: ScenarioRequests
  /** How many times faster than the history the shops trade now. */
  speed(): number
  /** What people ordered and entered on the dashboard; null: it is not known. */
  takeInbox(): Inbox | null
  /** Prices that people changed, whenever they are others than before; null: they are as they were. */
  takePrices(): readonly ChangedPrice[] | null
  post: PostEvents
  clock(): Instant
  /** Resolves after that time, or at once when `stop` fires. */
  wait(milliseconds: number): Promise<void>
  stop: AbortSignal
  tell: Tell
  /** Told at every step how things are. */
  onStatus?(status: { playing: string; waiting: number }): void
}

export interface Tell extends SenderTell {
  dropped(name: string): void
  /** Something could not be written; what it was is said once in a while. */
  unwritten(what: string, error: unknown): void
  summary(sent: { events: number; again: number; held: number; waiting: number }): void
}

/** Nothing that is sent will be taken. The message says what to do. */
export class HopelessError extends Error {
  override readonly name = 'HopelessError'
}

const STEP_MS = 250
/** What happens in between is in the shops' book. */
const SAVE_EVERY_MS = MINUTE_MS
const SUMMARY_EVERY_MS = MINUTE_MS
/** One of the senders loses its line for a while about so often, whatever the pace. */
const LINE_LOST = { everyMs: 5 * MINUTE_MS, leastMs: 50_000, mostMs: 3 * MINUTE_MS }
/** Something broken is sent about so often, whatever the pace. */
const BROKEN_EVERY_MS = 5 * MINUTE_MS
const BROKEN = ['invalid_json', 'unknown_field', 'invalid_field', 'tenders_differ'] as const
/** A till whose memory is full sells no more: a shop waits until its senders get rid of what they have. */
const MOST_WAITING = 2_000

/**
 * Plays the shops until `stop` fires. Senders run apart from each other, each in its own order.
 * @throws HopelessError when the intake refuses the key or does not know the shops
 */
export async function simulate(simulation: Simulation): Promise<void> {
  const { clock, wait, stop, speed, tell, journals, keeper, kept } = simulation
  const world = createWorld(simulation.world)
  const startedAt = clock()
  // The start's time in every id: no two runs give the same one.
  const series = startedAt.toString(36)
  const random = createRandom(startedAt, 'simulate')
  const tradings = world.shops.map(shop =>
    openShop({
      world,
      shop,
      state: kept.shops[shop.id] ?? newShopState(world),
      random: createRandom(startedAt, 'simulate', shop.id),
      series,
    }),
  )
  const senders = createSenders({ ...simulation, random, outboxes: kept.outboxes })
  const byStore = new Map(tradings.map(trading => [trading.shop.id, trading]))
  await resume(simulation, byStore, senders)

  const shops = new Map(
    tradings.map(trading => [trading.shop.id, createLiveShop(trading, startedAt)] as const),
  )
  const reviews = createReviewFeed(random, startedAt)
  // Apart from what senders draw, whose turns nobody knows beforehand.
  const accidents = createRandom(startedAt, 'accidents')
  const lastOrders = new Map<string, OrderPlaced>()
  const paceAt = (now: Instant) => tradings.map(trading => ordinaryPaceOf(trading, now) * speed())
  let usualPace = paceAt(startedAt)
  const contextOf = (times: Pick<ScenarioContext, 'startedAt' | 'endsAt'>): ScenarioContext => ({
    ...times,
    shops: tradings,
    random,
    busyPace: () => busyPace(usualPace),
    lastOrderOf: store => lastOrders.get(store),
    senderOf: senders.of,
  })
  const scenarios = createScenarioScheduler(simulation.requests, contextOf)
  let held = 0
  let lineLostAt = startedAt + accidents.exponential(LINE_LOST.everyMs)
  let breaksAt = startedAt + accidents.exponential(BROKEN_EVERY_MS)

  /** Books what happened, then gives it to those who tell of it. */
  async function pass(happened: readonly SentEvent[], now: Instant): Promise<void> {
    if (happened.length === 0) return
    const happenings = happened.map(event => ({ event, clockMs: clockFor(event, scenarios) }))
    await keeper.record(happenings).catch((error: unknown) => tell.unwritten('the book of the shops', error))
    const entries = tellSenders(happenings, byStore, senders)
    if (entries.length > 0)
      await journals.write(entries).catch((error: unknown) => tell.unwritten('a journal', error))
    for (const event of happened) {
      shops.get(event.store)?.note(event, now)
      const trading = byStore.get(event.store)
      if (event.type !== 'order.placed' || !trading) continue
      if (trading.shop.input === 'live') lastOrders.set(event.store, event)
      reviews.onOrder(trading, now)
    }
  }

  async function dropFiles(now: Instant): Promise<void> {
    try {
      for (const name of await journals.step(now)) tell.dropped(name)
    } catch (error) {
      tell.unwritten('a journal for the drop folder', error)
    }
    const file = reviews.take(now)
    if (!file) return
    await simulation.dropReviews(file).then(
      () => tell.dropped(file.name),
      (error: unknown) => tell.unwritten('a file of reviews', error),
    )
  }

  /** What happens to senders now and then on the most ordinary day. */
  function haveAccidents(now: Instant): void {
    if (lastOrders.size === 0) return
    const known = accidents.pick([...lastOrders.values()])
    const trading = byStore.get(known.store)
    if (now >= lineLostAt) {
      lineLostAt = now + accidents.exponential(LINE_LOST.everyMs)
      held += 1
      senders.of(known.source).holdUntil(now + accidents.integer(LINE_LOST.leastMs, LINE_LOST.mostMs))
    }
    if (now >= breaksAt && trading) {
      breaksAt = now + accidents.exponential(BROKEN_EVERY_MS)
      const { source, planted } = breakEvent(accidents.pick(BROKEN), { trading, known, at: now })
      senders.of(source).add(planted)
    }
  }

  const save = () =>
    keeper
      .save({
        shops: Object.fromEntries(tradings.map(({ shop, state }) => [shop.id, state])),
        outboxes: senders.outboxes(),
      })
      .catch((error: unknown) => tell.unwritten('how the shops stand', error))

  let savedAt = startedAt
  let toldAt = startedAt
  while (!stop.aborted) {
    const now = clock()
    const prices = simulation.takePrices()
    if (prices) for (const trading of tradings) takePrices(trading, prices)
    usualPace = paceAt(now)
    const byScenario = scenarios.step(now)
    const pace = scenarios.pace(usualPace)
    const full = fullShops(tradings, senders)
    const ordinary = [...shops.values()].flatMap((shop, index) =>
      shop.step(now, {
        ordersPerMinute: full.has(shop.trading.shop.id) ? 0 : (pace[index] ?? 0),
        stockSpeed: scenarios.stockSpeed(speed()),
        deliveriesHeld: scenarios.deliveriesHeld,
      }),
    )
    const inbox = simulation.takeInbox()
    const bySuppliers = tradings.flatMap(trading => {
      const { id } = trading.shop
      applyEntered(trading, inbox?.moves ?? [])
      return serveBuyers(trading, inbox?.orders.filter(({ store }) => store === id) ?? null, {
        now,
        speed: scenarios.stockSpeed(speed()),
        deliveriesHeld: scenarios.deliveriesHeld,
      })
    })
    await pass([...ordinary, ...byScenario, ...bySuppliers], now)
    haveAccidents(now)
    if (senders.hopeless !== undefined) throw new HopelessError(senders.hopeless)
    simulation.onStatus?.({ playing: scenarios.playing, waiting: senders.waiting })
    await dropFiles(now)
    if (now - savedAt >= SAVE_EVERY_MS) {
      savedAt = now
      await save()
    }
    if (now - toldAt >= SUMMARY_EVERY_MS) {
      toldAt = now
      tell.summary({ ...senders.takeCounts(), held, waiting: senders.waiting })
      held = 0
    }
    await wait(STEP_MS)
  }
  await pass(scenarios.close(clock()), clock())
  await senders.drained()
  await save()
}

/** Brings the shops to where they were when the last run ended, however it did. */
async function resume(
  { kept, journals }: Simulation,
  byStore: ReadonlyMap<string, TradingShop>,
  senders: Senders,
): Promise<void> {
  for (const { event } of kept.since) {
    const trading = byStore.get(event.store)
    if (!trading) continue
    applyEvent(trading, event)
    const { state } = trading
    state.tradedUntil = Math.max(state.tradedUntil, Date.parse(event.eventTime))
  }
  // What had been delivered before the end is recognised.
  await journals.restore(tellSenders(kept.since, byStore, senders))
}

/** Gives what happened to those who tell of it. @returns what is for the journals */
function tellSenders(
  happenings: readonly Happening[],
  byStore: ReadonlyMap<string, TradingShop>,
  senders: Senders,
): JournalEntry[] {
  return happenings.flatMap(happening => {
    const { event } = happening
    const store = byStore.get(event.store)?.shop
    const sent = asSent(happening)
    const isSuppliers = event.source.startsWith(SUPPLIER_SOURCE)
    if (store?.input === 'journal' && !isSuppliers) return [{ store, event, sent }]
    if (store) senders.of(event.source).add(sent)
    return []
  })
}

/** Only tills have clocks of their own; the stock room and the web shop ask for the time. */
function clockFor(event: SentEvent, scenarios: ScenarioScheduler): number {
  if (event.register === undefined) return 0
  return scenarios.clockOf(event.source) ?? clockOf(event.source)
}

/** Shops whose senders hold so much that they cannot sell on. */
function fullShops(tradings: readonly TradingShop[], senders: Senders): ReadonlySet<string> {
  if (senders.waiting < MOST_WAITING) return new Set()
  const waiting = new Map<string, number>()
  for (const [source, outbox] of Object.entries(senders.outboxes())) {
    const shop = tradings.find(({ shop }) => source.includes(`-${shop.id}`))?.shop.id ?? ''
    waiting.set(shop, (waiting.get(shop) ?? 0) + outbox.length)
  }
  return new Set([...waiting].filter(([, count]) => count >= MOST_WAITING).map(([shop]) => shop))
}
