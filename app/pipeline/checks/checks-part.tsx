'use client'

import { CompletenessCard } from './completeness-card.tsx'
import { FindingsCard } from './findings-card.tsx'
import { ReconciliationCard } from './reconciliation-card.tsx'

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
