import type { Instant } from '#domain/instant.ts'
import { MinHeap } from '#domain/min-heap.ts'
import {
  afterPurchase,
  NOTHING_ORDERED,
  openUnits,
  type PurchaseLine,
  purchaseEffects,
} from '#domain/purchase.ts'
import { type DemandClock, demandClock, newWeek } from '#domain/replenishment/demand-clock.ts'
import {
  LOOK_LATE_AT_MOST_MS,
  lookAhead,
  nextLook,
  type OpenDelivery,
  type ShelfOutlook,
} from '#domain/replenishment/live-shelf.ts'
import { withSale } from '#domain/replenishment/pace-of-sales.ts'
import {
  NO_SHELVES,
  type ShelfReference,
  type ShelfStore,
  type ValidForecast,
} from '#domain/replenishment/shelf-reference.ts'
import { stockEffects } from '#domain/stock-effects.ts'
import { validAt } from '#domain/validity.ts'
import type { EventRecord, LogRecord } from '#server/log/order-log.ts'
import { type EpisodeChange, judgeShortage } from './episodes.ts'
import { lookbackKey } from './lookback.ts'
import {
  applyMovement,
  type KnownStocks,
  type Movement,
  NO_DELIVERIES,
  type StockPolicy,
  type StockState,
  unknownStock,
} from './stock-state.ts'

/** What the fold needs to know of the world before the batch. */
export interface StockInput {
  partition: number
  /** By store, then sku: every one that the batch touches. */
  known: KnownStocks
  /** Sums by `lookbackKey` over the log before the batch; absent is 0. */
  lookbacks: ReadonlyMap<string, number>
  /** By `purchaseKey`, every product of a purchase order that the batch touches; absent: no event has touched it yet. */
  purchases: ReadonlyMap<string, PurchaseLine>
  /** Stocks to look at again by the batch's end at the latest, though no event may touch them; all of them are known. */
  due: readonly StockKey[]
  /** By what shelves are judged, as of an event's time. */
  shelves: ShelfReference
}

const NOTHING_KNOWN: StockInput = {
  partition: 0,
  known: new Map(),
  lookbacks: new Map(),
  purchases: new Map(),
  due: [],
  shelves: NO_SHELVES,
}

/** A sku in a store. */
export interface StockKey {
  store: string
  sku: string
}

/** A product of a purchase order of a store. */
export interface PurchaseKey {
  store: string
  purchaseOrder: string
  sku: string
}

export function purchaseKey({ store, purchaseOrder, sku }: PurchaseKey): string {
  return `${store}\u001f${purchaseOrder}\u001f${sku}`
}

/** A product of a purchase order as it stands after a batch that touched it. */
export interface TouchedPurchase extends PurchaseKey, PurchaseLine {
  /** Newest event time of anything that touched it. */
  asOf: Instant
  lastOffset: number
}

/** A sku that a batch touched. */
export interface TouchedStock {
  store: string
  sku: string
  before: StockState | null
  after: StockState
  policies: readonly StockPolicy[]
  forecasts: readonly ValidForecast[]
  /** Of the forecast that it was judged by last in this batch, while there is room for it. */
  clock: { forecast: ValidForecast; ordersByHour: readonly number[] | null; demand: DemandClock } | null
}

export interface StockOutcome {
  /** One per touched store and sku. */
  touched: TouchedStock[]
  purchases: TouchedPurchase[]
  /** Every episode that changed, by alert id, as it stands after the batch. */
  episodes: Map<string, EpisodeChange>
}

/**
 * Folds the stock movements and purchases of a batch, and judges each touched sku after each event; and where time alone
 * may have changed what is said of one, with the entry that takes the watermark there. Pure: the states before the batch
 * stay as they are. A batch may be read in parts: each goes on from what those before it have made of the states.
 */
