import { plural } from '#app/format/number.ts'
import type { RouterOutputs, StoreSummary } from '#app/trpc/router-outputs.ts'
import { type Instant, MINUTE_MS } from '#domain/instant.ts'
import { type Amount, parseAmount } from '#domain/money.ts'
import type { LiveSale, LiveWindow } from '#server/web/live/messages.ts'

type Board = RouterOutputs['live']['board']

/** Exact sums, in 1/10,000 of one currency. */
interface SalesSum {
  net: Amount
  orders: number
}

/** A part of the windows. */
interface Span {
  /** Empty: all. */
  stores: readonly string[]
  currency: string
  /** Half-open: windows that begin in [from, to). */
  from: Instant
  to: Instant
}

/** What the windows of a span add up to. */
export function sumWindows(windows: Iterable<LiveWindow>, { stores, currency, from, to }: Span): SalesSum {
  const sum: SalesSum = { net: 0, orders: 0 }
  for (const window of windows) {
    if (window.currency !== currency || window.windowStart < from || window.windowStart >= to) continue
    if (stores.length > 0 && !stores.includes(window.store)) continue
    sum.net += amountOf(window.net)
    sum.orders += window.orders
  }
  return sum
}

/** One store's day in one currency, beside the like day a week ago up to the like moment. */
export interface StoreDay {
  store: string
  currency: string
  today: SalesSum
  weekAgo: SalesSum
  /** Net of the 15 minutes before the like moment. */
  weekAgoMinutes: Amount
}

/**
 * The day so far by store and currency: of the windows the server has added up those before `settledBefore`,
 * the socket tells the rest. Each window is in exactly one of the two, so the figure moves with every sale.
 */
export function dayByStore(board: Board, windows: Iterable<LiveWindow>): StoreDay[] {
  const days = new Map<string, StoreDay>()
  const begins = new Map(
    board.stores.map(({ store, dayStart }) => [store, Math.max(dayStart, board.settledBefore)]),
  )
  const dayOf = (store: string, currency: string): StoreDay => {
    const known = days.get(`${store} ${currency}`)
    if (known) return known
    const nothing = { net: 0, orders: 0 }
    const day = { store, currency, today: { ...nothing }, weekAgo: { ...nothing }, weekAgoMinutes: 0 }
    days.set(`${store} ${currency}`, day)
    return day
  }
  for (const sales of board.sales) {
    const day = dayOf(sales.store, sales.currency)
    day.today = { net: amountOf(sales.settledNet), orders: sales.settledOrders }
    day.weekAgo = { net: amountOf(sales.weekAgoNet), orders: sales.weekAgoOrders }
    day.weekAgoMinutes = amountOf(sales.weekAgoMinutesNet)
  }
  for (const window of windows) {
    const from = begins.get(window.store)
    if (from === undefined || window.windowStart < from) continue
    const { today } = dayOf(window.store, window.currency)
    today.net += amountOf(window.net)
    today.orders += window.orders
  }
  return [...days.values()]
}

/**
 * A store's day so far, zero where it has sold nothing. Null: not known, as a store that sends its day in a file has told
 * nothing of it yet.
 */
export function knownDayOf(
  { input }: Pick<StoreSummary, 'input'>,
  day: StoreDay | undefined,
): StoreDay['today'] | null {
  const today = day?.today ?? { net: 0, orders: 0 }
  return input === 'journal' && today.net === 0 && today.orders === 0 ? null : today
}

/** How many of the store-days that a figure is held against are on file. */
export interface Coverage {
  storeDays: number
  onFile: number
}

/** Of days in one currency: each store that sold today or on the like day a week ago is one store-day. */
export function coverageOf(days: readonly StoreDay[], board: Board): Coverage {
  const onFile = new Set(board.stores.flatMap(({ store, isWeekAgoOnFile }) => (isWeekAgoOnFile ? store : [])))
  return { storeDays: days.length, onFile: days.filter(({ store }) => onFile.has(store)).length }
}

/** Today's figure and the one it is held against may be of moments so far apart. */
const LIKE_MOMENT_MS = MINUTE_MS

/** Whether both sides are of a like moment: a board that is not read any more stands for an earlier one. */
export function areOfLikeMoment(knownUpTo: Instant, board: Pick<Board, 'knownUpTo'>): boolean {
  return Math.abs(knownUpTo - board.knownUpTo) <= LIKE_MOMENT_MS
}

/** A figure against that of a week ago, in words; `show` writes an amount. Without every store-day there is no percentage. */
export function changeText(
  { value, weekAgo }: { value: Amount; weekAgo: Amount },
  { storeDays, onFile }: Coverage,
  show: (amount: Amount) => string,
): string {
  if (storeDays === 0) return 'nothing on file a week ago'
  const coverage = `${onFile} of ${plural(storeDays, 'store-day')}`
  if (onFile < storeDays) return `${coverage} on file a week ago`
  const change = percentChange(value, weekAgo)
  return `${change === null ? '' : `${change}, `}${show(weekAgo)} a week ago, ${coverage}`
}

/**
 * Change against a base: `+12%`, `−3%`, `×115` from tenfold on, `New` where there was nothing; null where neither is
 * anything, or a percentage would mean nothing (more was brought back than sold).
 */
export function percentChange(value: number, base: number): string | null {
  if (base === 0) return value === 0 ? null : 'New'
  if (base < 0) return null
  if (value >= 10 * base) return `×${Math.round(value / base)}`
  const percent = Math.round(((value - base) / base) * 100)
  return percent > 0 ? `+${percent}%` : `${percent}%`.replace('-', '−')
}

function amountOf(decimal: string): Amount {
  return parseAmount(decimal) ?? 0
}

/** A store that sold this recently is open, whatever its habits. */
const SELLING_MS = 15 * MINUTE_MS

/**
 * When a store sold last, as exactly as is known: the feed knows the second, windows the minute, and for a
 * store that was quiet for hours only the server knows.
 */
export function lastSaleOf(
  store: string,
  {
    sales,
    windows,
    board,
  }: {
    sales: readonly LiveSale[]
    /** Those of the store. */
    windows: readonly LiveWindow[]
    board: { lastWindowStart: Instant | null } | undefined
  },
): Instant | null {
  const minute = Math.max(board?.lastWindowStart ?? 0, ...windows.map(({ windowStart }) => windowStart))
  const exact = sales
    .filter(sale => sale.store === store && sale.eventTime >= minute)
    .reduce((latest, { eventTime }) => Math.max(latest, eventTime), 0)
  return Math.max(minute, exact) || null
}

type Opening = 'open' | 'usually open' | 'usually closed' | 'online' | 'unknown'

/** Whether a store sells now: by what it does that is known, by what it used to do at this time of day only likely. */
export function openingOf(
  { channel }: Pick<StoreSummary, 'channel'>,
  { lastSale, usuallyOpen, now }: { lastSale: Instant | null; usuallyOpen: boolean | null; now: Instant },
): Opening {
  if (channel === 'online') return 'online'
  if (lastSale !== null && now - lastSale < SELLING_MS) return 'open'
  if (usuallyOpen === null) return 'unknown'
  return usuallyOpen ? 'usually open' : 'usually closed'
}
