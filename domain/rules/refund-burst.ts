import { MINUTE_MS } from '#domain/instant.ts'
import { moneyText, parseAmount } from '#domain/money.ts'
import type { Receipt } from '#domain/operators/alert.ts'
import { type OperatorEvent, textDetail } from '#domain/operators/event.ts'
import { receiptOf, rule } from '#domain/operators/rule.ts'
import { sliding } from '#domain/operators/windower.ts'

const MOST_KEPT = 60

interface Refund {
  receipt: Receipt
  /** It names no order that goods were bought with. */
  isUnmatched: boolean
}

/** Refund after refund by one hand: the commonest way in which money leaves a till. */
function refundBurst(declared: {
  name: string
  title: string
  /** Of whom a burst is: a word for whom and the one before it. */
  by: readonly ['by' | 'at', string]
  keyOf(event: OperatorEvent): string | null
}) {
  const [by, whom] = declared.by
  return rule({
    name: declared.name,
    kind: 'fraud',
    title: declared.title,
    describe: ({ refunds, minutes }) =>
      `${refunds} refunds or more ${by} one ${whom} within ${minutes} minutes; refunds that name no order count twice.`,
    source:
      'Refund fraud as ranked first among tills by exception reporting: ECR Retail Loss Group, "Self-checkout and till fraud", and NRF, "National Retail Security Survey".',
    parameters: {
      refunds: { title: 'Refunds', unit: 'refunds', least: 2, most: MOST_KEPT, initial: 6 },
      minutes: { title: 'Within', unit: 'minutes', least: 1, most: 480, initial: 30 },
    },
    input(event) {
      if (event.type !== 'order.returned') return null
      const key = declared.keyOf(event)
      if (key === null) return null
      const isUnmatched = textDetail(event, 'originalOrderId') === null
      return { key, item: { receipt: receiptOf(event), isUnmatched } }
    },
    window: ({ minutes }) => sliding<Refund>({ lengthMs: minutes * MINUTE_MS, most: MOST_KEPT }),
    judge(items, { parameters: { refunds, minutes }, key }) {
      const unmatched = items.filter(({ isUnmatched }) => isUnmatched).length
      const weight = items.length + unmatched
      if (weight < refunds) return null
      const sum = items.reduce((total, { receipt }) => total + (parseAmount(receipt.net) ?? 0), 0)
      const currency = items[0]?.receipt.currency ?? ''
      return {
        score: Math.min(100, 60 + 5 * (weight - refunds) + (unmatched > 0 ? 10 : 0)),
        summary: `${items.length} refunds ${by} ${whom} ${key} within ${minutes} minutes, ${moneyText(-sum, currency)}`,
        figures: [
          { label: 'Refunds', value: String(items.length), limit: `fewer than ${refunds}` },
          { label: 'Of them without an order', value: String(unmatched) },
          { label: 'Paid out', value: moneyText(-sum, currency) },
        ],
        receipts: items.map(({ receipt }) => receipt),
      }
    },
    ends: 'with its window',
  })
}

export const refundsByCashier = refundBurst({
  name: 'refunds_by_cashier',
  title: 'Refunds in a burst by one cashier',
  by: ['by', 'cashier'],
  keyOf: event => textDetail(event, 'cashier'),
})

export const refundsAtRegister = refundBurst({
  name: 'refunds_at_register',
  title: 'Refunds in a burst at one till',
  by: ['at', 'till'],
  // Where the cashier is known, that is whom it is about.
  keyOf: event => (textDetail(event, 'cashier') === null ? event.register : null),
})