export class StockFold {
  readonly touched: TouchedStock[] = []
  readonly #purchases = new Map<string, TouchedPurchase>()
  readonly #episodes = new Map<string, EpisodeChange>()
  readonly #stores = new Map<string, Map<string, TouchedStock>>()
  readonly #clocks = new ClockRooms()
  #input: StockInput = NOTHING_KNOWN
  /** Deltas of the part being read per sku that has an anchor in it, which may have to add them up. */
  #deltas: Map<string, Movement[]> = new Map()
  /** What is to be looked at within that part, by when; an entry whose stock has another moment by then is none. */
  #looks = new MinHeap<StockKey>()
  /** The watermark after that part. */
  #until: Instant = Number.NEGATIVE_INFINITY

  /**
   * Reads the batch, or its next part.
   * @param input of what was touched before nothing but the lookbacks is used: over the log before this part
   * @param watermarks after each record, as `judgeLateness` gives them
   */
  read(records: readonly LogRecord[], input: StockInput, watermarks: Float64Array): void {
    this.#input = input
    this.#deltas = anchoredSkus(records)
    this.#until = watermarks.at(-1) ?? this.#until
    this.#looks = new MinHeap()
    for (const { store, sku, after } of this.touched) this.#expectLook({ store, sku }, after)
    for (const { store, sku } of input.due)
      if (!this.touchedAt(store, sku))
        this.#expectLook({ store, sku }, input.known.get(store)?.get(sku)?.state ?? null)
    records.forEach((record, index) => {
      if (record.type !== 'tick') this.#apply(record)
      this.#passTime(watermarks[index] ?? Number.NEGATIVE_INFINITY, record.offset)
    })
  }

  /** As it stands after what was read. */
  touchedAt(store: string, sku: string): TouchedStock | undefined {
    return this.#stores.get(store)?.get(sku)
  }

  outcome(): StockOutcome {
    return { touched: this.touched, purchases: [...this.#purchases.values()], episodes: this.#episodes }
  }

  #apply(record: EventRecord): void {
    const { store, eventTime, offset } = record
    const skus: TouchedStock[] = []
    for (const { sku, kind, units } of stockEffects(record)) {
      const touched = this.#touch(record, sku)
      this.#move(touched, { kind, units, eventTime, offset })
      if (kind === 'sold') touched.after.pace = withSale(touched.after.pace, eventTime, -units)
      skus.push(touched)
    }
    for (const effect of purchaseEffects(record)) {
      const touched = this.#touch(record, effect.sku)
      const { purchaseOrder } = effect
      const purchase = this.#purchase(record, { store, purchaseOrder, sku: touched.sku })
      const before = openUnits(purchase)
      Object.assign(purchase, afterPurchase(purchase, effect, eventTime))
      touched.after.onOrder += openUnits(purchase) - before
      touched.after.deliveries = withDelivery(touched.after.deliveries, purchaseOrder, purchase)
      skus.push(touched)
    }
    // After the whole event: a document's lines are one moment.
    for (const touched of skus) this.#judge(touched, touched.after.asOf, offset)
  }

  /** Looks at what is due by a watermark, as of it: so each is judged once for an entry, however far that takes time. */
  #passTime(watermark: Instant, offset: number): void {
    for (;;) {
      const top = this.#looks.top
      if (!top || top.key > watermark) return
      this.#looks.pop()
      const { store, sku } = top.item
      const own = this.touchedAt(store, sku)
      const state = own?.after ?? this.#input.known.get(store)?.get(sku)?.state
      if (state?.lookAt !== top.key) continue
      const touched = own ?? this.#open(store, sku, state.asOf)
      const isLive = this.#input.shelves.storeAt(store, watermark)?.isLive === true
      const isLate = watermark - top.key > LOOK_LATE_AT_MOST_MS
      if (isLive && !isLate) this.#judge(touched, watermark, offset)
      // Of a store that sends files: by what is known of it, as of the forecast's beginning.
      else if (!isLate && touched.forecasts.some(({ validFrom }) => validFrom === top.key))
        this.#judge(touched, top.key, offset)
      else touched.after.lookAt = null
    }
  }

