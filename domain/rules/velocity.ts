import { MINUTE_MS } from '#domain/instant.ts'
import type { Receipt } from '#domain/operators/alert.ts'
import { type OperatorEvent, textDetail } from '#domain/operators/event.ts'
import { receiptOf, rule } from '#domain/operators/rule.ts'
import { sliding } from '#domain/operators/windower.ts'

/** Receipts of one key that are kept: far above any count that is judged. */
const MOST_KEPT = 50

/** Order after order of one and the same, in minutes. */
function velocity(declared: {
  name: string
  title: string
  /** What the orders have in common: "with card", after which its key stands. */
  by: string
  label: string
  source: string
  keyOf(event: OperatorEvent): string | null
  orders: number
  describe(parameters: { orders: number; minutes: number }): string
  /** Of as many orders as are asked for. */
  score: number
}) {
  return rule({
    name: declared.name,
    kind: 'fraud',
    title: declared.title,
    describe: declared.describe,
    source: declared.source,
    parameters: {
      orders: { title: 'Orders', unit: 'orders', least: 2, most: MOST_KEPT, initial: declared.orders },
      minutes: { title: 'Within', unit: 'minutes', least: 1, most: 240, initial: 10 },
    },
    input(event) {
      if (event.type !== 'order.placed') return null
      const key = declared.keyOf(event)
      return key === null ? null : { key, item: receiptOf(event) }
    },
    window: ({ minutes }) => sliding<Receipt>({ lengthMs: minutes * MINUTE_MS, most: MOST_KEPT }),
    judge(receipts, { parameters: { orders, minutes }, key }) {
      if (receipts.length < orders) return null
      return {
        score: Math.min(100, declared.score + 10 * (receipts.length - orders)),
        summary: `${receipts.length} orders ${declared.by} ${key} within ${minutes} minutes`,
        figures: [{ label: declared.label, value: String(receipts.length), limit: `fewer than ${orders}` }],
        receipts: [...receipts],
      }
    },
    ends: 'with its window',
  })
}

/** One card pays again and again in minutes. */
export const cardVelocity = velocity({
  name: 'card_velocity',
  title: 'One card, many orders',
  by: 'with card',
  label: 'Orders with this card',
  source:
    'Velocity checks, the oldest of card fraud rules: Bolton & Hand, "Statistical Fraud Detection: A Review", Statistical Science 17(3), 2002.',
  keyOf: event => textDetail(event, 'cardToken'),
  orders: 4,
  describe: ({ orders, minutes }) => `${orders} orders or more paid with one card within ${minutes} minutes.`,
  score: 60,
})

/** One known customer orders again and again in minutes: an account taken over, or a reseller's script. */
export const customerVelocity = velocity({
  name: 'customer_velocity',
  title: 'One customer, many orders',
  by: 'of customer',
  label: 'Orders of this customer',
  source:
    'Velocity checks: Bolton & Hand, "Statistical Fraud Detection: A Review", Statistical Science 17(3), 2002.',
  keyOf: event => event.customer,
  orders: 5,
  describe: ({ orders, minutes }) => `${orders} orders or more of one customer within ${minutes} minutes.`,
  score: 50,
})
