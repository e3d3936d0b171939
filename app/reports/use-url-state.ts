'use client'

import { type inferParserType, useQueryStates } from 'nuqs'
import { urlState } from '#app/reports/url-state.ts'

export type AskedReport = inferParserType<typeof urlState>

/** What the address says, and a setter that writes it there: a link shows what its sender saw. */
export function useUrlState() {
  return useQueryStates(urlState, { history: 'replace', scroll: false })
}