  #judge(touched: TouchedStock, at: Instant, offset: number): void {
    const { store, sku, after, policies } = touched
    after.judgedAt = Math.max(after.judgedAt, at)
    const policy = validAt(policies, after.judgedAt)
    const shelf = this.#lookAhead(touched)
    const place = { store, sku, partition: this.#input.partition, offset }
    const change = judgeShortage(after, { policy, outlook: shelf?.outlook ?? null }, place)
    if (change) this.#remember(change)
    after.lookAt = lookOf(shelf?.lookAt(after.episode !== null) ?? null, touched)
    this.#expectLook(touched, after)
  }

  #expectLook({ store, sku }: StockKey, state: StockState | null): void {
    if (state?.lookAt != null && state.lookAt <= this.#until) this.#looks.push({ store, sku }, state.lookAt)
  }

  /** What will become of a shelf whose demand is forecast. */
  #lookAhead(
    touched: TouchedStock,
  ): { outlook: ShelfOutlook; lookAt: (isShort: boolean) => Instant | null } | null {
    const { store, sku, after, forecasts } = touched
    const { onHand, judgedAt: at, deliveries, pace } = after
    if (onHand === null || forecasts.length === 0) return null
    const forecast = validAt(forecasts, at)
    const place = forecast && this.#input.shelves.storeAt(store, at)
    if (!place) return null
    const supply = this.#input.shelves.supplyAt(sku, at)
    const clock = this.#clocks.demandOf(touched, forecast, place)
    const outlook = lookAhead({ at, offsetMs: place.offsetMs, onHand, clock, pace, deliveries, supply })
    // Of what is empty time changes nothing, and of a store that sends files nobody knows what it has sold by now.
    if (onHand <= 0 || !place.isLive) return { outlook, lookAt: () => null }
    const deliveryDays = supply?.deliveryDays ?? null
    return { outlook, lookAt: isShort => nextLook(outlook, { at, isShort, deliveryDays }) }
  }

  #move({ store, sku, after }: TouchedStock, movement: Movement): void {
    const earlier = this.#deltas.size > 0 ? this.#deltas.get(skuKey(store, sku)) : undefined
    applyMovement(after, movement, (time, inclusive) => {
      let sum = this.#input.lookbacks.get(lookbackKey({ store, sku, after: time, inclusive })) ?? 0
      for (const delta of earlier ?? []) {
        const isAfter = inclusive ? delta.eventTime >= time : delta.eventTime > time
        if (isAfter) sum += delta.units
      }
      return sum
    })
    if (earlier && movement.kind !== 'counted') earlier.push(movement)
  }

  #touch({ store, eventTime, offset }: EventRecord, sku: string): TouchedStock {
    const touched = this.touchedAt(store, sku) ?? this.#open(store, sku, eventTime)
    touched.after.lastOffset = offset
    if (eventTime > touched.after.asOf) touched.after.asOf = eventTime
    return touched
  }

  #open(store: string, sku: string, asOf: Instant): TouchedStock {
    let skus = this.#stores.get(store)
    if (!skus) {
      skus = new Map()
      this.#stores.set(store, skus)
    }
    const known = this.#input.known.get(store)?.get(sku)
    if (!known) throw new Error(`stock of ${store}/${sku} was not loaded before the fold`)
    const { state: before, policies, forecasts } = known
    const touched: TouchedStock = {
      store,
      sku: known.sku,
      before,
      after: before ? { ...before } : unknownStock(asOf),
      policies,
      forecasts,
      clock: null,
    }
    skus.set(sku, touched)
    this.touched.push(touched)
    return touched
  }

  #purchase({ eventTime, offset }: EventRecord, key: PurchaseKey): TouchedPurchase {
    let purchase = this.#purchases.get(purchaseKey(key))
    if (!purchase) {
      const known = this.#input.purchases.get(purchaseKey(key)) ?? NOTHING_ORDERED
      purchase = { ...key, ...known, asOf: eventTime, lastOffset: offset }
      this.#purchases.set(purchaseKey(key), purchase)
    }
    purchase.asOf = Math.max(purchase.asOf, eventTime)
    purchase.lastOffset = offset
    return purchase
  }

  #remember(change: EpisodeChange): void {
    const known = this.#episodes.get(change.episode.alertId)
    this.#episodes.set(change.episode.alertId, {
      episode: change.episode,
      isNews: change.isNews || (known?.isNews ?? false),
    })
  }
}

