import type { Transaction } from '#db/transaction.ts'
import { type BusinessDay, lastDayOf } from '#domain/calendar.ts'
import type { Position } from '#domain/log-event.ts'
import { type Claim, failRuns } from '#jobs/ledger/claims.ts'
import { closeDays, type SettledRun, settleRuns } from '#jobs/ledger/settle.ts'
import type { Inputs, Slot } from '#jobs/planner/facts.ts'
import { categoriesFingerprint } from '#jobs/planner/find-open-months.ts'
import { type Fault, findFaults } from '#jobs/reports/output-check.ts'
import { keyColumns, type Report, type StagedRows } from '#jobs/reports/report.ts'
import { createSetReading, type SetReading } from '#jobs/reports/set-reading.ts'
import { replaceRows } from './replace-rows.ts'
import { recordRestatements } from './restatements.ts'
import { gatherKeyStatistics, MANY_ROWS } from './statistics.ts'

interface Materialized {
  settled: SettledRun[]
  faults: (Fault & { runId: number })[]
}

/**
 * Computes one report for a set of periods and replaces their rows: one SELECT over all of them into a
 * staging table, checks, and the difference written to the report, all in the caller's transaction. Readers
 * see the old figures until it commits. A function of the log up to `basis`, of reference data and of the
 * reports it is computed from: run again, it gives the same rows and checksums.
 * @param reports all reports by name
 */
export async function materialize(
  transaction: Transaction,
  request: {
    report: Report
    reports: ReadonlyMap<string, Report>
    claims: readonly Claim[]
    basis: readonly Position[]
  },
): Promise<Materialized> {
  const { report, basis } = request
  await tuneForAggregation(transaction)
  const { inputs, faults } = await collectInputs(transaction, request)
  await stageRows(transaction, { report, claims: request.claims, basis })
  const staged = (claims: readonly Claim[]): StagedRows => ({
    sql: transaction,
    report,
    slots: () => slotTable(transaction, claims),
  })
  faults.push(...(await findFaults(report, staged(request.claims))))
  const { sound, faulty } = separate(report, request.claims, faults)
  if (faulty.length > 0) {
    await failRuns(
      transaction,
      faulty.map(({ runId, problem }) => ({ runId, error: problem })),
    )
    await transaction`
      delete from staged where not exists (
        select from ${slotTable(transaction, sound)}
        where slot.store = staged.store and slot.period = staged.${transaction(report.periodColumn)})`
  }
  if (report.isPublishing) await recordRestatements(staged(sound), { basis })
  const written = await replaceRows(staged(sound))
  // At once: what reads the report next, another report or an audit, would still take it for empty.
  if (written >= MANY_ROWS) await gatherKeyStatistics(transaction, report)
  const settled = await settleRuns(transaction, { report, claims: sound, inputs })
  if (report.isChained) await linkChain(transaction, { report, claims: sound })
  if (report.isPublishing) await closeDays(transaction, sound)
  return { settled, faults: faulty }
}

/**
 * The checksums of what a set is computed from, by run. The rows they are read from stay locked until the
 * transaction ends, so nobody replaces a report while it is added up.
 * @param reports all reports by name
 */
async function collectInputs(
  transaction: Transaction,
  request: { report: Report; reports: ReadonlyMap<string, Report>; claims: readonly Claim[] },
): Promise<{ inputs: Map<number, Inputs>; faults: Fault[] }> {
  const { report, reports, claims } = request
  const wanted = claims.flatMap(claim => wantedInputs(report, reports, claim))
  const faults: Fault[] = []
  const collected = new Map<number, Record<string, Record<string, string>>>(
    claims.map(claim => [claim.runId, {}]),
  )
  if (wanted.length > 0) {
    const rows = await transaction<{ job: string; store: string; period: BusinessDay; checksum: string }[]>`
      select c.job, c.store, c.period, c.checksum
      from batch.current_runs c
      where (c.job, c.store, c.period) in (
        select * from unnest(
          ${wanted.map(input => input.job)}::text[], ${wanted.map(input => input.claim.slot.store)}::text[],
          ${wanted.map(input => input.period)}::date[]))
      order by c.job, c.store, c.period
      for share`
    const checksums = new Map(rows.map(row => [`${row.job} ${row.store} ${row.period}`, row.checksum]))
    for (const { claim, job, period, isRequired } of wanted) {
      const { store } = claim.slot
      const checksum = checksums.get(`${job} ${store} ${period}`)
      const own = collected.get(claim.runId) ?? {}
      if (checksum !== undefined) own[job] = { ...own[job], [period]: checksum }
      else if (isRequired) {
        faults.push({ store, period: claim.slot.period, problem: `${job} of ${period} has not run` })
      }
    }
  }
  if (report.references.includes('categories')) {
    const [row] = await transaction<{ fingerprint: string }[]>`
      select ${categoriesFingerprint(transaction)} as fingerprint`
    for (const own of collected.values()) own.categories = { '': row?.fingerprint ?? '' }
  }
  if (report.references.includes('stores')) {
    const rows = await transaction<{ runId: number; digest: string }[]>`
      select slot.run_id as "runId", string_agg(v.digest, ',' order by v.valid_from) as digest
      from unnest(
        ${claims.map(({ runId }) => runId)}::bigint[], ${claims.map(({ slot }) => slot.store)}::text[],
        ${claims.map(({ slot }) => slot.period)}::date[],
        ${claims.map(({ slot }) => lastDayOf(report.grain, slot.period))}::date[]
      ) as slot(run_id, store, first_day, last_day)
      join ref.store_validity v on v.store = slot.store and v.valid_from <= slot.last_day and v.valid_to > slot.first_day
      group by slot.run_id`
    for (const { runId, digest } of rows) {
      const own = collected.get(runId)
      if (own) own.stores = { '': digest }
    }
  }
  return { inputs: collected, faults }
}

