import { type Reading, readSnapshot } from '#db/transaction.ts'
import { addDays, type BusinessDay } from '#domain/business-day.ts'
import type { Instant } from '#domain/instant.ts'
import { OTHER_JOBS, REPORTS } from '#domain/reports.ts'
import { judgeSlot, type SlotState, worstOf } from '#server/serving/pipeline/judge-slot.ts'
import { readSlots, type SlotRow } from '#server/serving/pipeline/read-slots.ts'
import type { Serving } from '#server/serving/serving.ts'

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
    const slots = await readSlots(reading, {
      reports: REPORTS,
      fromDay: columns.days[0] ?? newest,
      fromPeriod: earliest(columns),
    })
    return { now, ...columns, rows: rowsOf(slots, columns), others }
  })
}

interface Columns {
  days: BusinessDay[]
  weeks: BusinessDay[]
  months: BusinessDay[]
}

function columnsUpTo(newest: BusinessDay): Columns {
  const monday = addDays(newest, -((new Date(`${newest}T00:00:00Z`).getUTCDay() + 6) % 7))
  const months: BusinessDay[] = []
  // The day before the first of a month lies in the month before.
  for (let month = `${newest.slice(0, 7)}-01`; months.length < SHOWN_MONTHS; ) {
    months.unshift(month)
    month = `${addDays(month, -1).slice(0, 7)}-01`
  }
  return {
    days: Array.from({ length: SHOWN_DAYS }, (_, index) => addDays(newest, index + 1 - SHOWN_DAYS)),
    weeks: Array.from({ length: SHOWN_WEEKS }, (_, index) => addDays(monday, 7 * (index + 1 - SHOWN_WEEKS))),
    months,
  }
}

function earliest({ days, weeks, months }: Columns): BusinessDay {
  return [...days.slice(0, 1), ...weeks.slice(0, 1), ...months.slice(0, 1)].sort()[0] ?? ''
}

function rowsOf(slots: readonly SlotRow[], columns: Columns): GridRow[] {
  const byCell = new Map<string, SlotState[]>()
  for (const slot of slots) {
    const key = `${slot.job} ${slot.period}`
    const states = byCell.get(key)
    if (states) states.push(judgeSlot(slot))
    else byCell.set(key, [judgeSlot(slot)])
  }
  return REPORTS.map(({ name: job, grain, summary }) => {
    const cells = columns[`${grain}s`].flatMap((period): GridCell[] => {
      const states = byCell.get(`${job} ${period}`)
      return states ? [{ period, state: worstOf(states), stores: countStates(states) }] : []
    })
    return { job, grain, summary, cells }
  })
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
  return OTHER_JOBS.map(({ name: job, summary }) => ({ job, summary, last: byJob.get(job) ?? null }))
}
