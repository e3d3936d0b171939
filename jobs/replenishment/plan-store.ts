import { businessDaySpan, versionOn } from '#domain/business-day.ts'
import { addDays, type BusinessDay, dayCount, FIRST_BUSINESS_DAY } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import { clockOffsetMs } from '#domain/operators/hour-of-week.ts'
import { type AbcClass, abcClasses, serviceLevelOf } from '#domain/replenishment/abc.ts'
import { missedSales, servedShare } from '#domain/replenishment/censoring.ts'
import { arrivalOf, expectedDelivery, longestWaitDays } from '#domain/replenishment/delivery.ts'
import { type DemandForecast, forecastDemand, type ProductDays } from '#domain/replenishment/demand.ts'
import {
  demandClock,
  placeInWeek,
  unitsWithin,
  type WeekShape,
  weekShape,
} from '#domain/replenishment/demand-clock.ts'
import { isOtherForecast, isOtherPolicy } from '#domain/replenishment/material-change.ts'
import { computePolicy, unitsToOrder } from '#domain/replenishment/policy.ts'
import { projectStockout } from '#domain/replenishment/stockout.ts'
import { judgeShelf, type ShelfVerdict } from '#domain/replenishment/verdict.ts'
import type { Store } from '#domain/store.ts'
import { type Chain, HISTORY_DAYS } from './chain.ts'
import type { OpenPurchase } from './purchases.ts'
import type { Standing, StoreFacts } from './store-facts.ts'

/** Missed sales are told of so many days. */
const MISSED_DAYS = 28

/** One product's plan, as `batch.replenishment` holds it. */
export interface PlannedProduct {
  sku: string
  supplier: string | null
  onHand: number
  onOrder: number
  demandPerDay: number
  daysOfCover: number | null
  reorderPoint: number | null
  orderUpTo: number | null
  suggestedUnits: number
  runsOutAt: Instant | null
  runsOutEarly: Instant | null
  runsOutLate: Instant | null
  nextDeliveryAt: Instant | null
  orderArrivesAt: Instant | null
  verdict: ShelfVerdict
  missedUnits: number
  missedSpread: number
  shortageSince: Instant | null
}

export interface StorePlan {
  /** End of the day that it is of. */
  asOf: Instant
  products: PlannedProduct[]
  /** What says something else than what stands. */
  forecasts: { sku: string; method: string; unitsByWeekday: number[]; spread: number; days: number }[]
  policies: {
    sku: string
    reorderPoint: number
    orderUpTo: number
    leadTimeDays: number
    serviceLevel: number
    safetyStock: number
    abcClass: AbcClass
  }[]
}

/**
 * The plan of a store as of the end of a business day: a function of its reports, its orders, and what stands. The day is
 * the last of `HISTORY_DAYS`.
 */
export function planStore({
  store,
  day,
  facts,
  purchases,
  standing,
  chain,
}: {
  store: Store
  day: BusinessDay
  facts: StoreFacts
  purchases: readonly OpenPurchase[]
  standing: Standing
  chain: Chain
}): StorePlan {
  const from = addDays(day, 1 - HISTORY_DAYS)
  const asOf = businessDaySpan(day, store.versions).end
  const { zone, cutOverHour } = versionOn(store.versions, day)
  const offsetMs = clockOffsetMs(zone, asOf)
  const place = placeInWeek(asOf, offsetMs)
  const shape = weekShape({ ordersByHour: facts.ordersByHour, cutOverHour })
  const shelves = shelvesOf({ facts, chain, from, cutOverHour, shape })
  const forecasts = forecastDemand({
    products: shelves,
    firstWeekday: weekdayOf(from),
    openShare: openShareOf(facts.openDays, from),
  })
  const classes = abcClasses(shelves.map(({ net }) => net))
  const open = Map.groupBy(purchases, ({ sku }) => sku)
  const plan: StorePlan = { asOf, products: [], forecasts: [], policies: [] }
  for (const [index, shelf] of shelves.entries()) {
    const forecast = forecasts[index]
    if (!forecast) continue
    const { sku, onHand } = shelf
    const { unitsByWeekday, spread, perDay } = forecast
    const stood = standing.forecasts.get(sku)
    if (!stood || isOtherForecast(stood, forecast)) {
      plan.forecasts.push({ sku, method: forecast.method, unitsByWeekday, spread, days: forecast.days })
    }
    const policy = policyOf({ sku, forecast, abcClass: classes[index] ?? 'C', standing, chain })
    if (policy.written) plan.policies.push(policy.written)
    if (onHand === null) continue
    const { supplier, packSize, leadTime, deliveryDays, reorderPoint, orderUpTo } = policy
    const orders = open.get(sku) ?? []
    const onOrder = orders.reduce((sum, { units }) => sum + units, 0)
    const due = orders
      .flatMap(order => {
        const said = expectedDelivery(order, {
          leadTime: chain.leadTimes.get(order.supplier ?? supplier ?? '') ?? leadTime,
          at: asOf,
        })
        return said ? [said.at] : []
      })
      .sort((one, other) => one - other)
    const nextDeliveryAt = due[0] ?? null
    const orderArrivesAt = leadTime
      ? arrivalOf(asOf, { leadDays: leadTime.meanDays, deliveryDays, offsetMs })
      : null
    const clock = demandClock(forecast, shape)
    const stockout = projectStockout(clock, { at: asOf, from: place, onHand })
    const toOrder =
      reorderPoint === null ? null : unitsToOrder({ onHand, onOrder, reorderPoint, orderUpTo, packSize })
    // What a person's policy keeps no more may run out, and nobody misses it.
    const isKept = orderUpTo !== 0
    const verdict = isKept ? judgeShelf({ stockout, nextDeliveryAt, orderArrivesAt }) : 'enough'
    const missed = missedSales({
      missedDays: isKept ? shelf.missedDays(forecast.weekdays) : 0,
      rate: forecast.rate,
      dispersion: forecast.dispersion,
      memoryDays: forecast.memoryDays,
    })
    plan.products.push({
      sku,
      supplier,
      onHand,
      onOrder,
      demandPerDay: perDay,
      daysOfCover: perDay > 0 ? Math.max(0, onHand) / perDay : null,
      reorderPoint,
      orderUpTo,
      suggestedUnits: toOrder ?? 0,
      runsOutAt: stockout.at,
      runsOutEarly: stockout.early,
      runsOutLate: stockout.late,
      nextDeliveryAt,
      orderArrivesAt,
      verdict,
      missedUnits: missed.units,
      missedSpread: missed.spread,
      shortageSince: verdict === 'short' ? (standing.shortages.get(sku) ?? asOf) : null,
    })
  }
  return plan
}

