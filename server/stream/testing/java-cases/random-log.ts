import { formatInstant, HOUR_MS, type Instant, MINUTE_MS, SECOND_MS } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import type { RuleVersion } from '#domain/operators/reference.ts'
import { STREAM_RULES } from '#domain/rules/catalogue.ts'
import type { Store } from '#domain/store.ts'
import { randomEvents, seededRandom } from '#domain/testing/random-events.ts'
import { EXAMPLE_STORES } from '#domain/testing/stores.ts'
import { type CaseRecord, type CaseReference, type JavaCase, javaCase } from './java-case.ts'

/** Shortly before the clocks of Berlin are set back. */
const START = Date.UTC(2026, 9, 24, 23, 20)
const STORES = ['berlin', 'kolkata', 'new-york']
const SKUS = 5

/** A log of some hours and the reference data to judge it by, drawn from a seed: the same seed gives the same case. */
export function randomCase(seed: number, count: number): JavaCase {
  const random = seededRandom(seed)
  const spanMs = (2 + Math.floor(random() * 4)) * HOUR_MS
  return javaCase(`a log drawn from seed ${seed}`, randomLog(random, count, spanMs), {
    reference: randomReference(random, count / (spanMs / HOUR_MS) / STORES.length),
  })
}

/**
 * Events as they arrive: most at once, some before their time, some minutes and some hours late; a store that falls silent, and comes back with all
 * it sold meanwhile; ticks where nothing comes; and a few that nobody can digest.
 */
function randomLog(random: () => number, count: number, spanMs: number): CaseRecord[] {
  const silent = STORES[Math.floor(random() * STORES.length)]
  const silentFrom = START + spanMs * (0.3 + 0.3 * random())
  const silentTo = silentFrom + (20 + 60 * random()) * MINUTE_MS
  const isLost = random() < 0.5
  const arrivals: { at: Instant; entry: LogEvent | { type: 'tick' } }[] = []
  // Whole half minutes make events of one instant, and watermarks at the very end of a minute.
  const stepMs = [1, 1, 500, 30_000][Math.floor(random() * 4)] ?? 1
  for (const event of randomEvents({
    random,
    count,
    start: START,
    spanMs,
    stepMs,
    stores: STORES,
    skus: SKUS,
  })) {
    const isSilent = event.store === silent && event.eventTime >= silentFrom && event.eventTime < silentTo
    if (isSilent && isLost) continue
    const at = Math.floor((isSilent ? silentTo : event.eventTime) + delayOf(random))
    arrivals.push({ at, entry: random() < 0.01 ? spoilt(event, random) : suspect(event, arrivals, random) })
  }
  // Some logs end while what operators keep still means something.
  const ticksUntil = START + (random() < 0.5 ? 0.9 : 1.6) * spanMs
  for (let at = START; at < ticksUntil; at += Math.floor((20 + 100 * random()) * SECOND_MS))
    arrivals.push({ at, entry: { type: 'tick' } })
  // A day on, where every source has been forgotten.
  if (random() < 0.3) arrivals.push({ at: START + spanMs + 30 * HOUR_MS, entry: { type: 'tick' } })
  arrivals.sort((one, other) => one.at - other.at)
  // Offsets have gaps, as on Kafka.
  let offset = 0
  return arrivals.map(({ at, entry }) => {
    offset += random() < 0.1 ? 2 : 1
    return { ...entry, offset, appendedAt: at }
  })
}

/** How long an event is on its way, in ms; a till whose clock is fast is heard before it sold. */
function delayOf(random: () => number): number {
  const chance = random()
  if (chance < 0.05) return random() * -119 * SECOND_MS
  if (chance < 0.8) return random() * 8 * SECOND_MS
  return chance < 0.95 ? random() * 10 * MINUTE_MS : random() * 4 * HOUR_MS
}

/** As it was drawn; or so that the rules that look for thieves have something to look at, and shelves wait for goods that are late. */
function suspect(
  event: LogEvent,
  arrivals: readonly { entry: LogEvent | { type: 'tick' } }[],
  random: () => number,
): LogEvent {
  if (event.type === 'order.placed' && random() < 0.06)
    return { ...event, totalDiscounts: Math.floor(event.totalGross * (0.4 + 0.6 * random())) }
  if (event.type === 'order.placed' && random() < 0.06) return restock(event, random)
  if (event.type !== 'order.voided' || random() < 0.2) return event
  const sold = arrivals.flatMap(({ entry }) =>
    entry.type === 'order.placed' &&
    entry.store === event.store &&
    JSON.stringify(entry.details).includes('"cash"')
      ? [entry]
      : [],
  )
  const order = sold[Math.floor(random() * sold.length)]
  if (!order) return event
  return { ...event, orderId: order.orderId, register: order.register, details: order.details }
}

/** Goods that were sold are ordered: to come within hours, or hours ago, or nobody says when. */
function restock({ lines, ...event }: LogEvent, random: () => number): LogEvent {
  const purchaseOrderId = `p-${Math.floor(random() * 6)}`
  const expectedAt = formatInstant(event.eventTime + Math.round((random() * 8 - 3) * HOUR_MS))
  const chance = random()
  return {
    ...event,
    lines,
    type: chance < 0.6 ? 'purchase.placed' : chance < 0.8 ? 'purchase.confirmed' : 'stock.received',
    channel: null,
    currency: null,
    orderId: null,
    customer: null,
    totalGross: 0,
    totalDiscounts: 0,
    totalTax: 0,
    details: {
      purchaseOrderId,
      supplier: `s-${1 + Math.floor(random() * 2)}`,
      ...(random() < 0.8 ? { expectedAt } : {}),
    },
  }
}

