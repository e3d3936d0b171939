import { HOUR_MS } from '#domain/instant.ts'
import { moneyText } from '#domain/money.ts'
import type { Receipt } from '#domain/operators/alert.ts'
import { textDetail } from '#domain/operators/event.ts'
import { receiptOf, rule } from '#domain/operators/rule.ts'
import { sliding } from '#domain/operators/windower.ts'

const MOST_KEPT = 25

interface Discounted {
  receipt: Receipt
  percent: number
  discount: string
}

/** A document whose discount is more than the house allows: sweethearting, or a code that leaked. */
export const highDiscount = rule({
  name: 'high_discount',
  kind: 'fraud',
  title: 'Discounts above the rule',
  describe: ({ percent, documents }) =>
    `${documents} documents or more within an hour, by one cashier (or at one till), with more than ${percent}% off.`,
  source:
    '"Sweethearting" as measured from till records: Brady, Voorhees & Brusco, Journal of Marketing 76(2), 2012.',
  parameters: {
    percent: { title: 'Discount above', unit: '%', least: 1, most: 99, initial: 55 },
    documents: { title: 'Documents', unit: 'documents', least: 1, most: MOST_KEPT, initial: 2 },
  },
  input(event, { parameters }) {
    if (event.type !== 'order.placed' || event.totalDiscounts === 0) return null
    const percent = (100 * event.totalDiscounts) / event.totalGross
    if (percent <= parameters.percent) return null
    const key = textDetail(event, 'cashier') ?? event.register ?? event.channel ?? ''
    const discount = moneyText(event.totalDiscounts, event.currency ?? '')
    return { key, item: { receipt: receiptOf(event), percent, discount } }
  },
  window: () => sliding<Discounted>({ lengthMs: HOUR_MS, most: MOST_KEPT }),
  judge(items, { parameters: { percent, documents }, key }) {
    if (items.length < documents) return null
    const highest = items.reduce((one, other) => (other.percent > one.percent ? other : one))
    return {
      score: Math.min(
        100,
        Math.round(40 + 10 * (items.length - documents) + (highest.percent - percent) / 2),
      ),
      summary: `${items.length} documents by ${key} with up to ${highest.percent.toFixed(0)}% off`,
      figures: [
        { label: 'Highest discount', value: `${highest.percent.toFixed(1)}%`, limit: `${percent}%` },
        { label: 'Taken off there', value: highest.discount },
      ],
      receipts: items.map(({ receipt }) => receipt),
    }
  },
  ends: 'with its window',
})
