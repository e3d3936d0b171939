import type { Instant } from '#domain/instant.ts'
import {
  afterPurchase,
  NOTHING_ORDERED,
  openUnits,
  type PurchaseLine,
  purchaseEffects,
} from '#domain/purchase.ts'
import { stockEffects } from '#domain/stock-effects.ts'
import type { EventRecord, LogRecord } from '#server/log/order-log.ts'
import { type EpisodeChange, judgeShortage } from './episodes.ts'
import { lookbackKey } from './lookback.ts'
import {
  applyMovement,
  type KnownStocks,
  type Movement,
  policyAt,
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
}

export interface StockOutcome {
  /** One per touched store and sku. */
  touched: TouchedStock[]
  purchases: TouchedPurchase[]
  /** Every episode that changed, by alert id, as it stands after the batch. */
  episodes: Map<string, EpisodeChange>
}

/**
 * Folds the stock movements and purchases of a batch, and judges each touched sku after each event. Pure:
 * the states before the batch stay as they are.
 */
export function foldStock(records: readonly LogRecord[], input: StockInput): StockOutcome {
  const fold = new StockFold(input, anchoredSkus(records))
  for (const record of records) if (record.type !== 'tick') fold.apply(record)
  return { touched: fold.touched, purchases: [...fold.purchases.values()], episodes: fold.episodes }
}

class StockFold {
  readonly touched: TouchedStock[] = []
  readonly purchases = new Map<string, TouchedPurchase>()
  readonly episodes = new Map<string, EpisodeChange>()
  readonly #stores = new Map<string, Map<string, TouchedStock>>()
  readonly #input: StockInput
  /** Deltas of this batch per sku that has an anchor in it, which may have to add them up. */
  readonly #deltas: Map<string, Movement[]>

  constructor(input: StockInput, deltas: Map<string, Movement[]>) {
    this.#input = input
    this.#deltas = deltas
  }

  apply(record: EventRecord): void {
    const { store, eventTime, offset } = record
    const skus: TouchedStock[] = []
    for (const { sku, kind, units } of stockEffects(record)) {
      const touched = this.#touch(record, sku)
      this.#move(touched, { kind, units, eventTime, offset })
      skus.push(touched)
    }
    for (const effect of purchaseEffects(record)) {
      const touched = this.#touch(record, effect.sku)
      const { purchaseOrder } = effect
      const purchase = this.#purchase(record, { store, purchaseOrder, sku: touched.sku })
      const before = openUnits(purchase)
      Object.assign(purchase, afterPurchase(purchase, effect, eventTime))
      touched.after.onOrder += openUnits(purchase) - before
      skus.push(touched)
    }
    // After the whole event: a document's lines are one moment.
    const { partition } = this.#input
    for (const { sku, after, policies } of skus) {
      const change = judgeShortage(after, policyAt(policies, after.asOf), { store, sku, partition, offset })
      if (change) this.#remember(change)
    }
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
    let skus = this.#stores.get(store)
    if (!skus) {
      skus = new Map()
      this.#stores.set(store, skus)
    }
    let touched = skus.get(sku)
    if (!touched) {
      const known = this.#input.known.get(store)?.get(sku)
      if (!known) throw new Error(`stock of ${store}/${sku} was not loaded before the fold`)
      const { state: before, policies } = known
      touched = {
        store,
        sku: known.sku,
        before,
        after: before ? { ...before } : unknownStock(eventTime),
        policies,
      }
      skus.set(sku, touched)
      this.touched.push(touched)
    }
    touched.after.lastOffset = offset
    if (eventTime > touched.after.asOf) touched.after.asOf = eventTime
    return touched
  }

  #purchase({ eventTime, offset }: EventRecord, key: PurchaseKey): TouchedPurchase {
    let purchase = this.purchases.get(purchaseKey(key))
    if (!purchase) {
      const known = this.#input.purchases.get(purchaseKey(key)) ?? NOTHING_ORDERED
      purchase = { ...key, ...known, asOf: eventTime, lastOffset: offset }
      this.purchases.set(purchaseKey(key), purchase)
    }
    purchase.asOf = Math.max(purchase.asOf, eventTime)
    purchase.lastOffset = offset
    return purchase
  }

  #remember(change: EpisodeChange): void {
    const known = this.episodes.get(change.episode.alertId)
    this.episodes.set(change.episode.alertId, {
      episode: change.episode,
      isNews: change.isNews || (known?.isNews ?? false),
    })
  }
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
