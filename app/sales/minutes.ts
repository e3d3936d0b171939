import { type Instant, MINUTE_MS } from '#domain/instant.ts'
import { type Amount, formatAmount, parseAmount } from '#domain/money.ts'
import { type WindowState, windowStartOf } from '#domain/window.ts'
import type { LiveWindow } from '#server/web/live/messages.ts'

/** Shown where nothing else is asked for. */
export const SHOWN_MINUTES = 60

/** A minute over the stores and channels in scope: the sum of their windows. */
export interface Minute {
  start: Instant
  /** Decimal strings with four decimals. */
  net: string
  returns: string
  orders: number
  units: number
  /** Null without any sale. Of several windows the least settled: one open window can still move the sum. */
  state: WindowState | null
  /** Late events it has counted. */
  revision: number
  lateNet: string
}

/** Which windows are looked at. */
export interface MinuteScope {
  /** Empty: all. */
  stores: readonly string[]
  currency: string
  /** The last minute shown is the one this instant lies in. */
  now: Instant
  /** How many minutes; the live socket knows of the last 120. */
  count?: number
}

/** The last hour (or so), minute by minute, those without a sale among them. */
export function minutesOf(windows: Iterable<LiveWindow>, scope: MinuteScope): Minute[] {
  const last = windowStartOf(scope.now)
  const { count = SHOWN_MINUTES } = scope
  const sums = Array.from({ length: count }, (_, index) => emptySum(last - (count - 1 - index) * MINUTE_MS))
  for (const window of windows) {
    if (window.currency !== scope.currency) continue
    if (scope.stores.length > 0 && !scope.stores.includes(window.store)) continue
    const sum = sums[count - 1 - (last - window.windowStart) / MINUTE_MS]
    if (sum) add(sum, window)
  }
  return sums.map(({ net, returns, lateNet, ...rest }) => ({
    ...rest,
    net: formatAmount(net),
    returns: formatAmount(returns),
    lateNet: formatAmount(lateNet),
  }))
}

/** The newest moment the windows know of, for a page whose clock is not the stream's. */
export function newestMinute(windows: Iterable<LiveWindow>): Instant {
  let newest = 0
  for (const { windowStart } of windows) newest = Math.max(newest, windowStart)
  return newest
}

type Sum = Omit<Minute, 'net' | 'returns' | 'lateNet'> & { net: Amount; returns: Amount; lateNet: Amount }

function emptySum(start: Instant): Sum {
  return { start, net: 0, returns: 0, orders: 0, units: 0, state: null, revision: 0, lateNet: 0 }
}

function add(sum: Sum, window: LiveWindow): void {
  sum.net += parseAmount(window.net) ?? 0
  sum.returns += parseAmount(window.returns) ?? 0
  sum.lateNet += parseAmount(window.lateNet) ?? 0
  sum.orders += window.orders
  sum.units += window.units
  sum.revision += window.revision
  sum.state = lessSettled(sum.state, window.state)
}

const SETTLED: readonly WindowState[] = ['open', 'closed', 'final']

function lessSettled(one: WindowState | null, other: WindowState): WindowState {
  return one === null || SETTLED.indexOf(other) < SETTLED.indexOf(one) ? other : one
}
