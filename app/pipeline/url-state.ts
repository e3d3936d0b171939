import { parseAsString, parseAsStringLiteral } from 'nuqs/server'

/** The parts of the page, in their order. Each has an address of its own: `/pipeline?part=jobs`. */
export const PARTS = ['overview', 'lag', 'jobs', 'letters', 'checks', 'scenarios'] as const
export type Part = (typeof PARTS)[number]

/** What the address of the page says. */
export const urlState = {
  part: parseAsStringLiteral(PARTS).withDefault('overview'),
  /** Of the ledger and of the dead letters: what they are filtered by. */
  job: parseAsString,
  state: parseAsString,
  reason: parseAsString,
}
