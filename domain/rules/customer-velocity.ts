import { MINUTE_MS } from '#domain/instant.ts'
import type { Receipt } from '#domain/operators/alert.ts'
import { receiptOf, rule } from '#domain/operators/rule.ts'
import { sliding } from '#domain/operators/windower.ts'

const MOST_KEPT = 50

/** One known customer orders again and again in minutes: an account taken over, or a reseller's script. */
export const customerVelocity = rule({
  name: 'customer_velocity',
  kind: 'fraud',
  title: 'One customer, many orders',
  describe: ({ orders, minutes }) => `${orders} orders or more of one customer within ${minutes} minutes.`,
  source:
    'Velocity checks: Bolton & Hand, "Statistical Fraud Detection: A Review", Statistical Science 17(3), 2002.',
  parameters: {
    orders: { title: 'Orders', unit: 'orders', least: 2, most: MOST_KEPT, initial: 5 },
    minutes: { title: 'Within', unit: 'minutes', least: 1, most: 240, initial: 10 },
  },
  input: event =>
    event.type === 'order.placed' && event.customer !== null
      ? { key: event.customer, item: receiptOf(event) }
      : null,
  window: ({ minutes }) => sliding<Receipt>({ lengthMs: minutes * MINUTE_MS, most: MOST_KEPT }),
  judge(receipts, { parameters: { orders, minutes }, key }) {
    if (receipts.length < orders) return null
    return {
      score: Math.min(100, 50 + 10 * (receipts.length - orders)),
      summary: `${receipts.length} orders of customer ${key} within ${minutes} minutes`,
      figures: [
        { label: 'Orders of this customer', value: String(receipts.length), limit: `fewer than ${orders}` },
      ],
      receipts: [...receipts],
    }
  },
  ends: 'with its window',
})
