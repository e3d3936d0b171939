'use client'

import { useQueryStates } from 'nuqs'
import { urlState } from '#app/side-by-side/url-state.ts'

/** What the address says, and a setter that writes it there: a link shows what its sender saw. */
export function useUrlState() {
  return useQueryStates(urlState, { history: 'replace', scroll: false })
}