/** Shelves whose demand through the week is kept while a batch is folded. */
const MOST_CLOCKS = 1_000

/**
 * The demand of forecasts through the week. Most shelves of a batch are judged once or often within it, so that it is kept;
 * but it takes 1.4 kB, which of every shelf of a large batch would be a hundred megabytes: whoever was judged longest ago
 * makes room, and is worked out anew.
 */
class ClockRooms {
  readonly #rooms: { cumulative: Float64Array; holder: TouchedStock }[] = []
  #next = 0

  demandOf(
    touched: TouchedStock,
    forecast: ValidForecast,
    { ordersByHour, cutOverHour }: ShelfStore,
  ): DemandClock {
    const { clock } = touched
    if (clock?.forecast === forecast && clock.ordersByHour === ordersByHour) return clock.demand
    const cumulative = clock?.demand.cumulative ?? this.#roomFor(touched)
    const demand = demandClock(forecast, { ordersByHour, cutOverHour }, cumulative)
    touched.clock = { forecast, ordersByHour, demand }
    return demand
  }

  #roomFor(holder: TouchedStock): Float64Array {
    const room = this.#rooms[this.#next]
    const cumulative = room?.cumulative ?? newWeek()
    if (room) room.holder.clock = null
    this.#rooms[this.#next] = { cumulative, holder }
    this.#next = (this.#next + 1) % MOST_CLOCKS
    return cumulative
  }
}

function withDelivery(
  deliveries: readonly OpenDelivery[],
  purchaseOrder: string,
  purchase: PurchaseLine,
): readonly OpenDelivery[] {
  const others = deliveries.filter(delivery => delivery.purchaseOrder !== purchaseOrder)
  const units = openUnits(purchase)
  if (units === 0) return others.length === 0 ? NO_DELIVERIES : others
  const { placedAt, expectedAt } = purchase
  return [...others, { purchaseOrder, units, placedAt, expectedAt }]
}

function anchoredSkus(records: readonly LogRecord[]): Map<string, Movement[]> {
  const anchored = new Map<string, Movement[]>()
  for (const record of records) {
    if (record.type !== 'stock.counted' && record.type !== 'stock.received') continue
    for (const { sku } of stockEffects(record)) anchored.set(skuKey(record.store, sku), [])
  }
  return anchored
}

function skuKey(store: string, sku: string): string {
  return `${store}\u001f${sku}`
}

/**
 * When a shelf is to be looked at: as it was said, or when its next forecast begins to hold, if it is at its reorder point or
 * below. Forecasts come by night: without it, what sells little would be judged by none until somebody buys it.
 */
export function lookOf(
  lookAt: Instant | null,
  {
    after: { onHand, reorderPoint, judgedAt },
    forecasts,
  }: { after: Pick<StockState, 'onHand' | 'reorderPoint' | 'judgedAt'>; forecasts: readonly ValidForecast[] },
): Instant | null {
  if (onHand === null || onHand > Math.max(0, reorderPoint ?? 0)) return lookAt
  const next = forecasts.find(({ validFrom }) => validFrom > judgedAt)?.validFrom
  return next === undefined ? lookAt : Math.min(next, lookAt ?? next)
}
