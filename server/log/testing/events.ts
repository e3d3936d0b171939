import { createHash } from 'node:crypto'
import type { LogEvent } from '#domain/log-event.ts'

/** An order for tests of the log; what is not given is ordinary. The body hash follows the content. */
export function testEvent(fields: {
  id: string
  partition: number
  source?: string
  units?: number
  skus?: string[]
  eventTime?: number
}): LogEvent {
  const {
    id,
    partition,
    source = 'till',
    units = 2,
    skus = ['tea', 'milk'],
    eventTime = Date.UTC(2026, 10, 20, 9),
  } = fields
  const totalUnits = units * skus.length
  return {
    source,
    id,
    partition,
    type: 'order.placed',
    class: 'live',
    store: `store-${partition}`,
    channel: 'pos',
    register: null,
    eventTime,
    businessDay: new Date(eventTime).toISOString().slice(0, 10),
    currency: 'EUR',
    orderId: id,
    customer: null,
    totalUnits,
    totalGross: totalUnits * 25_500,
    totalDiscounts: 0,
    totalReturns: 0,
    totalTax: 0,
    lines: {
      skus,
      units: skus.map(() => units),
      unitPrices: skus.map(() => 25_500),
      amounts: null,
      discounts: null,
      taxes: null,
      refunds: null,
      stocked: null,
    },
    details: null,
    attributes: null,
    rulesVersion: 1,
    bodyHash: createHash('sha256')
      .update(JSON.stringify([partition, units, skus, eventTime]))
      .digest('hex')
      .slice(0, 32),
  }
}
