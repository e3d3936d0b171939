import { MINUTE_MS } from '#domain/instant.ts'
import type { Receipt } from '#domain/operators/alert.ts'
import { isPaidBy, textDetail } from '#domain/operators/event.ts'
import { receiptOf, rule } from '#domain/operators/rule.ts'
import { sliding } from '#domain/operators/windower.ts'

const MOST_KEPT = 60

/** A cash sale, or a void, at one till; of a sale no more than its number is needed. */
type Item = { orderId: string | null } | { receipt: Receipt }

/** The customer pays cash and leaves; the sale is voided, and the cash has no document any more. */
export const voidAfterCash = rule({
  name: 'void_after_cash',
  kind: 'fraud',
  title: 'Voids right after cash sales',
  describe: ({ voids, minutes }) =>
    `${voids} cash sales or more at one till that were voided within ${minutes} minutes.`,
  source:
    'Void fraud as a scheme of "register disbursements": Association of Certified Fraud Examiners, "Fraud Examiners Manual".',
  parameters: {
    voids: { title: 'Voids', unit: 'voids', least: 1, most: 20, initial: 3 },
    minutes: { title: 'Within', unit: 'minutes', least: 1, most: 240, initial: 30 },
  },
  input(event) {
    const key = textDetail(event, 'cashier') ?? event.register
    if (key === null) return null
    if (event.type === 'order.voided') return { key, item: { receipt: receiptOf(event) } as Item }
    if (event.type !== 'order.placed' || !isPaidBy(event, 'cash')) return null
    return { key, item: { orderId: event.orderId } as Item }
  },
  window: ({ minutes }) => sliding<Item>({ lengthMs: minutes * MINUTE_MS, most: MOST_KEPT }),
  judge(items, { parameters: { voids, minutes }, key, event }) {
    if (event.type !== 'order.voided') return null
    const cash = new Set(items.flatMap(item => ('orderId' in item ? [item.orderId] : [])))
    const found = items.flatMap(item =>
      'receipt' in item && cash.has(item.receipt.orderId) ? [item.receipt] : [],
    )
    if (found.length < voids) return null
    return {
      score: Math.min(100, 65 + 10 * (found.length - voids)),
      summary: `${found.length} cash sales voided within ${minutes} minutes by ${key}`,
      figures: [{ label: 'Voids of cash sales', value: String(found.length), limit: `fewer than ${voids}` }],
      receipts: found,
    }
  },
  ends: 'with its window',
})
