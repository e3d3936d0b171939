/**
 * What a (job, store, period) looks like from outside.
 * - outdated: its run has not read everything that concerns the period by now ("dirty")
 * - missing: it is due and has no run yet
 * - not-due: nothing to do yet; a day that goes on, or one without events
 */
export type SlotState = 'failed' | 'running' | 'missing' | 'outdated' | 'succeeded' | 'not-due'

/** The ledger and the planner's view of the log about one slot. */
export interface SlotFacts {
  /** The period has events, and one of its days has ended or need not end. */
  isDue: boolean
  /** Last offset of the log that concerns the period; 0 when the report reads no events itself. */
  neededOffset: number
  /** The run whose rows stand. */
  currentRunId: number | null
  throughOffset: number | null
  /** It was computed by other code, or from figures that have changed since. */
  isSuperseded: boolean
  lastRunId: number | null
  lastState: 'running' | 'succeeded' | 'failed' | 'abandoned' | null
}

export function judgeSlot(facts: SlotFacts): SlotState {
  const { lastState, currentRunId, lastRunId } = facts
  if (lastState === 'running') return 'running'
  const isNewer = (lastRunId ?? 0) > (currentRunId ?? 0)
  if (isNewer && (lastState === 'failed' || lastState === 'abandoned')) return 'failed'
  if (currentRunId === null) return facts.isDue ? 'missing' : 'not-due'
  const isStale = facts.isSuperseded || (facts.throughOffset ?? 0) < facts.neededOffset
  // Run by hand while its day goes on: the schedule takes it up again once that has ended.
  if (isStale && !facts.isDue) return 'not-due'
  return isStale ? 'outdated' : 'succeeded'
}

/** The first of these that any store has is what a cell says. */
export const WORST_FIRST: readonly SlotState[] = [
  'failed',
  'running',
  'missing',
  'outdated',
  'succeeded',
  'not-due',
]

export function worstOf(states: readonly SlotState[]): SlotState {
  return WORST_FIRST.find(state => states.includes(state)) ?? 'not-due'
}
