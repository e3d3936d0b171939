import fc from 'fast-check'
import { type Enrichment, enrich, type Store } from '#domain/enrich.ts'
import type { SentEvent } from '#domain/event.ts'
import { EXAMPLE_STORES, EXAMPLE_STORES_BY_ID } from '#domain/examples/example-stores.ts'
import { formatInstant, type Instant } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { formatAmount, parseAmount } from '#domain/money.ts'

const SKUS = ['tea', 'milk', 'honey', 'bread']

interface RandomLine {
  sku: string
  units: number
  price: number
  discount: number
  tax: number
  restock: boolean
}

interface RandomEvent {
  kind: string
  store: Store
  at: Instant
  channel: 'pos' | 'online'
  customer: string | undefined
  register: string | undefined
  tender: 'none' | 'one' | 'split'
  lines: RandomLine[]
  adjustments: number[]
  rating: number
  isBulk: boolean
}

/**
 * Random events of all kinds at the example stores between two instants, for tests: the same seed gives the
 * same events. Whatever a till may send occurs: voids and returns of nothing, counts in between, splits.
 */
export function randomEvents(options: {
  seed: number
  count: number
  from: Instant
  to: Instant
}): LogEvent[] {
  const { seed, count, from, to } = options
  const line: fc.Arbitrary<RandomLine> = fc.record({
    sku: fc.constantFrom(...SKUS),
    units: fc.integer({ min: 1, max: 5 }),
    price: fc.integer({ min: 0, max: 500_000 }),
    discount: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 9_999 })),
    tax: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 50_000 })),
    restock: fc.boolean(),
  })
  const event: fc.Arbitrary<RandomEvent> = fc.record({
    kind: fc.oneof(
      { weight: 10, arbitrary: fc.constant('order.placed') },
      { weight: 2, arbitrary: fc.constant('order.voided') },
      { weight: 3, arbitrary: fc.constant('order.returned') },
      { weight: 2, arbitrary: fc.constantFrom('stock.received', 'stock.counted', 'stock.adjusted') },
      { weight: 1, arbitrary: fc.constantFrom('stock.transferred', 'review.posted', 'purchase.placed') },
    ),
    store: fc.constantFrom(...EXAMPLE_STORES),
    // Whole minutes, so that several events share an instant.
    at: fc.integer({ min: from / 60_000, max: to / 60_000 - 1 }).map(minute => minute * 60_000),
    channel: fc.constantFrom('pos', 'online'),
    customer: fc.constantFrom(undefined, 'c-1', 'c-2', 'c-3', 'c-4'),
    register: fc.constantFrom(undefined, 'till-1', 'till-2'),
    tender: fc.constantFrom('none', 'one', 'split'),
    lines: fc.array(line, { minLength: 1, maxLength: 4 }),
    adjustments: fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 4, maxLength: 4 }),
    rating: fc.integer({ min: 1, max: 5 }),
    isBulk: fc.boolean(),
  })
  return fc
    .sample(event, { numRuns: count, seed })
    .flatMap((random, index) => toLogEvents(random, `e-${index}`))
}

/** A sent event as the log stores it, through the rules of the intake. Throws when they refuse it. */
export function toLogEvent(sent: SentEvent, fields: Partial<Enrichment> = {}): LogEvent[] {
  const bodyHash = Buffer.from(sent.id).toString('hex').padStart(32, '0').slice(-32)
  const now = Number.MAX_SAFE_INTEGER
  const result = enrich(sent, { stores: EXAMPLE_STORES_BY_ID, now, class: 'live', bodyHash, ...fields })
  if ('rejection' in result) throw new Error(`${sent.id}: ${result.rejection.detail}`)
  return result.events
}

function toLogEvents(random: RandomEvent, id: string): LogEvent[] {
  return toLogEvent(toSentEvent(random, id), { class: random.isBulk ? 'bulk' : 'live' })
}

function toSentEvent(random: RandomEvent, id: string): SentEvent {
  const { kind, store, at, register, lines, adjustments, rating } = random
  const header = {
    source: `source-${store.id}`,
    id,
    store: store.id,
    eventTime: formatInstant(at),
    ...(register === undefined ? {} : { register }),
  }
  switch (kind) {
    case 'order.placed':
    case 'order.voided': {
      const sold = lines.map(({ sku, units, price, discount, tax }) => ({
        sku,
        units,
        unitPrice: formatAmount(price),
        ...(discount > 0 ? { discount: formatAmount(Math.min(discount, units * price)) } : {}),
        ...(tax > 0 ? { tax: formatAmount(tax) } : {}),
      }))
      const total = sold.reduce((sum, line) => {
        const tax = store.taxInclusive ? 0 : (parseAmount(line.tax ?? '0') ?? 0)
        return (
          sum +
          line.units * (parseAmount(line.unitPrice) ?? 0) -
          (parseAmount(line.discount ?? '0') ?? 0) +
          tax
        )
      }, 0)
      return { type: kind, ...header, ...saleFields(random, id, total), lines: sold }
    }
    case 'order.returned': {
      const back = lines.map(({ sku, units, price, restock }) => ({
        sku,
        units,
        refund: formatAmount(price),
        restock,
      }))
      const total = lines.reduce((sum, line) => sum + line.price, 0)
      return { type: kind, ...header, ...saleFields(random, id, total), lines: back }
    }
    case 'stock.received':
    case 'stock.counted':
      return { type: kind, ...header, lines: lines.map(({ sku, units }) => ({ sku, units })) }
    case 'stock.adjusted':
      return {
        type: kind,
        ...header,
        lines: lines.map(({ sku }, index) => ({ sku, units: adjustments[index] ?? 0 })),
      }
    case 'stock.transferred': {
      const toStore = EXAMPLE_STORES.find(other => other.id !== store.id)?.id ?? ''
      return { type: kind, ...header, toStore, lines: lines.map(({ sku, units }) => ({ sku, units })) }
    }
    case 'review.posted':
      return { type: kind, ...header, sku: lines[0]?.sku ?? '', rating }
    case 'purchase.placed':
      return {
        type: kind,
        ...header,
        purchaseOrderId: id,
        supplier: 'supplier',
        lines: lines.map(({ sku, units }) => ({ sku, units })),
      }
    default:
      throw new Error(`no random event of type ${kind}`)
  }
}

function saleFields({ store, channel, customer, tender }: RandomEvent, id: string, total: number) {
  const tenders =
    tender === 'split'
      ? {
          tenders: [
            { type: 'card', amount: formatAmount(Math.floor(total / 3)) },
            { type: 'cash', amount: formatAmount(Math.floor(total / 3)) },
            { type: 'card', amount: formatAmount(total - 2 * Math.floor(total / 3)) },
          ],
        }
      : tender === 'one'
        ? { tender: 'cash' }
        : {}
  return {
    channel,
    currency: store.currency,
    orderId: id,
    ...(customer === undefined ? {} : { customer }),
    ...tenders,
  }
}
