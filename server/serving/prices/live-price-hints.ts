import type { Sql } from '#db/client.ts'
import { forecastWithin } from '#db/price-effects.ts'
import { loadShelfReference } from '#db/shelf-reference.ts'
import { type Reading, readSnapshot } from '#db/transaction.ts'
import { HOUR_MS, type Instant } from '#domain/instant.ts'
import { formatAmount } from '#domain/money.ts'
import {
  FLASH_HOURS,
  type LivePriceHint,
  quietness,
  rushHint,
  type Silences,
  slowHint,
  slowPace,
  toldBySilence,
} from '#domain/price-hints/live-hint.ts'
import {
  demandClock,
  newWeek,
  placeInWeek,
  type WeekShape,
  weekShape,
} from '#domain/replenishment/demand-clock.ts'
import { lookAhead, type OpenDelivery } from '#domain/replenishment/live-shelf.ts'
import { rushFactor, unitsInRush } from '#domain/replenishment/pace-of-sales.ts'
import type { ShelfReference } from '#domain/replenishment/shelf-reference.ts'
import { readStreamStand, type StreamBasis } from '#server/serving/freshness/positions.ts'
import { readShelfPrices, type ShelfPrice, shelfKey } from './shelf-prices.ts'

/** A price that helps now, as the stream sees the shelf. */
export interface ShownLiveHint {
  store: string
  sku: string
  productName: string | null
  kind: LivePriceHint['kind']
  currency: string
  onHand: number
  /** Decimals, as texts; what is paid now, an offer of the calendar taken off. */
  priceNow: string
  unitCost: string
  price: string
  change: number
  /** In proportion to the forecast: above 1 a rush. */
  pace: number
  /** When the goods would be gone; null where that is not the matter. */
  runsOutAt: Instant | null
  helpAt: Instant | null
  /** Hours that the units are of: until help, or of a promotion. */
  hours: number
  unitsNow: number
  units: number
  unitsLow: number
  unitsHigh: number
  isEnough: boolean
  /** 0: the elasticity is that of consumer goods at large. */
  offers: number
  /** The price of ours that holds, by its name; null: none does. */
  holds: string | null
  /** It is cheaper by an offer of the calendar, which ends where it is announced. */
  isOnOffer: boolean
}

type FoundHint = Omit<ShownLiveHint, 'holds'>

export interface LivePriceHints {
  hints: ShownLiveHint[]
  /** As of this watermark: asked twice of one stand, the same is answered. */
  at: Instant
  basis: StreamBasis
}

/** Of each kind at most: those in which most money lies, first. */
const MOST_HINTS = 25

/**
 * What the stream's shelves say of prices, worked out as it is asked, from its tables and reference data alone and as of its
 * watermark: no operator keeps anything for it, and a replay that has come to the same place says the same.
 */
export async function readLivePriceHints(
  sql: Sql,
  { stores }: { stores: readonly string[] },
): Promise<LivePriceHints> {
  return readSnapshot(sql, async reading => {
    const { now, basis } = await readStreamStand(reading)
    const at = Math.min(now, basis.watermark ?? now)
    const reference = await loadShelfReference(reading)
    const { generation } = basis
    const paces = slowPaces(await readSilences(reading, { generation, reference, at }))
    const shelves = await readShelves(reading, { generation, reference, at, slow: [...paces.keys()] })
    const rushing = shelves.filter(({ isShort, onHand }) => isShort && onHand > 0)
    const slow = shelves.filter(({ sku, isShort }) => paces.has(sku) && !isShort)
    const isAsked = ({ store }: LiveShelfRow) => stores.length === 0 || stores.includes(store)
    const candidates = [...rushing, ...slow].filter(isAsked)
    const prices = await readShelfPrices(reading, candidates, { generation, from: now })
    const deliveries = await readDeliveries(reading, { generation, shelves: rushing })
    const found = candidates.flatMap(shelf => {
      const price = prices.get(shelfKey(shelf))
      if (!price?.terms) return []
      const pace = paces.get(shelf.sku)
      const hint = shelf.isShort
        ? ofRush(shelf, { price, reference, at, deliveries: deliveries.get(shelfKey(shelf)) ?? [] })
        : pace === undefined
          ? null
          : ofSlow(shelf, { price, at, pace })
      return hint === null ? [] : [hint]
    })
    const ours = await readOwnPrices(reading, found, now)
    const byMoney = found
      .map(hint => ({ ...hint, holds: ours.get(shelfKey(hint)) ?? null }))
      .toSorted((one, other) => moneyIn(other) - moneyIn(one))
    const fast = byMoney.filter(({ kind }) => kind !== 'flash').slice(0, MOST_HINTS)
    return {
      hints: [...fast, ...byMoney.filter(({ kind }) => kind === 'flash').slice(0, MOST_HINTS)],
      at,
      basis,
    }
  })
}

