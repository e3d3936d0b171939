import { NO_SALES_PACE } from '#domain/replenishment/pace-of-sales.ts'
import { validFromOn } from '#domain/validity.ts'
import {
  type Episode,
  type KnownStock,
  NO_DELIVERIES,
  type StockState,
} from '#server/stream/fold/stock-state.ts'

/**
 * What a partition knows of its stocks, bounded: two halves, of which the older is dropped when the newer
 * is full; what is asked for moves to the newer. The tables hold everything, so a miss only costs a query.
 */
export class StockCache {
  readonly #capacity: number
  #newer = new Shelves()
  #older = new Shelves()

  /** @param capacity most entries held */
  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get(store: string, sku: string): KnownStock | undefined {
    const known = this.#newer.get(store, sku)
    if (known) return known
    const older = this.#older.get(store, sku)
    if (older) this.set(store, older)
    return older
  }

  set(store: string, known: KnownStock): void {
    if (this.#newer.size * 2 >= this.#capacity) {
      this.#older = this.#newer
      this.#newer = new Shelves()
    }
    this.#newer.set(store, known)
  }

  clear(): void {
    this.#newer = new Shelves()
    this.#older = new Shelves()
  }
}

/** Lists of policies that are held once for all shelves whose policies say the same; past so many each has its own. */
const MOST_SHARED = 10_000

/** The shelves of some stores. */
class Shelves {
  /** Entries held. */
  size = 0
  readonly #stores = new Map<string, ShelfRows>()
  /** Names and lists that many shelves have in common: every store sells the same products. */
  readonly #skus = new Map<string, string>()
  readonly #policies = new Map<string, KnownStock['policies']>()

  get(store: string, sku: string): KnownStock | undefined {
    return this.#stores.get(store)?.get(sku)
  }

