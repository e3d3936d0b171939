import { HOUR_MS } from '#domain/instant.ts'
import { netOf, salesEffect } from '#domain/measures.ts'
import { moneyText } from '#domain/money.ts'
import type { Receipt } from '#domain/operators/alert.ts'
import { receiptOf, rule } from '#domain/operators/rule.ts'
import { sliding } from '#domain/operators/windower.ts'

/** Below, the middle and the spread say little. */
const LEAST_DOCUMENTS = 200
/** A store of few prices has hardly any spread: then it is taken for this. */
const LEAST_SPREAD = 0.25

interface Odd {
  receipt: Receipt
  deviations: number
  /** As people write them. */
  amount: string
  usual: string
}

/** An order far outside what this store sells at this time of day. */
export const oddAmount = rule({
  name: 'odd_amount',
  kind: 'anomaly',
  title: 'An amount far outside the usual',
  describe: ({ deviations }) =>
    `An order whose amount lies more than ${deviations} robust standard deviations above what the store sells in these hours (on a logarithmic scale).`,
  source:
    'Median and MAD instead of mean and deviation, which outliers move: Leys et al., Journal of Experimental Social Psychology 49(4), 2013.',
  parameters: {
    deviations: { title: 'Deviations', unit: 'deviations', least: 3, most: 20, initial: 4 },
  },
  input(event, { parameters, reference }) {
    if (event.type !== 'order.placed' || event.currency === null) return null
    const effect = salesEffect(event)
    const net = effect === null ? 0 : netOf(effect)
    const sizes = net > 0 ? reference.orderSizes(event.store, event.currency, event.eventTime) : null
    if (sizes === null || sizes.documents < LEAST_DOCUMENTS) return null
    const deviations = (Math.log(net) - sizes.median) / Math.max(sizes.spread, LEAST_SPREAD)
    if (deviations <= parameters.deviations) return null
    const usual = moneyText(Math.round(Math.exp(sizes.median)), event.currency)
    const amount = moneyText(net, event.currency)
    return { key: event.orderId ?? event.id, item: { receipt: receiptOf(event), deviations, amount, usual } }
  },
  window: () => sliding<Odd>({ lengthMs: HOUR_MS, most: 5 }),
  judge(items, { parameters, item: { receipt, deviations, amount, usual } }) {
    return {
      score: Math.min(100, Math.round(40 + 5 * (deviations - parameters.deviations))),
      summary: `Order ${receipt.orderId ?? receipt.id} of ${amount}; ${usual} is usual in these hours`,
      figures: [
        { label: 'Amount', value: amount, limit: `${usual} in the middle` },
        { label: 'Deviations', value: deviations.toFixed(1), limit: String(parameters.deviations) },
      ],
      receipts: items.map(one => one.receipt),
    }
  },
  ends: 'with its window',
})
