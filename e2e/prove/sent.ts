import type { SentEvent } from '#domain/event.ts'
import { type Instant, MINUTE_MS } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { EXAMPLE_STORES_BY_ID } from '#domain/testing/stores.ts'
import type { TillTotals } from './make-event.ts'

/*
 * What the whole system must say, worked out from what was sent, in the plainest way: loops and maps over all events
 * for every question, wall clocks from the runtime's own tables of zones, amounts as big integers. It shares no code
 * with the intake, the paths or the pages: docs/semantics in code once more, slow and obvious.
 *
 *   what was sent and taken ──┐
 *                             ├─> records in log order ─> windows, stock, episodes, Z reports as of any offsets
 *   its places in the log ────┘   (the log is asked for order only: what it says of the events is compared first)
 */

/** An event that was sent and must stand in the log. */
export interface Taken {
  event: SentEvent
  /** Bulk: it came by a file, is a review, or is known by its date alone. */
  class: 'live' | 'bulk'
}

/** What is to be done with an event that is sent. */
export type Verdict = 'accepted' | 'duplicate' | 'conflicting_duplicate' | 'clock_skew'

export interface Policy {
  store: string
  sku: string
  validFrom: Instant
  reorderPoint: number
  orderUpTo: number
}

/** Everything that was sent to one installation. */
export class Sent {
  readonly taken = new Map<string, Taken>()
  readonly policies: Policy[] = []
  /** Reasons by `source␟id` of what was refused and must be a dead letter. */
  readonly refused = new Set<string>()

  /** Judges an event that is sent now, and remembers what follows. */
  take(event: SentEvent, way: 'live' | 'bulk', now: Instant): Verdict {
    const key = keyOf(event)
    if (Date.parse(event.eventTime) > now + 10 * MINUTE_MS) {
      this.refused.add(`${key} clock_skew`)
      return 'clock_skew'
    }
    const known = this.taken.get(key)
    if (known) {
      if (JSON.stringify(known.event) === JSON.stringify(event)) return 'duplicate'
      this.refused.add(`${key} conflicting_duplicate`)
      return 'conflicting_duplicate'
    }
    const isBulk = event.type === 'review.posted' || ('dateOnly' in event && event.dateOnly === true)
    this.taken.set(key, { event, class: isBulk ? 'bulk' : way })
    return 'accepted'
  }

  find(id: string): SentEvent | undefined {
    for (const { event } of this.taken.values()) if (event.id === id) return event
    return undefined
  }

  /** What a till would print of its day now. */
  tillTotals(store: string, register: string, day: string): TillTotals {
    const totals = { orders: 0, units: 0, net: 0n }
    for (const { event } of this.taken.values()) {
      if (!isSale(event) || event.store !== store || event.register !== register) continue
      if (dayOf(Date.parse(event.eventTime), store) !== day) continue
      const { sign, units, net } = salesOf(event)
      totals.orders += sign
      totals.units += sign * units
      totals.net += net
    }
    return totals
  }
}

export function keyOf({ source, id }: { source: string; id: string }): string {
  return `${source}\u001f${id}`
}

/** The business day that an instant belongs to, by the wall clock of the store. */
export function dayOf(at: Instant, store: string): string {
  const { zone, cutOverHour } = storeOf(store)
  const { year, month, day, hour } = wallClock(at, zone)
  const midnight = Date.UTC(year, month - 1, day - (hour < cutOverHour ? 1 : 0))
  return new Date(midnight).toISOString().slice(0, 10)
}

const clocks = new Map<string, Intl.DateTimeFormat>()

function wallClock(at: Instant, zone: string) {
  const clock =
    clocks.get(zone) ??
    new Intl.DateTimeFormat('en', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
    })
  clocks.set(zone, clock)
  const parts = Object.fromEntries(clock.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
  return parts as { year: number; month: number; day: number; hour: number }
}

function storeOf(id: string) {
  const store = EXAMPLE_STORES_BY_ID.get(id)
  if (!store) throw new Error(`no store ${id}`)
  return store
}

type Sale = Extract<SentEvent, { type: 'order.placed' | 'order.voided' | 'order.returned' }>

function isSale(event: SentEvent): event is Sale {
  return event.type === 'order.placed' || event.type === 'order.voided' || event.type === 'order.returned'
}

