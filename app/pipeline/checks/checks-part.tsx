'use client'

import { CompletenessCard } from '#app/pipeline/completeness-card.tsx'
import { FindingsCard } from '#app/pipeline/findings-card.tsx'
import { ReconciliationCard } from '#app/pipeline/reconciliation-card.tsx'

/** Whether both paths agree with each other, and the log with the tills. */
export function ChecksPart() {
  return (
    <>
      <ReconciliationCard />
      <FindingsCard />
      <CompletenessCard />
    </>
  )
}
