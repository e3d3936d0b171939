import { greatCircleKm, type Location } from '#domain/great-circle.ts'
import { DAY_MS, type Instant } from '#domain/instant.ts'

/** Where goods may be fetched from or brought to. */
export interface TransferPlace {
  store: string
  zone: string
  /** Goods cross no customs border: stores of one currency pass on to each other. */
  currency: string
  location: Location | null
}

/** A product of a store as a transfer looks at it. */
export interface TransferStock {
  store: string
  sku: string
  onHand: number
  reorderPoint: number
  /** 0: nothing is known to be sold. */
  demandPerDay: number
  /** When goods of a supplier come next, or would if they were ordered now; null: nobody knows. */
  nextDeliveryAt: Instant | null
}

export interface TransferProposal {
  sku: string
  from: string
  to: string
  units: number
  arrivesAt: Instant
}

/** A van does so much in a day; further than three days nobody drives for a few boxes. */
const KM_A_DAY = 600
const MOST_DAYS = 3
/** Whoever gives stays above its own reorder point for so long. */
const GIVER_DAYS = 7

/** Days on the road; null where stores pass nothing on to each other. Within one zone overnight where a place is not known. */
export function transferDays(from: TransferPlace, to: TransferPlace): number | null {
  if (from.currency !== to.currency || from.store === to.store) return null
  if (!from.location || !to.location) return from.zone === to.zone ? 1 : null
  const days = Math.max(1, Math.ceil(greatCircleKm(from.location, to.location) / KM_A_DAY))
  return days <= MOST_DAYS ? days : null
}

/** Units a store can do without: what it has beyond its reorder point and a week of its sales. */
export function spareUnits({ onHand, reorderPoint, demandPerDay }: TransferStock): number {
  return Math.max(0, onHand - reorderPoint - Math.ceil(GIVER_DAYS * demandPerDay))
}

/** Units that lift a store off its reorder point; 0 where it is above it. */
export function missingUnits({ onHand, reorderPoint }: TransferStock): number {
  return onHand > reorderPoint ? 0 : reorderPoint + 1 - onHand
}

/**
 * What to pass on from stores that can do without to stores that are short, where it is there before the next delivery:
 * to the emptiest shelf first, from the nearest store first, and of those from the one with most to spare. A store that
 * gives has as much less for the next.
 */
export function proposeTransfers(
  stocks: readonly TransferStock[],
  places: ReadonlyMap<string, TransferPlace>,
  now: Instant,
): TransferProposal[] {
  const proposals: TransferProposal[] = []
  for (const [sku, own] of Map.groupBy(stocks, stock => stock.sku)) {
    const spare = new Map(own.map(stock => [stock.store, spareUnits(stock)]))
    const short = own
      .filter(stock => missingUnits(stock) > 0)
      .sort((one, other) => one.onHand - other.onHand || (one.store < other.store ? -1 : 1))
    for (const taker of short) {
      let missing = missingUnits(taker)
      for (const { store: from, days } of giversOf(taker, own, { places, spare })) {
        const arrivesAt = now + days * DAY_MS
        if (taker.nextDeliveryAt !== null && arrivesAt >= taker.nextDeliveryAt) break
        const units = Math.min(missing, spare.get(from) ?? 0)
        if (units <= 0) continue
        spare.set(from, (spare.get(from) ?? 0) - units)
        missing -= units
        proposals.push({ sku, from, to: taker.store, units, arrivesAt })
      }
    }
  }
  return proposals
}

/** The nearest first. */
function giversOf(
  taker: TransferStock,
  stocks: readonly TransferStock[],
  { places, spare }: { places: ReadonlyMap<string, TransferPlace>; spare: ReadonlyMap<string, number> },
): { store: string; days: number }[] {
  const to = places.get(taker.store)
  if (!to) return []
  return stocks
    .flatMap(({ store }) => {
      const from = places.get(store)
      const days = from ? transferDays(from, to) : null
      return days === null || (spare.get(store) ?? 0) === 0 ? [] : [{ store, days }]
    })
    .sort(
      (one, other) =>
        one.days - other.days ||
        (spare.get(other.store) ?? 0) - (spare.get(one.store) ?? 0) ||
        (one.store < other.store ? -1 : 1),
    )
}
