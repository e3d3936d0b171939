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
  type Silence,
  slowHint,
  slowPace,
} from '#domain/price-hints/live-hint.ts'
import { demandClock, placeInWeek, type WeekShape, weekShape } from '#domain/replenishment/demand-clock.ts'
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
    const shelves = await readShelves(reading, { generation: basis.generation, reference, at })
    const rushing = shelves.filter(({ isShort, onHand }) => isShort && onHand > 0)
    const paces = slowPaces(shelves, at)
    const slow = shelves.filter(({ sku, isShort }) => paces.has(sku) && !isShort)
    const isAsked = ({ store }: LiveShelfRow) => stores.length === 0 || stores.includes(store)
    const candidates = [...rushing, ...slow].filter(isAsked)
    const prices = await readShelfPrices(reading, candidates, { generation: basis.generation, from: now })
    const deliveries = await readDeliveries(reading, { generation: basis.generation, shelves: rushing })
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
  /** Event time of the newest movement. */
  movedAt: Instant | null
  isShort: boolean
  unitsByWeekday: number[]
  spread: number
  offsetMs: number
  shape: WeekShape
}

/** The shelves of stores that send as they sell, whose stock is known and whose demand is forecast. */
async function readShelves(
  reading: Reading,
  { generation, reference, at }: { generation: number; reference: ShelfReference; at: Instant },
): Promise<LiveShelfRow[]> {
  const rows = await reading<Omit<LiveShelfRow, 'offsetMs' | 'shape'>[]>`
    select s.store, s.sku, s.on_hand as "onHand", s.pace_at as "paceAt", s.pace_units as "paceUnits",
      s.max_delta_time as "movedAt", f.units_by_weekday as "unitsByWeekday", f.spread,
      exists (
        select from stream.episodes e where e.generation = s.generation and e.store = s.store and e.sku = s.sku
          and e.state = 'open' and e.rule = 'stockout_before_delivery'
      ) as "isShort"
    from stream.stock s
    cross join lateral (
      select units_by_weekday, spread from ref.demand_forecasts f
      where f.store = s.store and f.sku = s.sku and f.valid_from <= ${at} order by f.valid_from desc limit 1
    ) f
    where s.generation = ${generation} and s.on_hand is not null`
  const shops = new Map<string, { offsetMs: number; shape: WeekShape } | null>()
  return rows.flatMap(row => {
    if (!shops.has(row.store)) {
      const shop = reference.storeAt(row.store, at)
      shops.set(row.store, shop?.isLive ? { offsetMs: shop.offsetMs, shape: weekShape(shop) } : null)
    }
    const shop = shops.get(row.store)
    return shop ? [{ ...row, ...shop }] : []
  })
}

/** By product, of those that sell slower than chance makes them. */
function slowPaces(shelves: readonly LiveShelfRow[], at: Instant): Map<string, number> {
  const silences = shelves.flatMap(shelf => {
    const silence = silenceOf(shelf, at)
    return silence ? [{ store: shelf.store, sku: shelf.sku, silence }] : []
  })
  const quiet = new Map(
    [...Map.groupBy(silences, ({ store }) => store)].map(([store, own]) => [
      store,
      quietness(own.map(({ silence }) => silence)),
    ]),
  )
  const paces = new Map<string, number>()
  for (const [sku, own] of Map.groupBy(silences, one => one.sku)) {
    const pace = slowPace(
      own.map(({ store, silence }) => ({
        ...silence,
        expected: silence.expected * (quiet.get(store) ?? 1),
      })),
    )
    if (pace !== null) paces.set(sku, pace)
  }
  return paces
}

/** Since the last unit that was sold or came: an empty shelf sells nothing, and says nothing. */
function silenceOf(shelf: LiveShelfRow, at: Instant): Silence | null {
  const { onHand, paceAt, movedAt, unitsByWeekday, spread, offsetMs, shape } = shelf
  const since = Math.max(paceAt ?? 0, movedAt ?? 0)
  if (onHand <= 0 || since === 0 || since >= at) return null
  const clock = demandClock({ unitsByWeekday, spread }, shape)
  if (clock.perWeek <= 0) return null
  const { mean, variance } = forecastWithin(clock, placeInWeek(since, offsetMs), (at - since) / HOUR_MS)
  return { expected: mean, dispersion: mean > 0 ? variance / mean : 1 }
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
