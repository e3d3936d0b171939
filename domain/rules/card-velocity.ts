import { MINUTE_MS } from '#domain/instant.ts'
import type { Receipt } from '#domain/operators/alert.ts'
import { textDetail } from '#domain/operators/event.ts'
import { receiptOf, rule } from '#domain/operators/rule.ts'
import { sliding } from '#domain/operators/windower.ts'

/** Receipts of one card that are kept: far above any count that is judged. */
const MOST_KEPT = 50

/** One card pays again and again in minutes. */
export const cardVelocity = rule({
  name: 'card_velocity',
  kind: 'fraud',
  title: 'One card, many orders',
  describe: ({ orders, minutes }) => `${orders} orders or more paid with one card within ${minutes} minutes.`,
  source:
    'Velocity checks, the oldest of card fraud rules: Bolton & Hand, "Statistical Fraud Detection: A Review", Statistical Science 17(3), 2002.',
  parameters: {
    orders: { title: 'Orders', unit: 'orders', least: 2, most: MOST_KEPT, initial: 4 },
    minutes: { title: 'Within', unit: 'minutes', least: 1, most: 240, initial: 10 },
  },
  input(event) {
    if (event.type !== 'order.placed') return null
    const card = textDetail(event, 'cardToken')
    return card === null ? null : { key: card, item: receiptOf(event) }
  },
  window: ({ minutes }) => sliding<Receipt>({ lengthMs: minutes * MINUTE_MS, most: MOST_KEPT }),
  judge(receipts, { parameters: { orders, minutes }, key }) {
    if (receipts.length < orders) return null
    return {
      score: Math.min(100, 60 + 10 * (receipts.length - orders)),
      summary: `${receipts.length} orders with card ${key} within ${minutes} minutes`,
      figures: [
        { label: 'Orders with this card', value: String(receipts.length), limit: `fewer than ${orders}` },
      ],
      receipts: [...receipts],
    }
  },
  ends: 'with its window',
})
