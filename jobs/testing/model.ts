import { Temporal } from 'temporal-polyfill'
import type { Sql } from '#db/client.ts'
import { businessDaySpan } from '#domain/business-day.ts'
import { addDays, periodOf } from '#domain/calendar.ts'
import { documentTotal } from '#domain/enrich.ts'
import { lineGross } from '#domain/log-event.ts'
import { netOf, salesEffect } from '#domain/measures.ts'
import { REPORTS } from '#domain/reports.ts'
import { stockEffects } from '#domain/stock-effects.ts'
import type { ModelEvent } from '#domain/testing/reference-model.ts'
import { EXAMPLE_STORES_BY_ID } from '#domain/testing/stores.ts'

/** A row as text, so that sets of rows compare whatever their order. */
export type ModelRow = string

/**
 * The reports of a set of events, worked out in the plainest way: loops and maps, event by event. It shares
 * nothing with the SQL of the jobs; rows are key and figures joined by blanks, in the order of the columns.
 */
export const MODELS: Record<string, (events: readonly ModelEvent[]) => ModelRow[]> = {
  daily_sales: events =>
    sales(events, event => [event.businessDay, event.store, event.channel, event.currency], ALL_FIGURES),
  hourly_sales: events =>
    sales(
      events,
      event => [
        event.businessDay,
        hourStart(event),
        event.store,
        event.channel,
        event.currency,
        String(event.details?.dateOnly !== true),
      ],
      ['orders', 'units', 'gross', 'discounts', 'returns'],
    ),
  weekly_sales: events =>
    sales(
      events,
      event => [periodOf('week', event.businessDay), event.store, event.channel, event.currency],
      PERIOD_FIGURES,
    ),
  monthly_sales: events =>
    sales(
      events,
      event => [periodOf('month', event.businessDay), event.store, event.channel, event.currency],
      PERIOD_FIGURES,
    ),
  daily_product_sales: events => products(events, event => event.businessDay, false),
  monthly_product_sales: events => products(events, event => periodOf('month', event.businessDay), true),
  monthly_tenders: tenders,
  daily_reviews: reviews,
  daily_inventory: inventory,
}

const MEASURES = ['orders', 'units', 'gross', 'discounts', 'returns', 'returnDocuments', 'unitsReturned']
const PERIOD_FIGURES = [...MEASURES, 'into', 'converted', 'customers']
const ALL_FIGURES = [...MEASURES, 'tax', 'customers', 'into', 'converted', 'rate']

/** What the models convert by: one unit in EUR from a day on, in 1/10,000,000,000. Rupees have no rate before. */
const MODEL_RATES: readonly { currency: string; from: string; rate: bigint }[] = [
  { currency: 'USD', from: '2026-01-01', rate: 9_012_345_678n },
  { currency: 'USD', from: '2026-10-27', rate: 8_500_000_000n },
  { currency: 'INR', from: '2026-10-24', rate: 125_000_000n },
]
const RATE_UNIT = 10_000_000_000n

/** Makes them the rates of a database. */
export async function addModelRates(sql: Sql): Promise<void> {
  for (const { currency, from, rate } of MODEL_RATES) {
    await sql`
      insert into ref.exchange_rates (currency, reporting_currency, valid_from, rate)
      values (${currency}, 'EUR', ${from}, ${String(rate)}::numeric / ${String(RATE_UNIT)}::numeric)`
  }
}

function rateOf(currency: string | null, day: string): bigint | null {
  if (currency === 'EUR') return RATE_UNIT
  return MODEL_RATES.findLast(rate => rate.currency === currency && rate.from <= day)?.rate ?? null
}

/**
 * An amount at a rate, rounded half even, by whole numbers alone.
 * @param rate in 1/10,000,000,000
 */
export function convert(amount: number, rate: bigint): number {
  const product = BigInt(amount) * rate
  const sign = product < 0n ? -1n : 1n
  const [whole, rest] = [(product * sign) / RATE_UNIT, (product * sign) % RATE_UNIT]
  const isUp = rest * 2n > RATE_UNIT || (rest * 2n === RATE_UNIT && whole % 2n === 1n)
  return Number(sign * (whole + (isUp ? 1n : 0n))) + 0
}

/** Amounts by day, each converted by the rate of its day; nothing where one of them has none. */
function convertedSum(days: ReadonlyMap<string, number>, currency: string | null): number | '' {
  let sum = 0
  for (const [day, amount] of days) {
    const rate = rateOf(currency, day)
    if (rate === null) return ''
    sum += convert(amount, rate)
  }
  return sum
}