interface Shelf extends ProductDays {
  sku: string
  /** Null: stock is not known. */
  onHand: number | null
  net: number
  /** Shares of the last days that the shelf could not serve, each times its weekday's factor. */
  missedDays(weekdays: ArrayLike<number>): number
}

/** Every product that the store sold or has, with its days. */
function shelvesOf({
  facts,
  chain,
  from,
  cutOverHour,
  shape,
}: {
  facts: StoreFacts
  chain: Chain
  from: BusinessDay
  cutOverHour: number
  shape: WeekShape
}): Shelf[] {
  const isOpen = new Float64Array(HISTORY_DAYS)
  for (const day of facts.openDays) isOpen[day] = 1
  const sales = new Map(facts.sales.map(sold => [sold.sku, sold]))
  const stock = new Map(facts.stock.map(shelf => [shelf.sku, shelf]))
  const stockouts = Map.groupBy(facts.stockouts, ({ sku }) => sku)
  const changedPrices = Map.groupBy(facts.changedPrices, ({ sku }) => sku)
  const firstWeekday = weekdayOf(from)
  const dayShares = cumulativeShares(shape, cutOverHour)
  const firstOffer = dayCount(FIRST_BUSINESS_DAY, from)
  const shelves: Shelf[] = []
  // In one order, whatever that of the database: methods are tried on every so many of them.
  const skus = [...new Set([...sales.keys(), ...stock.keys()])]
    .filter(sku => !chain.withoutStock.has(sku))
    .sort()
  // One array for all of them: an array of its own for each is a third of the time, most of it for whoever clears it away.
  const allUnits = new Float64Array(skus.length * HISTORY_DAYS)
  const allExposure = new Float64Array(skus.length * HISTORY_DAYS)
  for (const [index, sku] of skus.entries()) {
    const sold = sales.get(sku)
    const shelf = stock.get(sku)
    const units = daysOf(allUnits, index)
    if (sold) addUnits(units, sold)
    const exposure = daysOf(allExposure, index)
    exposure.set(isOpen)
    const since = Math.min(shelf?.since ?? HISTORY_DAYS, firstOf(sold?.days ?? []))
    exposure.fill(0, 0, since)
    for (const day of chain.offers.get(sku) ?? []) {
      if (day >= firstOffer && day < firstOffer + HISTORY_DAYS) exposure[day - firstOffer] = 0
    }
    for (const { day } of changedPrices.get(sku) ?? []) exposure[day] = 0
    const missed: { weekday: number; share: number }[] = []
    for (const shelfDay of stockouts.get(sku) ?? []) {
      const { day } = shelfDay
      const weekday = (firstWeekday + day) % 7
      const served = servedShare(shelfDay, dayShares[weekday] ?? [])
      if (day >= HISTORY_DAYS - MISSED_DAYS && isOpen[day] === 1) missed.push({ weekday, share: 1 - served })
      exposure[day] = (exposure[day] ?? 0) * served
      // Hardly anything was served: a sale then says nothing.
      if ((exposure[day] ?? 0) < LEAST_SERVED) exposure[day] = 0
    }
    shelves.push({
      sku,
      category: chain.categories.get(sku) ?? null,
      units,
      exposure,
      onHand: shelf?.onHand ?? null,
      net: sold?.net ?? 0,
      missedDays: weekdays =>
        missed.reduce((sum, { weekday, share }) => sum + share * (weekdays[weekday] ?? 1), 0),
    })
  }
  return shelves
}

