import type { StoreSummary } from '#app/trpc/router-outputs.ts'
import type { FeedKind } from '#app/url-state.ts'
import { MINUTE_MS } from '#domain/instant.ts'
import type { LiveSale } from '#server/web/live/messages.ts'

/** How a sale came, as far as it is worth a word. */
export type Arrival = { kind: 'in-time' } | { kind: 'late'; byMs: number } | { kind: 'from-file' }

/** The stream holds a window open for 30 s of disorder after its minute: what comes later is late. */
const HELD_OPEN_MS = MINUTE_MS + 30_000

/**
 * A live sale that was processed long after it happened came late; one of a store that writes journals
 * came with its file, which is its way and not late. The windows know exactly; the feed goes by the clock.
 */
export function arrivalOf(sale: LiveSale, store: Pick<StoreSummary, 'input'> | undefined): Arrival {
  const byMs = sale.processedAt - sale.eventTime
  if (store?.input === 'journal') return { kind: 'from-file' }
  return byMs > HELD_OPEN_MS ? { kind: 'late', byMs } : { kind: 'in-time' }
}

/** Whether a sale is of a kind that the feed can be narrowed to. Late is a matter of its arrival, whatever it is. */
export function isOfKind(kind: FeedKind, sale: LiveSale, store: StoreSummary | undefined): boolean {
  switch (kind) {
    case 'all':
      return true
    case 'orders':
      return sale.type === 'order.placed'
    case 'returns':
      return sale.type === 'order.returned'
    case 'voids':
      return sale.type === 'order.voided'
    case 'late':
      return arrivalOf(sale, store).kind === 'late'
  }
}