function addTo(days: Map<string, number>, day: string, amount: number): Map<string, number> {
  return days.set(day, (days.get(day) ?? 0) + amount)
}

type Key = readonly (string | null)[]

function sales(
  events: readonly ModelEvent[],
  keyOf: (event: ModelEvent) => Key,
  figures: readonly string[],
): ModelRow[] {
  const rows = new Map<string, Record<string, number | string>>()
  const nets = new Map<string, { currency: string | null; days: Map<string, number> }>()
  const customers = new Map<string, Map<string, number>>()
  for (const event of events) {
    const effect = salesEffect(event)
    if (!effect) continue
    const key = keyOf(event).join(' ')
    const row = rows.get(key) ?? {}
    for (const [figure, value] of Object.entries(effect)) row[figure] = Number(row[figure] ?? 0) + value
    row.tax = Number(row.tax ?? 0) + effect.orders * event.totalTax
    const { days } = nets.get(key) ?? { days: new Map<string, number>() }
    nets.set(key, { currency: event.currency, days: addTo(days, event.businessDay, netOf(effect)) })
    rows.set(key, row)
    const visits = customers.get(key) ?? new Map<string, number>()
    if (event.customer !== null) visits.set(event.customer, (visits.get(event.customer) ?? 0) + effect.orders)
    customers.set(key, visits)
  }
  return [...rows].map(([key, row]) => {
    row.customers = [...(customers.get(key)?.values() ?? [])].filter(orders => orders > 0).length
    const { currency, days } = nets.get(key) ?? { currency: null, days: new Map<string, number>() }
    row.into = 'EUR'
    row.converted = convertedSum(days, currency)
    const [day = ''] = days.keys()
    const rate = rateOf(currency, day)
    row.rate = rate === null ? '' : `${rate / RATE_UNIT}.${String(rate % RATE_UNIT).padStart(10, '0')}`
    return `${key} ${figures.map(figure => row[figure] ?? 0).join(' ')}`
  })
}

function hourStart(event: ModelEvent): string {
  const zone = EXAMPLE_STORES_BY_ID.get(event.store)?.zone ?? 'UTC'
  const local = Temporal.Instant.fromEpochMilliseconds(event.eventTime).toZonedDateTimeISO(zone)
  return String(local.round({ smallestUnit: 'hour', roundingMode: 'floor' }).epochMilliseconds)
}

function products(
  events: readonly ModelEvent[],
  periodOfEvent: (event: ModelEvent) => string,
  isConverted: boolean,
): ModelRow[] {
  const rows = new Map<string, [number, number, number, number, number]>()
  const nets = new Map<string, { currency: string | null; days: Map<string, number> }>()
  for (const event of events) {
    const effect = salesEffect(event)
    if (!effect || !event.lines) continue
    const { skus, units, discounts, refunds } = event.lines
    for (const [index, sku] of skus.entries()) {
      const key = [periodOfEvent(event), event.store, event.channel, sku, event.currency].join(' ')
      const row = rows.get(key) ?? [0, 0, 0, 0, 0]
      const count = units[index] ?? 0
      row[0] += effect.orders * count
      row[1] += effect.orders * lineGross(event.lines, index)
      row[2] += effect.orders * (discounts?.[index] ?? 0)
      row[3] += refunds?.[index] ?? 0
      row[4] += effect.returnDocuments * count
      rows.set(key, row)
      const net =
        effect.orders * (lineGross(event.lines, index) - (discounts?.[index] ?? 0)) - (refunds?.[index] ?? 0)
      const { days } = nets.get(key) ?? { days: new Map<string, number>() }
      nets.set(key, { currency: event.currency, days: addTo(days, event.businessDay, net) })
    }
  }
  return [...rows].map(([key, row]) => {
    const { currency, days } = nets.get(key) ?? { currency: null, days: new Map<string, number>() }
    const conversion = isConverted ? ['EUR', convertedSum(days, currency)] : []
    return `${key} ${[...row.map(figure => figure + 0), ...conversion].join(' ')}`
  })
}