function spoilt(event: LogEvent, random: () => number): LogEvent {
  const chance = random()
  if (chance < 0.3) return { ...event, type: 'order.dreamt' as LogEvent['type'] }
  if (chance < 0.5) return { ...event, store: '' }
  if (chance < 0.7) return { ...event, businessDay: '1066-10-14' }
  if (chance < 0.85) return { ...event, totalGross: 0.5 }
  return { ...event, details: [] as unknown as LogEvent['details'] }
}

/** @param perHour orders of a store, about */
function randomReference(random: () => number, perHour: number): CaseReference {
  const between = (least: number, most: number) => least + random() * (most - least)
  const whole = (least: number, most: number) => Math.floor(between(least, most + 1))
  const later = () => START + whole(-2, 5) * 20 * MINUTE_MS
  const stores = EXAMPLE_STORES.filter(({ id }) => STORES.includes(id)).map((store): Store => {
    const [version] = store.versions
    if (!version || random() < 0.6) return store
    // It moves on the day of the clocks, or begins to send files.
    const moved = { ...version, validFrom: '2026-10-25', zone: 'Asia/Kathmandu', cutOverHour: 5 }
    return { ...store, versions: [version, random() < 0.5 ? moved : { ...moved, input: 'journal' as const }] }
  })
  const places = STORES.flatMap(store =>
    Array.from({ length: SKUS }, (_, sku) => ({ store, sku: `sku-${sku}` })),
  )
  const some = <Row>(share: number, row: () => Row): Row[] => (random() < share ? [row()] : [])
  return {
    stores,
    policies: oldestFirst(
      places.flatMap(place => [
        ...some(0.7, () => ({
          ...place,
          validFrom: 0,
          reorderPoint: whole(0, 12),
          orderUpTo: random() < 0.3 ? null : whole(0, 40),
        })),
        ...some(0.4, () => ({
          ...place,
          validFrom: later(),
          reorderPoint: whole(0, 20),
          orderUpTo: random() < 0.2 ? 0 : whole(10, 60),
        })),
      ]),
    ),
    forecasts: oldestFirst(
      places.flatMap(place => {
        const forecast = (validFrom: Instant) => ({
          ...place,
          validFrom,
          unitsByWeekday: Array.from({ length: 7 }, () => between(0, random() < 0.5 ? 4 : 60)),
          spread: between(0, 8),
        })
        return [
          ...some(0.6, () => forecast(0)),
          ...some(0.5, () => forecast(later())),
          ...some(0.3, () => forecast(later() + 2)),
        ]
      }),
    ),
    expectedOrders: STORES.flatMap(store => [
      ...some(0.9, () => ({ store, validFrom: 0, orders: hours(() => between(0.3, 1.5) * perHour) })),
      ...some(0.4, () => ({ store, validFrom: later(), orders: hours(() => between(0.5, 6) * perHour) })),
    ]),
    orderSizes: oldestFirst(
      STORES.flatMap(store =>
        [0, 1, 2, 3].flatMap(hourClass =>
          ['EUR', 'INR', 'USD'].map(currency => ({
            store,
            currency,
            hourClass,
            validFrom: random() < 0.7 ? 0 : later(),
            median: between(10, 15),
            spread: between(0.1, 1.5),
            documents: whole(150, 900),
          })),
        ),
      ),
    ),
    rules: oldestFirst(STREAM_RULES.flatMap(rule => versionsOf(rule, { random, later }))),
    supplyTerms: oldestFirst(
      Array.from({ length: SKUS }, (_, sku) => [
        ...some(0.8, () => ({
          sku: `sku-${sku}`,
          validFrom: 0,
          supplier: `s-${whole(1, 2)}`,
          days: between(0.1, 3),
        })),
        ...some(0.3, () => ({
          sku: `sku-${sku}`,
          validFrom: later(),
          supplier: 's-2',
          days: between(0.1, 3),
        })),
      ]).flat(),
    ),
    leadTimes: ['s-1', 's-2'].flatMap(supplier =>
      some(0.5, () => ({
        supplier,
        validFrom: 0,
        meanDays: between(0.2, 2),
        spreadDays: between(0, 3),
        deliveries: 9,
      })),
    ),
    supplierTerms: ['s-1', 's-2'].flatMap(supplier =>
      some(0.6, () => ({ supplier, validFrom: 0, days: random() < 0.3 ? null : [whole(1, 7), whole(1, 7)] })),
    ),
  }
}

function versionsOf(
  { name, parameters }: (typeof STREAM_RULES)[number],
  { random, later }: { random: () => number; later: () => Instant },
): (RuleVersion & { rule: string })[] {
  const version = (number: number, validFrom: Instant) => ({
    rule: name,
    version: number,
    validFrom,
    isOn: random() < 0.85,
    // Low, so that rules speak in a log of hours.
    parameters: Object.fromEntries(
      Object.entries(parameters as Record<string, { least: number; most: number; initial: number }>).flatMap(
        ([parameter, { least, initial }]) =>
          random() < 0.7 ? [[parameter, Math.max(least, Math.round(initial * (0.2 + random())))]] : [],
      ),
    ),
  })
  return [...(random() < 0.6 ? [version(2, 0)] : []), ...(random() < 0.5 ? [version(3, later())] : [])]
}

function hours(of: () => number): number[] {
  return Array.from({ length: 168 }, of)
}

function oldestFirst<Row extends { validFrom: Instant }>(rows: readonly Row[]): Row[] {
  return rows.toSorted((one, other) => one.validFrom - other.validFrom)
}