/** The newest of ours that holds now, by `shelfKey`. */
async function readOwnPrices(
  reading: Reading,
  shelves: readonly { store: string; sku: string }[],
  now: Instant,
): Promise<Map<string, string>> {
  const rows = await reading<{ store: string; sku: string; priceChange: string }[]>`
    select c.store, c.sku, c.price_change as "priceChange"
    from unnest(${shelves.map(({ store }) => store)}::text[], ${shelves.map(({ sku }) => sku)}::text[]) w(store, sku)
    join purchasing.price_changes c on c.store = w.store and c.sku = w.sku
    where c.valid_from <= ${now} and coalesce(least(c.valid_to, c.ended_at) > ${now}, true)
    order by c.valid_from`
  return new Map(rows.map(row => [shelfKey(row), row.priceChange]))
}

function moneyIn({ onHand, unitsNow, unitCost, kind }: FoundHint): number {
  return Number(unitCost) * (kind === 'flash' ? onHand : unitsNow)
}

interface LiveShelfRow {
  store: string
  sku: string
  onHand: number
  paceAt: Instant | null
  paceUnits: number
  isShort: boolean
  unitsByWeekday: number[]
  spread: number
  offsetMs: number
  shape: WeekShape
}

/** A store that sends as it sells, as of an instant. */
interface Shop {
  offsetMs: number
  shape: WeekShape
}

function shopsOf(reference: ShelfReference, at: Instant): (store: string) => Shop | null {
  const shops = new Map<string, Shop | null>()
  return store => {
    const known = shops.get(store)
    if (known !== undefined) return known
    const found = reference.storeAt(store, at)
    const shop = found?.isLive ? { offsetMs: found.offsetMs, shape: weekShape(found) } : null
    shops.set(store, shop)
    return shop
  }
}

/** The shelves that are short, and those of some products, whose stock is known and whose demand is forecast. */
async function readShelves(
  reading: Reading,
  {
    generation,
    reference,
    at,
    slow,
  }: { generation: number; reference: ShelfReference; at: Instant; slow: readonly string[] },
): Promise<LiveShelfRow[]> {
  const rows = await reading<Omit<LiveShelfRow, 'offsetMs' | 'shape'>[]>`
    with short as (
      select distinct store, sku from stream.episodes
      where generation = ${generation} and state = 'open' and rule = 'stockout_before_delivery'
    )
    select s.store, s.sku, s.on_hand as "onHand", s.pace_at as "paceAt", s.pace_units as "paceUnits",
      f.units_by_weekday as "unitsByWeekday", f.spread, short.sku is not null as "isShort"
    from stream.stock s
    left join short on short.store = s.store and short.sku = s.sku
    cross join lateral (
      select units_by_weekday, spread from ref.demand_forecasts f
      where f.store = s.store and f.sku = s.sku and f.valid_from <= ${at} order by f.valid_from desc limit 1
    ) f
    where s.generation = ${generation} and s.on_hand is not null
      and (short.sku is not null or s.sku = any(${[...slow]}::text[]))`
  const shopOf = shopsOf(reference, at)
  return rows.flatMap(row => {
    const shop = shopOf(row.store)
    return shop ? [{ ...row, ...shop }] : []
  })
}