function tenders(events: readonly ModelEvent[]): ModelRow[] {
  const rows = new Map<string, [number, number]>()
  const amounts = new Map<string, { currency: string | null; days: Map<string, number> }>()
  for (const event of events) {
    const effect = salesEffect(event)
    const store = EXAMPLE_STORES_BY_ID.get(event.store)
    if (!effect || !store) continue
    const given = (event.details?.tenders ?? [{ type: 'unspecified', amount: null }]) as {
      type: string
      amount: number | null
    }[]
    const byType = new Map<string, number>()
    for (const { type, amount } of given) {
      byType.set(type, (byType.get(type) ?? 0) + (amount ?? documentTotal(event, store)))
    }
    for (const [type, amount] of byType) {
      const key = [
        periodOf('month', event.businessDay),
        event.store,
        event.channel,
        type,
        event.currency,
      ].join(' ')
      const row = rows.get(key) ?? [0, 0]
      row[0] += event.type === 'order.voided' ? -1 : 1
      const paid = event.type === 'order.placed' ? amount : -amount
      row[1] += paid
      rows.set(key, row)
      const { days } = amounts.get(key) ?? { days: new Map<string, number>() }
      amounts.set(key, { currency: event.currency, days: addTo(days, event.businessDay, paid) })
    }
  }
  return [...rows].map(([key, row]) => {
    const { currency, days } = amounts.get(key) ?? { currency: null, days: new Map<string, number>() }
    return `${key} ${[...row, 'EUR', convertedSum(days, currency)].join(' ')}`
  })
}

function reviews(events: readonly ModelEvent[]): ModelRow[] {
  const rows = new Map<string, [number, number]>()
  for (const event of events) {
    if (event.type !== 'review.posted') continue
    const key = `${event.businessDay} ${event.store} ${event.details?.sku}`
    const row = rows.get(key) ?? [0, 0]
    row[0] += 1
    row[1] += Number(event.details?.rating)
    rows.set(key, row)
  }
  return [...rows].map(([key, row]) => `${key} ${row.join(' ')}`)
}

/** Walks every product of every store through its days, minute by minute where nothing is on hand. */
function inventory(events: readonly ModelEvent[]): ModelRow[] {
  const rows: ModelRow[] = []
  for (const [store, own] of Map.groupBy(events, event => event.store)) {
    const calendar = EXAMPLE_STORES_BY_ID.get(store)
    if (!calendar) continue
    const days = own.map(event => event.businessDay).sort()
    const [first, last] = [days[0] ?? '', days.at(-1) ?? '']
    const moves = own
      .flatMap(event =>
        stockEffects(event).map((effect, line) => ({
          ...effect,
          day: event.businessDay,
          at: event.eventTime,
          offset: event.offset,
          line,
        })),
      )
      .sort(
        (a, b) =>
          a.at - b.at ||
          Number(a.kind === 'counted') - Number(b.kind === 'counted') ||
          a.offset - b.offset ||
          a.line - b.line,
      )
    for (const [sku, steps] of Map.groupBy(moves, move => move.sku)) {
      const knownFrom = Math.min(
        ...steps.filter(step => step.kind === 'received' || step.kind === 'counted').map(step => step.at),
      )
      let level = 0
      for (let day = first; day <= last; day = addDays(day, 1)) {
        const { start, end } = businessDaySpan(day, calendar)
        const opening = level
        const sums: Record<string, number> = {}
        let outMs = 0
        let since = start
        const pass = (until: number) => {
          const from = Math.max(since, knownFrom)
          if (level <= 0 && until > from) outMs += until - from
          since = until
        }
        for (const step of steps.filter(own => own.day === day)) {
          pass(step.at)
          if (step.kind === 'counted') level = step.units
          else {
            sums[step.kind] = (sums[step.kind] ?? 0) + step.units
            if (step.at >= knownFrom) level += step.units
          }
        }
        pass(end)
        if (end <= knownFrom) continue
        const moved = Object.values(sums).reduce((sum, units) => sum + units, 0)
        rows.push(
          [
            day,
            store,
            sku,
            opening,
            sums.received ?? 0,
            0 - (sums.sold ?? 0),
            sums.returned ?? 0,
            sums.adjusted ?? 0,
            sums.transferred ?? 0,
            level - opening - moved,
            level,
            Math.floor(outMs / 60_000),
          ].join(' '),
        )
      }
    }
  }
  return rows
}

/** A report's rows as the model writes them. */
export async function storedRows(sql: Sql, name: string): Promise<ModelRow[]> {
  const table = REPORTS.find(report => report.name === name)
  if (!table) throw new Error(`${name} is no report`)
  const hasHours = table.key.includes('hour_start')
  const key = [
    table.periodColumn,
    ...(hasHours ? ['hour_start'] : []),
    'store',
    ...table.key.filter(column => column !== 'hour_start'),
  ]
  const rows = await sql`select ${sql([...key, ...table.values])} from ${sql(`batch.${name}`)}`.values()
  return rows.map(row => row.join(' ')).sort()
}
