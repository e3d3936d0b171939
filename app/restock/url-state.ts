import { createLoader, parseAsArrayOf, parseAsString, parseAsStringLiteral } from 'nuqs/server'

const RESTOCK_VIEWS = ['alerts', 'order', 'history'] as const

const SEVERITIES = ['all', 'critical', 'low'] as const
export type SeverityChoice = (typeof SEVERITIES)[number]

/** What the address of the restock page says. */
export const restockUrlState = {
  view: parseAsStringLiteral(RESTOCK_VIEWS).withDefault('alerts'),
  /** Ids; empty for all. */
  store: parseAsArrayOf(parseAsString).withDefault([]),
  severity: parseAsStringLiteral(SEVERITIES).withDefault('all'),
  /** Id; null for all. */
  supplier: parseAsString,
}

export const loadRestockUrlState = createLoader(restockUrlState)