  set(store: string, known: KnownStock): void {
    let rows = this.#stores.get(store)
    if (!rows) {
      rows = new ShelfRows()
      this.#stores.set(store, rows)
    }
    const row = rows.rowOf(known.sku)
    if (row !== undefined) {
      const isSame = rows.policiesAt(row) === known.policies
      rows.write(row, isSame ? known : { ...known, policies: this.#sharedPolicies(known.policies) })
      return
    }
    this.size += 1
    rows.add({ ...known, sku: this.#sharedSku(known.sku), policies: this.#sharedPolicies(known.policies) })
  }

  #sharedSku(sku: string): string {
    const shared = this.#skus.get(sku)
    if (shared !== undefined) return shared
    this.#skus.set(sku, sku)
    return sku
  }

  #sharedPolicies(policies: KnownStock['policies']): KnownStock['policies'] {
    const says = JSON.stringify(policies)
    const shared = this.#policies.get(says)
    if (shared) return shared
    if (this.#policies.size < MOST_SHARED) this.#policies.set(says, policies)
    return policies
  }
}

/** Numbers of a row, as `write` puts them: of its state, of its forecast; NaN stands for null. */
const FORECAST_AT = 13
const DAYS_OF_WEEK = 7
const NUMBERS = FORECAST_AT + 2 + DAYS_OF_WEEK
const FIRST_ROWS = 64
const GROWTH = 1.5
const NO_FORECASTS: KnownStock['forecasts'] = []
const ANCHOR_KINDS = [null, 'opening', 'count'] as const

/**
 * The shelves of a store, a row of numbers each, with what few have beside them. A chain has hundreds of thousands, of which
 * each takes 200 bytes like this, and as objects 700.
 */
class ShelfRows {
  readonly #rows = new Map<string, number>()
  readonly #skus: string[] = []
  readonly #policies: KnownStock['policies'][] = []
  #numbers = new Float64Array(FIRST_ROWS * NUMBERS)
  /** Of shelves that are short or have something on its way. */
  readonly #open = new Map<number, { deliveries: StockState['deliveries']; episode: Episode | null }>()
  /** Of shelves that have more than one: as long as the next does not hold yet. */
  readonly #forecasts = new Map<number, KnownStock['forecasts']>()

  rowOf(sku: string): number | undefined {
    return this.#rows.get(sku)
  }

  policiesAt(row: number): KnownStock['policies'] | undefined {
    return this.#policies[row]
  }

  get(sku: string): KnownStock | undefined {
    const row = this.#rows.get(sku)
    const own = row === undefined ? undefined : this.#skus[row]
    if (row === undefined || own === undefined) return undefined
    return {
      sku: own,
      state: this.#stateAt(row),
      policies: this.#policies[row] ?? [],
      forecasts: this.#forecasts.get(row) ?? this.#forecastAt(row),
    }
  }

  add(known: KnownStock): void {
    const row = this.#skus.push(known.sku) - 1
    this.#rows.set(known.sku, row)
    if (this.#skus.length * NUMBERS > this.#numbers.length) {
      const grown = new Float64Array(Math.ceil(this.#skus.length * GROWTH) * NUMBERS)
      grown.set(this.#numbers)
      this.#numbers = grown
    }
    this.write(row, known)
  }

  write(row: number, { state, policies, forecasts }: KnownStock): void {
    this.#policies[row] = policies
    // A night makes a forecast: of a year of them one is needed, or two.
    this.#writeForecasts(row, state === null ? forecasts : validFromOn(forecasts, state.judgedAt))
    this.#open.delete(row)
    const numbers = this.#numbers
    const at = row * NUMBERS
    if (state === null) {
      numbers[at] = Number.NaN
      return
    }
    // Every state has it.
    numbers[at] = state.asOf
    numbers[at + 1] = state.judgedAt
    numbers[at + 2] = state.lastOffset
    numbers[at + 3] = state.onHand ?? Number.NaN
    numbers[at + 4] = state.onOrder
    numbers[at + 5] = state.pace.newest ?? Number.NaN
    numbers[at + 6] = state.pace.units
    numbers[at + 7] = ANCHOR_KINDS.indexOf(state.anchorKind)
    numbers[at + 8] = state.anchorTime ?? Number.NaN
    numbers[at + 9] = state.anchorOffset ?? Number.NaN
    numbers[at + 10] = state.maxDeltaTime ?? Number.NaN
    numbers[at + 11] = state.reorderPoint ?? Number.NaN
    numbers[at + 12] = state.lookAt ?? Number.NaN
    const { deliveries, episode } = state
    if (deliveries.length > 0 || episode !== null) this.#open.set(row, { deliveries, episode })
  }

  #stateAt(row: number): StockState | null {
    const at = row * NUMBERS
    const asOf = this.#numberAt(at)
    if (asOf === null) return null
    const open = this.#open.get(row)
    const newest = this.#numberAt(at + 5)
    return {
      onHand: this.#numberAt(at + 3),
      onOrder: this.#numberAt(at + 4) ?? 0,
      deliveries: open?.deliveries ?? NO_DELIVERIES,
      pace: newest === null ? NO_SALES_PACE : { newest, units: this.#numberAt(at + 6) ?? 0 },
      anchorKind: ANCHOR_KINDS[this.#numberAt(at + 7) ?? 0] ?? null,
      anchorTime: this.#numberAt(at + 8),
      anchorOffset: this.#numberAt(at + 9),
      maxDeltaTime: this.#numberAt(at + 10),
      reorderPoint: this.#numberAt(at + 11),
      asOf,
      judgedAt: this.#numberAt(at + 1) ?? asOf,
      lookAt: this.#numberAt(at + 12),
      lastOffset: this.#numberAt(at + 2) ?? 0,
      episode: open?.episode ?? null,
    }
  }

  #writeForecasts(row: number, forecasts: KnownStock['forecasts']): void {
    const at = row * NUMBERS + FORECAST_AT
    const [forecast, ...others] = forecasts
    this.#forecasts.delete(row)
    this.#numbers[at] = Number.NaN
    if (others.length > 0) this.#forecasts.set(row, forecasts)
    else if (forecast) {
      this.#numbers[at] = forecast.validFrom
      this.#numbers[at + 1] = forecast.spread
      this.#numbers.set(forecast.unitsByWeekday, at + 2)
    }
  }

  #forecastAt(row: number): KnownStock['forecasts'] {
    const at = row * NUMBERS + FORECAST_AT
    const validFrom = this.#numberAt(at)
    if (validFrom === null) return NO_FORECASTS
    const unitsByWeekday = [...this.#numbers.subarray(at + 2, at + 2 + DAYS_OF_WEEK)]
    return [{ validFrom, unitsByWeekday, spread: this.#numberAt(at + 1) ?? 0 }]
  }

  #numberAt(place: number): number | null {
    const number = this.#numbers[place] ?? Number.NaN
    return Number.isNaN(number) ? null : number
  }
}
