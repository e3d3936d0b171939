import { type Amount, moneyText } from '#domain/money.ts'
import type { Judgement } from '#domain/operators/alert.ts'
import { receiptOf } from '#domain/operators/rule.ts'
import { type Finding, type KeyedContext, keyedRule, type RuleDocument } from './batch-rule.ts'

/** A number that more orders of a store bear is a counter that begins anew: it names none of them. */
const MOST_ORDERS = 20

/** What was bought under a number in a store. Voids count against it. */
interface Purchase {
  orders: number
  units: Map<string, number>
  /** What customers paid, by currency: with tax where prices are without, and with charges. */
  paid: Map<string, Amount>
  documents: RuleDocument[]
}

/**
 * More comes back of an order than was bought, by units of a product or by money, over all its returns, weeks apart and
 * in whatever order they come. A return at another store is held against the order where only one store has it.
 */
export const refundBeyondPurchase = keyedRule({
  name: 'refund_beyond_purchase',
  kind: 'fraud',
  title: 'More refunded than was bought',
  describe: ({ units, percent }) =>
    `Returns of one order that together give back ${units} ${units === 1 ? 'unit' : 'units'} of a product more than it bought, or over ${percent}% more money; what was voided was not bought.`,
  source:
    'Refund schemes, "overstated refunds" and refunds of what was refunded before: Association of Certified Fraud Examiners, "Fraud Examiners Manual", register disbursements.',
  parameters: {
    units: { title: 'Units beyond', unit: 'units', least: 1, most: 100, initial: 1 },
    percent: { title: 'Money beyond', unit: '%', least: 0, most: 100, initial: 1 },
  },
  by: 'order',
  judge(documents, context) {
    const purchases = new Map<string, Purchase>()
    const returns: RuleDocument[] = []
    const findings = new Map<string, Finding>()
    const seen: RuleDocument[] = []
    for (const document of documents) {
      seen.push(document)
      if (document.type === 'order.returned') returns.push(document)
      else buy(purchases, document, context)
      for (const [store, purchase] of purchases) {
        const own = returns.filter(one => purchaseOf(one, purchases) === store)
        const known = findings.get(store)
        const found = judgePurchase(purchase, own, context)
        const now = seen.reduce((latest, { eventTime }) => Math.max(latest, eventTime), 0)
        if (!found) {
          if (known?.resolvedAt === null) findings.set(store, { ...known, resolvedAt: now })
        } else if (known) {
          findings.set(store, { ...known, ...found.judgement, amendedAt: now, resolvedAt: null })
        } else {
          const last = own.at(-1) ?? document
          findings.set(store, {
            ...found.judgement,
            began: document,
            ruleVersion: found.version,
            store: last.store,
            register: last.register,
            subject: document.order ?? '',
            openedAt: now,
            amendedAt: now,
            resolvedAt: null,
          })
        }
      }
    }
    return [...findings.values()]
  },
})

type Context = KeyedContext<{ units: never; percent: never }>

function buy(
  purchases: Map<string, Purchase>,
  document: RuleDocument,
  { storeAt }: Pick<Context, 'storeAt'>,
): void {
  const { store, eventTime, currency, skus, units } = document
  const sign = document.type === 'order.placed' ? 1 : -1
  const nothing: Purchase = { orders: 0, units: new Map(), paid: new Map(), documents: [] }
  const purchase = purchases.get(store) ?? nothing
  purchases.set(store, purchase)
  if (sign === 1) purchase.orders += 1
  skus.forEach((sku, line) => {
    purchase.units.set(sku, (purchase.units.get(sku) ?? 0) + sign * (units[line] ?? 0))
  })
  const tax = storeAt(store, eventTime)?.taxInclusive === false ? document.totalTax : 0
  const paid = document.totalGross - document.totalDiscounts + tax + document.totalCharges
  purchase.paid.set(currency ?? '', (purchase.paid.get(currency ?? '') ?? 0) + sign * paid)
  purchase.documents.push(document)
}

/** The store whose order a return gives back: its own, or the only other one that has an order of that number. */
function purchaseOf({ store }: RuleDocument, purchases: ReadonlyMap<string, Purchase>): string | null {
  if (purchases.has(store)) return store
  const [only, ...others] = purchases.keys()
  return others.length === 0 ? (only ?? null) : null
}

function judgePurchase(
  purchase: Purchase,
  returns: readonly RuleDocument[],
  { ruleAt }: Pick<Context, 'ruleAt'>,
): { judgement: Judgement; version: number } | null {
  const last = returns.at(-1)
  if (!last || purchase.orders === 0 || purchase.orders > MOST_ORDERS) return null
  const rule = ruleAt(last.eventTime)
  if (!rule) return null
  const { units, percent } = rule.parameters
  const back = new Map<string, number>()
  const refunded = new Map<string, Amount>()
  for (const { skus, units: given, currency, totalReturns, totalCharges } of returns) {
    skus.forEach((sku, line) => {
      back.set(sku, (back.get(sku) ?? 0) + (given[line] ?? 0))
    })
    refunded.set(currency ?? '', (refunded.get(currency ?? '') ?? 0) + totalReturns + totalCharges)
  }
  const beyond = [...back]
    .map(([sku, count]) => ({ sku, count, bought: purchase.units.get(sku) ?? 0 }))
    .filter(({ count, bought }) => count - bought >= units)
    .sort((one, other) => other.count - other.bought - (one.count - one.bought))
  // Another currency than the order's is not held against it.
  const money = [...refunded].flatMap(([currency, amount]) => {
    const paid = purchase.paid.get(currency)
    return paid === undefined ? [] : [{ currency, amount, paid }]
  })
  const overpaid = money.filter(({ amount, paid }) => amount > paid * (1 + percent / 100))
  const [worst] = beyond
  const [dearest] = overpaid
  if (!worst && !dearest) return null
  const excess = beyond.reduce((sum, { count, bought }) => sum + count - bought, 0)
  const isTwice = overpaid.some(({ amount, paid }) => amount >= 2 * paid)
  const documents = [...purchase.documents, ...returns]
  return {
    version: rule.version,
    judgement: {
      score: Math.min(100, 60 + 5 * excess + (isTwice ? 15 : 0)),
      summary: worst
        ? `${worst.count} × ${worst.sku} given back of order ${last.order}, which bought ${worst.bought}`
        : `${moneyText(dearest?.amount ?? 0, dearest?.currency ?? '')} refunded of order ${last.order}, which cost ${moneyText(dearest?.paid ?? 0, dearest?.currency ?? '')}`,
      figures: [
        { label: 'Returns of the order', value: String(returns.length) },
        ...beyond.slice(0, 5).map(({ sku, count, bought }) => ({
          label: `Given back of ${sku}`,
          value: String(count),
          limit: `at most ${bought}, as bought`,
        })),
        ...money.map(({ currency, amount, paid }) => ({
          label: `Refunded in ${currency}`,
          value: moneyText(amount, currency),
          limit: `at most ${moneyText(paid, currency)}, as paid`,
        })),
      ],
      receipts: documents.map(receiptOf),
    },
  }
}
