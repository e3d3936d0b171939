import { addDays } from '#domain/calendar.ts'
import { HOUR_MS, type Instant } from '#domain/instant.ts'
import { moneyText } from '#domain/money.ts'
import { receiptOf } from '#domain/operators/rule.ts'
import { type Finding, type KeyedContext, keyedRule, type RuleDocument } from './batch-rule.ts'

/** A file is loaded within this, from its first row on. */
const LOADED_WITHIN_MS = HOUR_MS

/**
 * Money goes back for an order that was never rung up. A return that names no order at all is not its matter: those are
 * counted in bursts, by the stream (`refunds_by_cashier`).
 */
export const refundOfUnknownOrder = keyedRule({
  name: 'refund_of_unknown_order',
  kind: 'fraud',
  title: 'Refund of an order that nobody knows',
  describe: ({ hours, days }) =>
    `A return that names an order which no store has sent within ${hours} hours after it, nor with the files up to its day; only of stores whose log goes back ${days} days before it.`,
  source:
    'Fictitious refunds: Association of Certified Fraud Examiners, "Fraud Examiners Manual", register disbursements.',
  parameters: {
    hours: { title: 'Wait for the order', unit: 'hours', least: 1, most: 720, initial: 24 },
    days: { title: 'Goods are taken back for', unit: 'days', least: 0, most: 400, initial: 45 },
  },
  by: 'order',
  waitsMs: ({ hours }) => hours * HOUR_MS,
  judge(documents, context) {
    const orders = documents.filter(({ type }) => type !== 'order.returned')
    const due = documents
      .flatMap(document => lookedAt(document, context) ?? [])
      // Who is looked at first begins the episode, whenever somebody looks.
      .sort((one, other) => one.dueAt - other.dueAt)
      .filter(one => isUnknown(one, { orders, context }))
    return [...Map.groupBy(due, ({ document }) => document.store).values()].flatMap(own => {
      const [first] = own
      return first ? [findingOf(first, own, orders)] : []
    })
  },
})

type Context = KeyedContext<{ hours: never; days: never }>

interface Due {
  document: RuleDocument
  dueAt: Instant
  version: number
  days: number
}

/** A return whose order should be there by now; null where it may still come. */
function lookedAt(document: RuleDocument, { ruleAt, filesIn, through }: Context): Due | null {
  if (document.type !== 'order.returned') return null
  const rule = ruleAt(document.eventTime)
  const filesAt = filesIn(document.store, document.businessDay)
  if (!rule || filesAt === null) return null
  const { hours, days } = rule.parameters
  const dueAt = Math.max(document.appendedAt + hours * HOUR_MS, filesAt + LOADED_WITHIN_MS)
  return dueAt > through ? null : { document, dueAt, version: rule.version, days }
}

function isUnknown(
  { document: { store, businessDay }, dueAt, days }: Due,
  { orders, context }: { orders: readonly RuleDocument[]; context: Context },
): boolean {
  if (orders.some(({ appendedAt }) => appendedAt <= dueAt)) return false
  const began = context.logBegan(store, dueAt)
  // Of the days before nothing is known, and what they sold may well come back.
  return began !== null && businessDay >= addDays(began, days)
}

function findingOf(first: Due, own: readonly Due[], orders: readonly RuleDocument[]): Finding {
  const { document } = first
  const returns = own.map(one => one.document)
  const [order] = orders
  const latest = returns.reduce((newest, { eventTime }) => Math.max(newest, eventTime), 0)
  const refunded = new Map<string, number>()
  for (const { currency, totalReturns } of returns)
    refunded.set(currency ?? '', (refunded.get(currency ?? '') ?? 0) + totalReturns)
  const amounts = [...refunded].map(([currency, amount]) => moneyText(amount, currency)).join(', ')
  return {
    score: Math.min(100, 50 + 15 * (returns.length - 1)),
    summary: `${amounts} refunded of order ${document.order}, which nobody has sent`,
    figures: [
      { label: 'Orders of that number', value: order ? '1, later' : '0', limit: '1' },
      { label: 'Returns that name it', value: String(returns.length) },
      { label: 'Refunded', value: amounts },
    ],
    receipts: returns.map(receiptOf),
    began: document,
    ruleVersion: first.version,
    store: document.store,
    register: document.register,
    subject: document.order ?? '',
    openedAt: document.eventTime,
    amendedAt: latest,
    resolvedAt: order ? Math.max(latest, order.eventTime) : null,
  }
}
