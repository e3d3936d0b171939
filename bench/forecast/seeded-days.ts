import { addDays, type BusinessDay, dayCount } from '#domain/calendar.ts'
import { lineGross } from '#domain/log-event.ts'
import { isOnOffer, LEAST_DISCOUNT, type ProductDay } from '#domain/replenishment/offers.ts'
import { enrichedHistory } from '#seed/history/world-history.ts'
import { createWorld } from '#seed/world/world.ts'

/** What a store sold of a product by day, oldest first, and on which days it was on offer. */
export interface SoldDays {
  store: string
  sku: string
  category: string
  units: Float64Array
  isOffer: Uint8Array
  /** False: an edition, which comes and goes. */
  isAlwaysSold: boolean
}

/** Sales of a seeded history by store, product and business day. No database, no clock: the same on any machine. */
export function seededDays({
  until,
  days,
  stores,
  ordersPerDay,
}: {
  /** Of the first day that is not in it. */
  until: BusinessDay
  days: number
  stores: number
  ordersPerDay: number
}): { firstDay: BusinessDay; products: SoldDays[] } {
  const world = createWorld({ randomSeed: 1, stores, ordersPerDay })
  const firstDay = addDays(until, -days)
  const sold = new Map<string, SoldDays>()
  const chain = new Map<
    string,
    (ProductDay & { seen: Map<string, { gross: number; discounts: number }> })[]
  >()
  for (const { store } of world.shops.map(({ id }) => ({ store: id }))) {
    for (const { sku, category, lifeCycle } of world.products) {
      sold.set(`${store} ${sku}`, {
        store,
        sku,
        category: category.name,
        units: new Float64Array(days),
        isOffer: new Uint8Array(days),
        isAlwaysSold: lifeCycle === null,
      })
    }
  }
  const span = { days, until: Date.parse(`${until}T12:00:00Z`) }
  for (const { event } of enrichedHistory(world, span)) {
    const { lines } = event
    if (!lines || (event.type !== 'order.placed' && event.type !== 'order.voided')) continue
    const day = dayCount(firstDay, event.businessDay)
    if (day < 0 || day >= days) continue
    const sign = event.type === 'order.placed' ? 1 : -1
    for (const [index, sku] of lines.skus.entries()) {
      const product = sold.get(`${event.store} ${sku}`)
      if (!product) continue
      const units = sign * (lines.units[index] ?? 0)
      product.units[day] = (product.units[day] ?? 0) + units
      const byDay = chain.get(sku) ?? Array.from({ length: days }, nothingSold)
      chain.set(sku, byDay)
      const ofDay = byDay[day]
      if (!ofDay) continue
      // Stores sell in currencies of their own: shares of gross are what they have in common.
      const gross = sign * lineGross(lines, index)
      const discounts = sign * (lines.discounts?.[index] ?? 0)
      ofDay.units += units
      const seen = ofDay.seen.get(event.store) ?? { gross: 0, discounts: 0 }
      ofDay.seen.set(event.store, { gross: seen.gross + gross, discounts: seen.discounts + discounts })
    }
  }
  for (const product of sold.values()) {
    for (const [day, ofDay] of (chain.get(product.sku) ?? []).entries()) {
      const all = [...ofDay.seen.values()].filter(({ gross }) => gross > 0)
      const shares = all.map(({ gross, discounts }) => discounts / gross)
      const isOffer = isOnOffer({
        units: ofDay.units,
        gross: all.length,
        discounts: shares.reduce((sum, share) => sum + share, 0),
        stores: all.length,
        discounting: shares.filter(share => share >= LEAST_DISCOUNT).length,
      })
      product.isOffer[day] = isOffer ? 1 : 0
    }
  }
  return { firstDay, products: [...sold.values()] }
}

function nothingSold(): ProductDay & { seen: Map<string, { gross: number; discounts: number }> } {
  return { units: 0, gross: 0, discounts: 0, stores: 0, discounting: 0, seen: new Map() }
}
