import type { StoreSummary } from '#app/trpc/router-outputs.ts'
import { type Instant, MINUTE_MS } from '#domain/instant.ts'
import type { LiveSale, LiveWindow } from '#server/web/live/messages.ts'

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

export type Opening = 'open' | 'closed' | 'online' | 'unknown'

/** Whether a store sells now, by what it does and what it used to do at this time of day. */
export function openingOf(
  { channel }: Pick<StoreSummary, 'channel'>,
  { lastSale, usuallyOpen, now }: { lastSale: Instant | null; usuallyOpen: boolean | null; now: Instant },
): Opening {
  if (channel === 'online') return 'online'
  if (lastSale !== null && now - lastSale < SELLING_MS) return 'open'
  if (usuallyOpen === null) return 'unknown'
  return usuallyOpen ? 'open' : 'closed'
}
