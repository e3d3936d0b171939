import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { dayCount } from '#domain/calendar.ts'
import { type DemandForecast, forecastDemand } from '#domain/replenishment/demand.ts'
import type { DemandClass } from '#domain/replenishment/product-class.ts'
import type { Foreseen } from './accuracy.ts'
import { seededDays } from './seeded-days.ts'

/** Series to foresee: what was sold by trading day. */
export interface WorldDays {
  name: string
  /** Trading days of a week. */
  season: number
  /** Days after which the next `horizon` are foreseen. */
  origins: readonly number[]
  horizon: number
  /** Of each trading day: how many calendar days after the first. */
  calendar: readonly number[]
  /** Of the first day, 0 is Monday. */
  firstWeekday: number
  products: readonly ProductSeries[]
}

export interface ProductSeries {
  store: string
  sku: string
  category: string | null
  units: Float64Array
  /** 0: on offer, which says nothing of ordinary demand and is not what is foreseen. */
  isJudged: Uint8Array
  /** False: it was not on the shelf on all of the days, which series alone do not tell. */
  isAlwaysSold: boolean
}

const SEEDED = { until: '2026-11-29', days: 119, stores: 8, ordersPerDay: 4_000 }

/** The seeded world's autumn: the last four weeks are foreseen, a week at a time. */
export function seededWorld(): WorldDays {
  const { firstDay, products } = seededDays(SEEDED)
  return {
    name: 'seeded',
    season: 7,
    origins: [91, 98, 105, 112],
    horizon: 7,
    calendar: Array.from({ length: SEEDED.days }, (_, day) => day),
    firstWeekday: weekdayOf(firstDay),
    products: products.map(({ isOffer, ...product }) => ({
      ...product,
      isJudged: isOffer.map(flag => 1 - flag),
    })),
  }
}

/** The real December: daily files of the Online Retail data set, in their own columns. The last six days are foreseen. */
export async function realDecember(folder: string): Promise<WorldDays> {
  const files = (await readdir(folder)).filter(name => /^\d{4}-\d\d-\d\d\.csv$/.test(name)).sort()
  const days = files.map(name => name.slice(0, 10))
  const [firstDay] = days
  if (firstDay === undefined || days.length < 20)
    throw new Error(`${folder} holds ${days.length} daily files YYYY-MM-DD.csv: 20 are needed`)
  const products = new Map<string, ProductSeries>()
  for (const [day, name] of files.entries()) {
    const rows = parse(await readFile(join(folder, name), 'utf8'), { columns: true, relax_quotes: true })
    for (const row of rows as Record<string, string>[]) {
      const sku = row.StockCode ?? ''
      const units = Number(row.Quantity)
      // Merchandise that was sold: no credit notes, no write-offs, no postage.
      if (!/^\d{5}/.test(sku) || !(units > 0) || !(Number(row.UnitPrice) > 0)) continue
      const product = products.get(sku) ?? {
        ...{ store: 'online-uk', sku, category: null },
        units: new Float64Array(days.length),
        isJudged: new Uint8Array(days.length).fill(1),
        isAlwaysSold: true,
      }
      products.set(sku, product)
      product.units[day] = (product.units[day] ?? 0) + units
    }
  }
  return {
    name: 'december',
    season: 6,
    origins: [days.length - 6, days.length - 3],
    horizon: 3,
    calendar: days.map(day => dayCount(firstDay, day)),
    firstWeekday: weekdayOf(firstDay),
    // What nobody had bought yet by then nobody could have foreseen.
    products: [...products.values()].filter(({ units }) =>
      units.slice(0, days.length - 6).some(sold => sold > 0),
    ),
  }
}

/** What our forecasts say of every product, origin by origin, with nothing of the days after it. */
export function foresee(world: WorldDays): {
  product: ProductSeries
  demandClass: DemandClass
  foreseen: Foreseen
  /** The same days by what the same weekday sold last. */
  naive: Foreseen
}[] {
  const { calendar, horizon, firstWeekday, season } = world
  const stores = Map.groupBy(world.products, ({ store }) => store)
  return world.origins.flatMap(origin =>
    [...stores.values()].flatMap(products => {
      const forecasts = forecastsAt(world, products, origin)
      return products.map((product, index) => {
        const forecast = forecasts[index]
        const ahead = Array.from({ length: horizon }, (_, day) => origin + day).filter(
          day => product.isJudged[day] === 1,
        )
        const came = {
          history: Array.from(product.units.slice(0, origin)),
          actual: ahead.map(day => product.units[day] ?? 0),
        }
        const weekdays = ahead.map(day => (firstWeekday + (calendar[day] ?? 0)) % 7)
        return {
          product,
          demandClass: forecast?.demandClass ?? 'new',
          foreseen: {
            ...came,
            forecast: weekdays.map(weekday => forecast?.unitsByWeekday[weekday] ?? 0),
          },
          // No horizon is longer than a season: it lies before the origin.
          naive: { ...came, forecast: ahead.map(day => product.units[day - season] ?? 0) },
        }
      })
    }),
  )
}

function forecastsAt(
  { calendar, firstWeekday }: WorldDays,
  products: readonly ProductSeries[],
  origin: number,
): DemandForecast[] {
  const length = (calendar[origin - 1] ?? 0) + 1
  return forecastDemand({
    firstWeekday,
    openShare: new Float64Array(7).fill(1),
    products: products.map(({ category, units, isJudged }) => {
      const own = { category, units: new Float64Array(length), exposure: new Float64Array(length) }
      for (let day = 0; day < origin; day += 1) {
        const at = calendar[day] ?? 0
        own.units[at] = units[day] ?? 0
        own.exposure[at] = isJudged[day] ?? 0
      }
      return own
    }),
  })
}

function weekdayOf(day: string): number {
  return (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7
}
