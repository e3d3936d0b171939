import type { ShortageRule } from '#domain/shortage.ts'
import type { News } from './subscription.ts'

/** A shortage in words, as a sentence begins. */
export const RULE_TITLES: Record<ShortageRule, string> = {
  out_of_stock: 'Out of stock',
  oversold: 'Oversold',
  stockout_before_delivery: 'Runs out',
  low_stock: 'Low stock',
}

const RULE_WORDS: Record<ShortageRule, string> = {
  out_of_stock: 'out of stock',
  oversold: 'oversold',
  stockout_before_delivery: 'running out',
  low_stock: 'low',
}

/** `4 out of stock, 3 low`; the worst first, nothing for none. */
export function countByRule(alerts: readonly { rule: string }[]): string {
  return (['out_of_stock', 'oversold', 'stockout_before_delivery', 'low_stock'] as const)
    .map(rule => ({ rule, count: alerts.filter(alert => alert.rule === rule).length }))
    .filter(({ count }) => count > 0)
    .map(({ rule, count }) => `${formatCount(count)} ${RULE_WORDS[rule]}`)
    .join(', ')
}

/** What is told of one alert: a title, a line below it, and where it leads. */
export interface Told {
  title: string
  detail: string
  /** A path of the dashboard. */
  href: string
}

/** What a shortage's message needs beside the alert itself; ids stand in for names that nobody knows. */
export interface ShortageFacts {
  sku: string
  productName: string | null
  storeName: string
  onHand: number
  onOrder: number
  /** When the shelf is empty, as the stores' clocks show it; null: not known, or empty already. */
  runsOut: string | null
}

/** `Low stock: Green tea` · `Berlin Mitte, 3 on hand, 0 on order, runs out Fri 14:30` */
export function tellShortage(rule: ShortageRule, facts: ShortageFacts): Told {
  const { sku, productName, storeName, onHand, onOrder, runsOut } = facts
  const parts = [
    storeName,
    `${formatCount(onHand)} on hand`,
    `${formatCount(onOrder)} on order`,
    ...(runsOut === null ? [] : [`runs out ${runsOut}`]),
  ]
  return {
    title: `${RULE_TITLES[rule]}: ${productName ?? sku}`,
    detail: parts.join(', '),
    href: '/restock',
  }
}

/** `4 orders with card card-1 within 10 minutes` · `Berlin Mitte, fraud` */
export function tellDetection(
  { alertId, kind }: Pick<News, 'alertId' | 'kind'>,
  { summary, storeName }: { summary: string; storeName: string },
): Told {
  return {
    title: summary,
    detail: `${storeName}, ${kind}`,
    href: `/alerts?alert=${encodeURIComponent(alertId)}`,
  }
}

/** As far as a digest needs to know a message. */
export interface DigestPart extends Told {
  kind: string
  rule: string
}

/** More than these at once are told as one, where there is little room. */
export const TOLD_ONE_BY_ONE = 2

/** Several messages in one line each: `3 new alerts` · `1 out of stock, 2 low`. */
export function tellTogether(parts: readonly DigestPart[]): Told {
  const [only] = parts
  if (only && parts.length === 1) return { title: only.title, detail: only.detail, href: only.href }
  const shortages = parts.filter(({ kind }) => kind === 'shortage')
  const found = parts.filter(({ kind }) => kind !== 'shortage')
  const kinds = [...Map.groupBy(found, ({ kind }) => kind)].map(
    ([kind, own]) => `${formatCount(own.length)} ${kind}`,
  )
  const details = [countByRule(shortages), ...kinds].filter(text => text !== '')
  return {
    title: `${formatCount(parts.length)} new alerts${shortages.length === 0 ? ' of rules' : ''}`,
    detail: details.join(', '),
    href: shortages.length > 0 ? '/restock' : '/alerts',
  }
}

const count = new Intl.NumberFormat('en-GB')

/** As the pages write whole numbers: `1,204`, and `−3` with a true minus. */
function formatCount(value: number): string {
  return count.format(value).replace('-', '−')
}