const LEAST_SERVED = 0.05

/** A product's days in an array of all. */
function daysOf(all: Float64Array, index: number): Float64Array {
  return all.subarray(index * HISTORY_DAYS, (index + 1) * HISTORY_DAYS)
}

function addUnits(units: Float64Array, { days, units: sold }: StoreFacts['sales'][number]): void {
  for (let at = 0; at < days.length; at += 1) {
    const day = days[at] ?? 0
    units[day] = (units[day] ?? 0) + (sold[at] ?? 0)
  }
  // Voids of another day's orders: no demand is below none.
  for (let day = 0; day < units.length; day += 1) if ((units[day] ?? 0) < 0) units[day] = 0
}

function firstOf(days: readonly number[]): number {
  let first = HISTORY_DAYS
  for (let at = 0; at < days.length; at += 1) first = Math.min(first, days[at] ?? HISTORY_DAYS)
  return first
}

/** By weekday: the share of a business day's demand up to each of its hours. */
function cumulativeShares(shape: WeekShape, cutOverHour: number): number[][] {
  const even = demandClock({ unitsByWeekday: [1, 1, 1, 1, 1, 1, 1], spread: 0 }, shape)
  return Array.from({ length: 7 }, (_, weekday) =>
    Array.from({ length: 25 }, (_, hour) => unitsWithin(even, weekday * 24 + cutOverHour, hour)),
  )
}

/** By weekday: on how many of the last eight weeks' days the store traded. */
function openShareOf(openDays: readonly number[], from: BusinessDay): Float64Array {
  const days = new Float64Array(7)
  const open = new Float64Array(7)
  const isOpen = new Set(openDays)
  const first = Math.max(0, Math.min(...openDays))
  for (let day = Math.max(first, HISTORY_DAYS - 56); day < HISTORY_DAYS; day += 1) {
    const weekday = (weekdayOf(from) + day) % 7
    days[weekday] = (days[weekday] ?? 0) + 1
    open[weekday] = (open[weekday] ?? 0) + (isOpen.has(day) ? 1 : 0)
  }
  return open.map((count, weekday) => ((days[weekday] ?? 0) > 0 ? count / (days[weekday] ?? 1) : 1))
}

/** 0 is Monday. */
function weekdayOf(day: BusinessDay): number {
  return (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7
}

/**
 * The policy of a product and what it rests on. A person's stands as it is; else it is computed, and written where it
 * says something else than what stands.
 */
function policyOf({
  sku,
  forecast,
  abcClass,
  standing,
  chain,
}: {
  sku: string
  forecast: DemandForecast
  abcClass: AbcClass
  standing: Standing
  chain: Chain
}) {
  const terms = chain.terms.get(sku)
  const stood = standing.policies.get(sku)
  const supplier = terms?.supplier ?? null
  const statedDays = stood?.leadTimeDays ?? null
  const leadTime =
    (supplier === null ? undefined : chain.leadTimes.get(supplier)) ??
    (statedDays === null ? null : { meanDays: statedDays, spreadDays: 0, deliveries: 0 })
  const deliveryDays = (supplier === null ? undefined : chain.deliveryDays.get(supplier)) ?? null
  const base = { supplier, packSize: terms?.packSize ?? 1, leadTime, deliveryDays, written: null }
  if (!leadTime || stood?.source === 'file') {
    return { ...base, reorderPoint: stood?.reorderPoint ?? null, orderUpTo: stood?.orderUpTo ?? null }
  }
  const serviceLevel = serviceLevelOf(abcClass)
  const policy = computePolicy({
    perDay: forecast.perDay,
    spread: forecast.spread,
    memoryDays: forecast.memoryDays,
    leadTime,
    waitDays: longestWaitDays(deliveryDays),
    serviceLevel,
    packSize: base.packSize,
  })
  if (stood && stood.abcClass === abcClass && !isOtherPolicy(stood, policy)) {
    return { ...base, reorderPoint: stood.reorderPoint, orderUpTo: stood.orderUpTo }
  }
  const leadTimeDays = Math.round(leadTime.meanDays * 100) / 100
  return { ...base, ...policy, written: { sku, ...policy, leadTimeDays, serviceLevel, abcClass } }
}