interface WantedInput {
  claim: Claim
  job: string
  period: BusinessDay
  isRequired: boolean
}

function wantedInputs(report: Report, reports: ReadonlyMap<string, Report>, claim: Claim): WantedInput[] {
  const { slot } = claim
  if (report.isChained) {
    // Days of the set itself follow each other; only what comes before its first is an input.
    const previous = slot.days[0]?.previousDay ?? null
    return previous === null ? [] : [{ claim, job: report.name, period: previous, isRequired: false }]
  }
  return report.inputs.flatMap((job): WantedInput[] => {
    if (reports.get(job)?.grain === report.grain) {
      return [{ claim, job, period: slot.period, isRequired: false }]
    }
    return slot.days.map(day => ({ claim, job, period: day.businessDay, isRequired: true }))
  })
}

/**
 * For this transaction: compiling costs more than it saves, and hash tables for some hundred thousand groups
 * stay in memory.
 */
export async function tuneForAggregation(transaction: Transaction): Promise<void> {
  await transaction`select set_config('jit', 'off', true), set_config('work_mem', '64MB', true)`
}

/**
 * CREATE TABLE AS is the one way of writing rows whose SELECT Postgres runs on several cores; INSERT … SELECT
 * is not. Two things the planner cannot know are said by settings. It underestimates the rows of unnest()
 * below a Gather and would group them on one core: rows handed from worker to leader are made dear. And it
 * takes the days of a set for few, so that joins by nested loop look cheap, which over a fortnight of stock
 * took 17 s instead of less than one.
 */
async function stageRows(
  transaction: Transaction,
  { report, claims, basis }: { report: Report; claims: readonly Claim[]; basis: readonly Position[] },
): Promise<void> {
  const reading = await openReading(transaction, { slots: claims.map(claim => claim.slot), basis })
  await transaction`
    select set_config('parallel_setup_cost', '100', true), set_config('parallel_tuple_cost', '0.3', true),
      set_config('enable_nestloop', 'off', true)`
  const { count } =
    await transaction`create temporary table staged on commit drop as ${report.figures(reading)}`
  if (count >= MANY_ROWS) await transaction`analyze staged (${transaction(keyColumns(report))})`
  // What follows touches few rows of large reports, by their keys.
  await transaction`select set_config('enable_nestloop', 'on', true)`
}

/** What a report's SELECT over these slots reads from. */
export async function openReading(
  transaction: Transaction,
  { slots, basis }: { slots: readonly Slot[]; basis: readonly Position[] },
): Promise<SetReading> {
  const [[row], setAside] = await Promise.all([
    transaction<{ stores: number }[]>`
      select count(*) as stores from ref.stores
      where partition = any(${[...new Set(slots.map(slot => slot.partition))]}::integer[])`,
    transaction<{ partition: number; offset: number }[]>`
      select partition, "offset" from batch.set_aside
      where store = any(${[...new Set(slots.map(slot => slot.store))]}::text[]) order by 1, 2`,
  ])
  return createSetReading({ sql: transaction, slots, basis, storeCount: row?.stores ?? 0, setAside })
}

function slotTable(transaction: Transaction, claims: readonly Claim[]) {
  return transaction`unnest(
    ${claims.map(claim => claim.runId)}::bigint[], ${claims.map(claim => claim.slot.store)}::text[],
    ${claims.map(claim => claim.slot.period)}::date[], ${claims.map(claim => claim.slot.partition)}::integer[],
    ${claims.map(claim => claim.through.offset)}::bigint[],
    ${claims.map(({ slot }) => JSON.stringify(slot.days.map(({ businessDay }) => businessDay)))}::text[]
  ) as slot(run_id, store, period, partition, through_offset, days)`
}

/** Sound runs go on, faulty ones fail: in a chain also those after them, whose opening is not to be trusted. */
function separate(
  report: Report,
  claims: readonly Claim[],
  faults: readonly Fault[],
): { sound: Claim[]; faulty: Materialized['faults'] } {
  const sound: Claim[] = []
  const faulty: Materialized['faults'] = []
  for (const claim of claims) {
    const { store, period } = claim.slot
    const own = faults.filter(fault => fault.store === store && fault.period === period)
    const before = report.isChained
      ? faults.find(fault => fault.store === store && fault.period < period)
      : undefined
    if (own.length > 0) {
      faulty.push({ runId: claim.runId, store, period, problem: own.map(fault => fault.problem).join('; ') })
    } else if (before) {
      faulty.push({ runId: claim.runId, store, period, problem: `${before.period} before it failed` })
    } else sound.push(claim)
  }
  return { sound, faulty }
}

/** Notes, day by day, the checksum of the day before, which for most days of a set has only just been computed. */
async function linkChain(
  transaction: Transaction,
  { report, claims }: { report: Report; claims: readonly Claim[] },
): Promise<void> {
  await transaction`
    update batch.current_runs c
    set inputs = jsonb_build_object(${report.name}::text, jsonb_build_object(link.previous::text, p.checksum))
    from unnest(
      ${claims.map(claim => claim.slot.store)}::text[], ${claims.map(claim => claim.slot.period)}::date[],
      ${claims.map(claim => claim.slot.days[0]?.previousDay ?? null)}::date[]
    ) as link(store, period, previous)
    join batch.current_runs p on p.job = ${report.name} and p.store = link.store and p.period = link.previous
    where c.job = ${report.name} and c.store = link.store and c.period = link.period`
}