/** Between skus: no control character stands in one. */
const BETWEEN_SKUS = '\u001e'

/**
 * For how long shelves have been silent, by store and product: since the last unit that was sold or came. An empty shelf sells
 * nothing, and says nothing. Every shelf of stores that send as they sell is read, a store at a time and a text a column: the
 * process that asks also serves pages, and a quarter of a million rows one by one held it for seconds.
 */
async function readSilences(
  reading: Reading,
  { generation, reference, at }: { generation: number; reference: ShelfReference; at: Instant },
): Promise<Map<string, Silences>> {
  const stores = await reading<{ store: string }[]>`select store from ref.stores order by store`
  const shopOf = shopsOf(reference, at)
  const bySku = new Map<string, Silences>()
  for (const { store } of stores) {
    const shop = shopOf(store)
    if (!shop) continue
    const [columns] = await reading<Record<'skus' | 'since' | 'units' | 'spreads', string | null>[]>`
      select string_agg(s.sku, chr(30)) as skus, string_agg((date_part('epoch', s.since) * 1000)::bigint::text, ',') as since,
        string_agg(array_to_string(f.units_by_weekday, ','), ',') as units, string_agg(f.spread::text, ',') as spreads
      from (
        select sku, greatest(pace_at, max_delta_time) as since from stream.stock
        where generation = ${generation} and store = ${store} and on_hand > 0
      ) s
      cross join lateral (
        select units_by_weekday, spread from ref.demand_forecasts f
        where f.store = ${store} and f.sku = s.sku and f.valid_from <= ${at} order by f.valid_from desc limit 1
      ) f
      where s.since < ${at}`
    if (columns) addSilences(bySku, columns, shop, at)
  }
  return bySku
}

/** Adds those of a store, by how quiet it is as a whole. */
function addSilences(
  bySku: Map<string, Silences>,
  columns: Record<'skus' | 'since' | 'units' | 'spreads', string | null>,
  { offsetMs, shape }: Shop,
  at: Instant,
): void {
  if (columns.skus === null) return
  const skus = columns.skus.split(BETWEEN_SKUS)
  const sinces = columns.since?.split(',') ?? []
  const units = columns.units?.split(',') ?? []
  const spreads = columns.spreads?.split(',') ?? []
  const unitsByWeekday = new Float64Array(DAYS_OF_WEEK)
  const cumulative = newWeek()
  // Of each shelf; not a number where no demand is foreseen.
  const told = new Float64Array(skus.length).fill(Number.NaN)
  const ofStore: Silences = { told: 0, shelves: 0 }
  for (let index = 0; index < skus.length; index += 1) {
    for (let weekday = 0; weekday < DAYS_OF_WEEK; weekday += 1)
      unitsByWeekday[weekday] = Number(units[index * DAYS_OF_WEEK + weekday])
    const clock = demandClock({ unitsByWeekday, spread: Number(spreads[index]) }, shape, cumulative)
    if (clock.perWeek <= 0) continue
    const since = Number(sinces[index])
    const silence = toldBySilence(forecastWithin(clock, placeInWeek(since, offsetMs), (at - since) / HOUR_MS))
    told[index] = silence
    ofStore.told += silence
    ofStore.shelves += 1
  }
  const quiet = quietness(ofStore)
  for (const [index, sku] of skus.entries()) {
    const silence = (told[index] ?? Number.NaN) * quiet
    if (Number.isNaN(silence)) continue
    const ofProduct = bySku.get(sku)
    if (ofProduct) {
      ofProduct.told += silence
      ofProduct.shelves += 1
    } else bySku.set(sku, { told: silence, shelves: 1 })
  }
}

const DAYS_OF_WEEK = 7

/** By product, of those that sell slower than chance makes them. */
function slowPaces(bySku: ReadonlyMap<string, Silences>): Map<string, number> {
  const paces = new Map<string, number>()
  for (const [sku, silences] of bySku) {
    const pace = slowPace(silences)
    if (pace !== null) paces.set(sku, pace)
  }
  return paces
}

