import { MINUTE_MS } from '#domain/instant.ts'
import { netOf, salesEffect } from '#domain/measures.ts'
import { textDetail } from '#domain/operators/event.ts'
import type { SessionMetric } from '#domain/operators/metric.ts'

/**
 * Who orders in the web shop, and goes on ordering: the orders of one session id, or of one customer where none was
 * sent, until half an hour passes without another. Orders as they were placed: what is voided or brought back later is
 * another thing than what was done in the session.
 *
 * The currency is part of the key, since an amount is of one currency.
 */
export const onlineSessions: SessionMetric = {
  name: 'online_sessions',
  title: 'Online sessions',
  gapMs: 30 * MINUTE_MS,
  input(event) {
    if (event.type !== 'order.placed' || event.channel !== 'online') return null
    const who = textDetail(event, 'session') ?? event.customer
    const effect = salesEffect(event)
    if (who === null || effect === null) return null
    return {
      key: `${who} ${event.currency}`,
      adds: { orders: 1, units: effect.units, net: netOf(effect), views: 0 },
    }
  },
}
