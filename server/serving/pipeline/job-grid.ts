import { type Reading, readSnapshot } from '#db/transaction.ts'
import { addDays, type BusinessDay, periodOf } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import { OTHER_JOBS, REPORTS } from '#domain/reports.ts'
import { RefusedError } from '#server/serving/failures.ts'
import { type LedgerRun, readAttempts } from '#server/serving/pipeline/ledger.ts'
import type { Serving } from '#server/serving/serving.ts'

/**
 * What a (job, store, period) looks like from outside.
 * - outdated: its run has not read everything that concerns the period by now ("dirty")
 * - missing: it is due and has no run yet
 * - not-due: nothing to do yet; a day that goes on
 */
export type SlotState = 'failed' | 'running' | 'missing' | 'outdated' | 'succeeded' | 'not-due'

/** The first of these that any store has is what a cell says. */
const WORST_FIRST: readonly SlotState[] = ['failed', 'running', 'missing', 'outdated', 'succeeded', 'not-due']

/** One job and period over all stores. */
export interface GridCell {
  period: BusinessDay
  /** The worst of its stores. */
  state: SlotState
  /** How many stores are in each state. */
  stores: Partial<Record<SlotState, number>>
}

export interface GridRow {
  job: string
  grain: 'day' | 'week' | 'month'
  summary: string
  /** Oldest first; a period without events and without a run has none. */
  cells: GridCell[]
}

/** A job that fills no report: what it did last. */
export interface OtherJobState {
  job: string
  summary: string
  /** When it runs by itself, for people. */
  runs: string
  last: {
    runId: number
    state: 'running' | 'succeeded' | 'failed' | 'abandoned'
    startedAt: Instant
    finishedAt: Instant | null
    reason: string | null
    error: string | null
  } | null
}

export interface JobGrid {
  now: Instant
  /** Business days of the columns, oldest first; empty while the planner has seen no event. */
  days: BusinessDay[]
  weeks: BusinessDay[]
  months: BusinessDay[]
  rows: GridRow[]
  others: OtherJobState[]
}

/** Days shown. As many as fit beside each other on a laptop; older ones are in the ledger. */
const SHOWN_DAYS = 14
const SHOWN_WEEKS = 4
const SHOWN_MONTHS = 3

/** Jobs by recent periods, and what the ledger says of each. */
export async function readJobGrid({ sql }: Pick<Serving, 'sql'>): Promise<JobGrid> {
  return readSnapshot(sql, async reading => {
    const [[extent], others] = await Promise.all([
      reading<{ now: Instant; newest: BusinessDay | null }[]>`
        select clock_timestamp() as now, (select max(business_day) from batch.day_head) as newest`,
      readOtherJobs(reading),
    ])
    if (!extent) throw new Error('the newest day came back empty')
    const { now, newest } = extent
    if (newest === null) return { now, days: [], weeks: [], months: [], rows: [], others }
    const columns = columnsUpTo(newest)
    const slots = await readSlots(
      reading,
      REPORTS.map(({ name, grain }) => ({ job: name, from: columns[`${grain}s`][0] ?? newest, to: newest })),
    )
    return { now, ...columns, rows: rowsOf(slots, columns), others }
  })
}

interface Columns {
  days: BusinessDay[]
  weeks: BusinessDay[]
  months: BusinessDay[]
}

function columnsUpTo(newest: BusinessDay): Columns {
  const monday = periodOf('week', newest)
  const months: BusinessDay[] = []
  // The day before the first of a month lies in the month before.
  for (let month = periodOf('month', newest); months.length < SHOWN_MONTHS; ) {
    months.unshift(month)
    month = periodOf('month', addDays(month, -1))
  }
  return {
    days: Array.from({ length: SHOWN_DAYS }, (_, index) => addDays(newest, index + 1 - SHOWN_DAYS)),
    weeks: Array.from({ length: SHOWN_WEEKS }, (_, index) => addDays(monday, 7 * (index + 1 - SHOWN_WEEKS))),
    months,
  }
}

function rowsOf(slots: readonly Slot[], columns: Columns): GridRow[] {
  const byCell = Map.groupBy(slots, ({ job, period }) => `${job} ${period}`)
  return REPORTS.map(({ name: job, grain, summary }) => {
    const cells = columns[`${grain}s`].flatMap((period): GridCell[] => {
      const states = byCell.get(`${job} ${period}`)?.map(slotState)
      return states ? [{ period, state: worstOf(states), stores: countStates(states) }] : []
    })
    return { job, grain, summary, cells }
  })
}

export function worstOf(states: readonly SlotState[]): SlotState {
  return WORST_FIRST.find(state => states.includes(state)) ?? 'not-due'
}

