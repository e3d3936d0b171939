'use client'

import type { FeedKind } from '#app/live/url-state.ts'
import { arrivalOf } from '#app/side-by-side/arrival.ts'
import type { StoreSummary } from '#app/trpc/router-outputs.ts'
import { SegmentedControl } from '#app/ui/segmented-control.tsx'
import type { LiveSale } from '#server/web/live/messages.ts'

const KINDS = [
  { value: 'all', label: 'All' },
  { value: 'orders', label: 'Orders' },
  { value: 'returns', label: 'Returns' },
  { value: 'voids', label: 'Voids' },
  { value: 'late', label: 'Late' },
] as const satisfies { value: FeedKind; label: string }[]

/** Which sales the feed shows. */
export function FeedFilter({ kind, onKind }: { kind: FeedKind; onKind: (kind: FeedKind) => void }) {
  return <SegmentedControl label="Show" segments={KINDS} value={kind} onChange={onKind} />
}

/** Whether a sale is of a kind. Late is a matter of its arrival, whatever it is. */
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