/** 1/10,000 of a decimal. */
export function tenThousandths(decimal: string): bigint {
  const [, sign = '', whole = '0', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(decimal) ?? []
  const amount = BigInt(whole) * 10_000n + BigInt(fraction.padEnd(4, '0'))
  return sign === '-' ? -amount : amount
}

/** What one document is worth, positive, and its sign. */
function salesOf(event: Sale) {
  let [units, gross, discounts, returns, tax] = [0, 0n, 0n, 0n, 0n]
  for (const line of event.lines) {
    units += line.units
    if ('refund' in line) returns += tenThousandths(line.refund)
    else {
      gross +=
        line.amount === undefined
          ? BigInt(line.units) * tenThousandths(String(line.unitPrice))
          : tenThousandths(line.amount)
      discounts += tenThousandths(line.discount ?? '0')
      tax += tenThousandths(line.tax ?? '0')
    }
  }
  const sign = event.type === 'order.placed' ? 1 : event.type === 'order.voided' ? -1 : 0
  const net = event.type === 'order.returned' ? -returns : BigInt(sign) * (gross - discounts)
  return { sign, units, gross, discounts, returns, tax, net }
}

/**
 * What the log must hold of a taken event: one row, of a transfer two.
 * @returns without places in the log
 */
export function rowsOf({ event, class: way }: Taken): Omit<LogEvent, 'bodyHash' | 'rulesVersion'>[] {
  const at = Date.parse(event.eventTime)
  const base = (store: string, id: string) => ({
    source: event.source,
    id,
    type: event.type,
    class: way,
    store,
    partition: storeOf(store).partition,
    register: event.register ?? null,
    eventTime: at,
    businessDay: dayOf(at, store),
    attributes: event.attributes ?? null,
    channel: null,
    currency: null,
    orderId: null,
    customer: null,
    totalUnits: 0,
    totalGross: 0,
    totalDiscounts: 0,
    totalReturns: 0,
    totalTax: 0,
    lines: null,
    details: null,
  })
  if (isSale(event)) {
    const { units, gross, discounts, returns, tax } = salesOf(event)
    const tenders =
      event.tenders?.map(tender => ({ type: tender.type, amount: Number(tenThousandths(tender.amount)) })) ??
      (event.tender === undefined ? undefined : [{ type: event.tender, amount: null }])
    return [
      {
        ...base(event.store, event.id),
        channel: event.channel,
        currency: event.currency,
        orderId: event.orderId,
        customer: event.customer ?? null,
        totalUnits: units,
        totalGross: Number(gross),
        totalDiscounts: Number(discounts),
        totalReturns: Number(returns),
        totalTax: Number(tax),
        lines: linesOf(event.lines),
        details: {
          ...(tenders ? { tenders } : {}),
          ...(event.charges
            ? {
                charges: event.charges.map(({ type, amount }) => ({
                  type,
                  amount: Number(tenThousandths(amount)),
                })),
              }
            : {}),
          ...(event.dateOnly === true ? { dateOnly: true } : {}),
        },
      },
    ]
  }
  if (event.type === 'stock.transferred') {
    return (
      [
        ['out', event.store],
        ['in', event.toStore],
      ] as const
    ).map(([leg, store]) => ({
      ...base(store, `${event.id}\u001f${leg}`),
      totalUnits: unitsOf(event.lines),
      lines: linesOf(event.lines),
      details: { leg },
    }))
  }
  if (event.type === 'review.posted')
    return [
      {
        ...base(event.store, event.id),
        customer: event.customer ?? null,
        details: { sku: event.sku, rating: event.rating },
      },
    ]
  if (event.type === 'price.changed')
    return [{ ...base(event.store, event.id), currency: event.currency ?? null }]
  if (event.type === 'till.closed')
    return [
      {
        ...base(event.store, event.id),
        currency: event.currency,
        details: {
          zBusinessDay: event.businessDay,
          zOrders: event.orders,
          zUnits: event.units,
          zNet: Number(tenThousandths(event.net)),
        },
      },
    ]
  return [
    {
      ...base(event.store, event.id),
      totalUnits: unitsOf(event.lines),
      lines: linesOf(event.lines),
      details: 'purchaseOrderId' in event ? { purchaseOrderId: event.purchaseOrderId } : null,
    },
  ]
}

type AnyLine = {
  sku: string
  units: number
  unitPrice?: string | undefined
  amount?: string | undefined
  discount?: string | undefined
  refund?: string
  restock?: boolean | undefined
}

function linesOf(lines: readonly AnyLine[]) {
  const amounts = (name: 'unitPrice' | 'discount' | 'refund') =>
    lines.map(line => Number(tenThousandths(line[name] ?? '0')))
  return {
    skus: lines.map(line => line.sku),
    units: lines.map(line => line.units),
    unitPrices: amounts('unitPrice'),
    amounts: lines.map(({ amount }) => (amount === undefined ? null : Number(tenThousandths(amount)))),
    discounts: amounts('discount'),
    taxes: null,
    refunds: amounts('refund'),
    stocked: lines.map(line => line.restock !== false),
  } satisfies LogEvent['lines']
}

function unitsOf(lines: readonly { units: number }[]): number {
  return lines.reduce((sum, line) => sum + line.units, 0)
}