function countStates(states: readonly SlotState[]): Partial<Record<SlotState, number>> {
  const counts: Partial<Record<SlotState, number>> = {}
  for (const state of states) counts[state] = (counts[state] ?? 0) + 1
  return counts
}

async function readOtherJobs(reading: Reading): Promise<OtherJobState[]> {
  const rows = await reading<(NonNullable<OtherJobState['last']> & { job: string })[]>`
    select name.job, last.*
    from unnest(${OTHER_JOBS.map(({ name }) => name)}::text[]) as name(job)
    cross join lateral (
      select run_id as "runId", state, started_at as "startedAt", finished_at as "finishedAt", reason, error
      from batch.runs r where r.job = name.job order by r.run_id desc limit 1
    ) last`
  const byJob = new Map(rows.map(({ job, ...last }) => [job, last]))
  return OTHER_JOBS.map(({ name: job, summary, runs }) => ({
    job,
    summary,
    runs,
    last: byJob.get(job) ?? null,
  }))
}

/** One cell of the grid: each store's state, and the attempts behind it. */
interface CellDetail {
  /** `reason`: what the planner says there is to do; null when there is nothing. */
  stores: { store: string; state: SlotState; reason: string | null; throughOffset: number | null }[]
  /** Newest first, at most `MAX_CELL_RUNS`. */
  runs: LedgerRun[]
}

const MAX_CELL_RUNS = 200

/** @throws RefusedError for a job that fills no report */
export async function readCell(
  { sql }: Pick<Serving, 'sql'>,
  { job, period }: { job: string; period: BusinessDay },
): Promise<CellDetail> {
  if (!REPORTS.some(({ name }) => name === job))
    throw new RefusedError(`${JSON.stringify(job)} is no report: choose one of the grid.`)
  return readSnapshot(sql, async reading => {
    const [slots, runs] = await Promise.all([
      readSlots(reading, [{ job, from: period, to: period }]),
      readAttempts(reading, { job, period, limit: MAX_CELL_RUNS }),
    ])
    return {
      stores: slots.map(slot => ({
        store: slot.store,
        state: slotState(slot),
        reason: slot.reason,
        throughOffset: slot.throughOffset,
      })),
      runs,
    }
  })
}

/** The ledger's word on a slot, and the planner's verdict. */
export interface SlotFacts {
  /** Null: there is nothing to do. */
  verdict: 'due' | 'waiting' | 'early' | null
  /** The run whose rows stand. */
  currentRunId: number | null
  lastRunId: number | null
  lastState: 'running' | 'succeeded' | 'failed' | 'abandoned' | null
}

interface Slot extends SlotFacts {
  job: string
  store: string
  period: BusinessDay
  reason: string | null
  throughOffset: number | null
}

/**
 * The slots of these reports with periods in a range. Whether there is anything to do is the planner's verdict of its
 * last tick (`batch.open_slots`): it is not judged again here. A verdict on a run that no longer stands is past.
 */
async function readSlots(
  reading: Reading,
  ranges: readonly { job: string; from: BusinessDay; to: BusinessDay }[],
): Promise<Slot[]> {
  return reading<Slot[]>`
    with asked as (
      select * from unnest(
        ${ranges.map(({ job }) => job)}::text[], ${ranges.map(({ from }) => from)}::date[],
        ${ranges.map(({ to }) => to)}::date[]
      ) as asked(job, first_period, last_period)
    ),
    standing as (
      select c.* from asked a
      join batch.current_runs c on c.job = a.job and c.period between a.first_period and a.last_period
    ),
    open as (
      select o.* from asked a
      join batch.open_slots o on o.job = a.job and o.period between a.first_period and a.last_period
    )
    select job, store, period, s.run_id as "currentRunId", s.through_offset as "throughOffset",
      case when o.run_id is not distinct from s.run_id then o.state end as verdict,
      case when o.run_id is not distinct from s.run_id then o.reason end as reason,
      last.run_id as "lastRunId", last.state as "lastState"
    from open o
    full join standing s using (job, store, period)
    left join lateral (
      select r.run_id, r.state from batch.runs r
      where r.job = coalesce(o.job, s.job) and r.period = coalesce(o.period, s.period)
        and r.store = coalesce(o.store, s.store)
      order by r.run_id desc limit 1
    ) last on true
    order by job, period, store`
}

export function slotState({ verdict, currentRunId, lastRunId, lastState }: SlotFacts): SlotState {
  if (lastState === 'running') return 'running'
  const isNewer = (lastRunId ?? 0) > (currentRunId ?? 0)
  if (isNewer && (lastState === 'failed' || lastState === 'abandoned')) return 'failed'
  if (verdict === 'early') return 'not-due'
  if (verdict === null) return currentRunId === null ? 'not-due' : 'succeeded'
  return currentRunId === null ? 'missing' : 'outdated'
}
