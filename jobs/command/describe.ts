import type { DayRange } from '#domain/calendar.ts'
import { formatInstant } from '#domain/instant.ts'
import { PLANNING } from '#domain/reports.ts'
import type { HistoryEntry } from '#jobs/ledger/history.ts'
import type { SetOutcome } from '#jobs/run/run-set.ts'
import type { RunSummary } from '#jobs/run/run-wanted.ts'

/** One line of progress a set. */
export function describeSet(
  { report, succeeded, failed, taken }: SetOutcome,
  { done, planned, elapsedMs }: { done: number; planned: number; elapsedMs: number },
): string {
  const rows = succeeded.reduce((sum, run) => sum + run.rowCount, 0)
  const parts = [
    `${succeeded.length} ${succeeded.length === 1 ? 'run' : 'runs'}`,
    `${rows} ${rows === 1 ? 'row' : 'rows'}`,
    ...(failed.length > 0 ? [`${failed.length} failed`] : []),
    ...(taken.length > 0 ? [`${taken.length} left to another process`] : []),
    `${(elapsedMs / 1_000).toFixed(1)} s`,
  ]
  return `${report.name}: ${parts.join(', ')} (${done} of ${planned})`
}

/** What a run of jobs has come to, for `--json`. */
export function summarise(summary: RunSummary, range: DayRange) {
  const { sets, blocked, failures: planning, unknownStores } = summary
  const jobs = new Map<string, { job: string; runs: number; rows: number; failed: number; taken: number }>()
  for (const { report, succeeded, failed, taken } of sets) {
    const sum = jobs.get(report.name) ?? { job: report.name, runs: 0, rows: 0, failed: 0, taken: 0 }
    sum.runs += succeeded.length
    sum.rows += succeeded.reduce((rows, run) => rows + run.rowCount, 0)
    sum.failed += failed.length
    sum.taken += taken.length
    jobs.set(report.name, sum)
  }
  const failures = [
    ...sets.flatMap(set =>
      set.failed.map(({ slot, error }) => ({ job: slot.job, store: slot.store, period: slot.period, error })),
    ),
    ...planning.map(({ store, error }) => ({ job: PLANNING.name, store, period: range.from, error })),
  ]
  return { ...range, jobs: [...jobs.values()], failures, blocked, unknownStores }
}

type Summary = ReturnType<typeof summarise>

/** Whether everything that was asked for stands now. */
export function isComplete({ failures, blocked, unknownStores }: Summary): boolean {
  return failures.length === 0 && blocked.length === 0 && unknownStores.length === 0
}

/** The same in a line: what was done, or the first thing that failed. */
export function summaryLine(summary: Summary, elapsedMs: number): string {
  const { from, to, jobs, failures, blocked, unknownStores } = summary
  const [failure] = failures
  const [waiting] = blocked
  const [store] = unknownStores
  if (failure) {
    const { job, store: of, period, error } = failure
    return `${counted(failures.length, 'run')} failed, the first ${job} of ${of}, ${period}: ${error}`
  }
  if (waiting) {
    const { job, store: of, period, waitsFor } = waiting
    return `${counted(blocked.length, 'run')} could not run, the first ${job} of ${of}, ${period}: it waits for ${waitsFor}`
  }
  if (store !== undefined) {
    return `store ${store} has events but is not known: add it with 'npm run stores -- add FILE'`
  }
  const sums = { runs: 0, rows: 0, taken: 0 }
  for (const { runs, rows, taken } of jobs) {
    sums.runs += runs
    sums.rows += rows
    sums.taken += taken
  }
  if (sums.runs + sums.taken === 0) return `nothing to run: the log has no events of ${from} to ${to}`
  const left = sums.taken > 0 ? `, ${sums.taken} left to another process` : ''
  return `${counted(sums.runs, 'run')}, ${counted(sums.rows, 'row')}${left}, ${(elapsedMs / 1_000).toFixed(1)} s`
}

function counted(count: number, word: string): string {
  return `${count.toLocaleString('en')} ${word}${count === 1 ? '' : 's'}`
}

/** The same for people. */
export function describeSummary(summary: Summary): string {
  const { from, to, jobs, failures, blocked, unknownStores } = summary
  if (jobs.length === 0 && blocked.length === 0) {
    return `Nothing to run: the log has no events of ${from} to ${to}.\n`
  }
  const lines = [
    textTable(
      ['job', 'runs', 'rows', 'failed'],
      jobs.map(job => [job.job, job.runs, job.rows, job.failed]),
    ),
  ]
  for (const { job, store, period, error } of failures)
    lines.push(`${job} of ${store}, ${period} failed: ${error}\n`)
  for (const { job, store, period, waitsFor } of blocked) {
    lines.push(`${job} of ${store}, ${period} could not run: it waits for ${waitsFor}\n`)
  }
  for (const store of unknownStores) {
    lines.push(`Store ${store} has events but is not known: add it with "npm run stores -- add FILE".\n`)
  }
  return lines.join('')
}

/** The ledger for people, newest first. */
export function describeHistory(entries: readonly HistoryEntry[]): string {
  if (entries.length === 0) return 'No runs yet.\n'
  return textTable(
    ['run', 'job', 'store', 'period', 'state', 'started (UTC)', 'ms', 'rows', 'why'],
    entries.map(entry => [
      entry.runId,
      entry.job,
      entry.store,
      entry.period,
      entry.state,
      formatInstant(Math.trunc(entry.startedAt)).slice(0, 19).replace('T', ' '),
      entry.finishedAt === null ? null : Math.round(entry.finishedAt - entry.startedAt),
      entry.rowCount,
      entry.error ?? [entry.trigger, entry.reason].filter(text => text !== null).join(', '),
    ]),
  )
}

/** Rows as lines of aligned columns, titles first. Columns of numbers are right-aligned. */
export function textTable(
  titles: readonly string[],
  rows: readonly (readonly (string | number | null)[])[],
): string {
  const cells = rows.map(row => row.map(cell => (cell === null ? '' : String(cell))))
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...cells.map(row => row[column]?.length ?? 0)),
  )
  const isNumeric = titles.map(
    (_, column) =>
      rows.length > 0 && rows.every(row => typeof row[column] === 'number' || row[column] === null),
  )
  return [titles, ...cells]
    .map(row =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0
          return isNumeric[column] ? cell.padStart(width) : cell.padEnd(width)
        })
        .join('  ')
        .trimEnd(),
    )
    .map(line => `${line}\n`)
    .join('')
}
