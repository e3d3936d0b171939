import { useState } from 'react'
import type { RouterInputs, StoreSummary } from '#app/trpc/router-outputs.ts'
import { AppliedCard } from './applied-card.tsx'
import { HintsCard } from './hints-card.tsx'
import { LiveHintsCard } from './live-hints-card.tsx'
import { PriceDialog, type ThoughtPrice } from './price-dialog.tsx'

/** What the stream would have people do about prices now, what the night would, what they set, and what it did. */
export function PricesView({
  scope,
  stores,
  now,
  zone,
}: {
  scope: NonNullable<RouterInputs['restock']['priceHints']>
  stores: readonly StoreSummary[]
  now: number
  zone: string
}) {
  const [thought, setThought] = useState<ThoughtPrice | null>(null)
  const common = { scope, stores, now, zone, onThought: setThought }
  return (
    <div className="grid gap-3">
      <AppliedCard {...common} />
      <LiveHintsCard {...common} />
      <HintsCard {...common} />
      <PriceDialog thought={thought} onClose={() => setThought(null)} />
    </div>
  )
}