function ofRush(
  { store, sku, onHand, paceAt, paceUnits, unitsByWeekday, spread, offsetMs, shape }: LiveShelfRow,
  {
    price,
    reference,
    at,
    deliveries,
  }: { price: ShelfPrice; reference: ShelfReference; at: Instant; deliveries: readonly OpenDelivery[] },
): FoundHint | null {
  if (price.terms === null) return null
  const clock = demandClock({ unitsByWeekday, spread }, shape)
  const pace = { newest: paceAt, units: paceUnits }
  const supply = reference.supplyAt(sku, at)
  const outlook = lookAhead({ at, offsetMs, onHand, clock, pace, deliveries, supply })
  if (outlook.helpAt === null) return null
  const place = placeInWeek(at, offsetMs)
  const rush = rushFactor(clock, pace, { at, place })
  const hours = Math.max(0, outlook.helpAt - at) / HOUR_MS
  const mean = unitsInRush(clock, place, hours, rush)
  const perDay = clock.perWeek / 7
  const untilHelp = { mean, variance: perDay > 0 ? (clock.spread ** 2 / perDay) * mean : mean }
  const { terms, elasticity, offer } = price
  const hint = rushHint({ onHand, untilHelp, rush, offer, terms, elasticity })
  if (hint === null) return null
  const times = { pace: rush, runsOutAt: outlook.stockout.at, helpAt: outlook.helpAt, hours }
  return shown(hint, { store, sku, onHand, price, paid: terms.priceNow * (1 - offer) }, times)
}

function ofSlow(
  { store, sku, onHand, unitsByWeekday, spread, offsetMs, shape }: LiveShelfRow,
  { price, at, pace }: { price: ShelfPrice; at: Instant; pace: number },
): FoundHint | null {
  const { terms, elasticity, offer } = price
  if (terms === null || offer > 0) return null
  const clock = demandClock({ unitsByWeekday, spread }, shape)
  const twoDays = forecastWithin(clock, placeInWeek(at, offsetMs), FLASH_HOURS)
  const hint = slowHint({ onHand, perDay: clock.perWeek / 7, twoDays, pace, terms, elasticity })
  const times = { pace, runsOutAt: null, helpAt: null, hours: FLASH_HOURS }
  return hint && shown(hint, { store, sku, onHand, price, paid: terms.priceNow }, times)
}

function shown(
  { kind, price: hintPrice, change, unitsNow, units, isEnough }: LivePriceHint,
  {
    store,
    sku,
    onHand,
    price,
    paid,
  }: { store: string; sku: string; onHand: number; price: ShelfPrice; paid: number },
  times: Pick<ShownLiveHint, 'pace' | 'runsOutAt' | 'helpAt' | 'hours'>,
): FoundHint {
  return {
    ...{ store, sku, productName: price.productName, kind, currency: price.currency, onHand },
    priceNow: formatAmount(Math.round(paid)),
    unitCost: formatAmount(price.terms?.unitCost ?? 0),
    ...{ price: formatAmount(hintPrice), change, ...times, unitsNow, isEnough },
    ...{ units: units.units, unitsLow: units.low, unitsHigh: units.high, offers: price.elasticity.offers },
    isOnOffer: price.offer > 0,
  }
}

/** What is open of each shelf, by `shelfKey`. */
async function readDeliveries(
  reading: Reading,
  { generation, shelves }: { generation: number; shelves: readonly LiveShelfRow[] },
): Promise<Map<string, OpenDelivery[]>> {
  const rows = await reading<(OpenDelivery & { store: string; sku: string })[]>`
    select p.store, p.sku, p.purchase_order as "purchaseOrder", p.ordered - p.cancelled - p.received as units,
      p.placed_at as "placedAt", p.expected_at as "expectedAt"
    from unnest(${shelves.map(({ store }) => store)}::text[], ${shelves.map(({ sku }) => sku)}::text[]) w(store, sku)
    join stream.purchases p on p.generation = ${generation} and p.store = w.store and p.sku = w.sku
      and p.ordered > p.cancelled + p.received`
  return Map.groupBy(rows, shelfKey)
}
