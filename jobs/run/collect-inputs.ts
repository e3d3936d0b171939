import type { Transaction } from '#db/transaction.ts'
import type { BusinessDay } from '#domain/business-day.ts'
import type { Claim } from '#jobs/ledger/claim-slots.ts'
import type { Inputs } from '#jobs/planner/facts.ts'
import { categoriesFingerprint } from '#jobs/planner/find-open-months.ts'
import type { Fault } from '#jobs/reports/output-check.ts'
import type { Report } from '#jobs/reports/report.ts'

/**
 * The checksums of what a set is computed from, by run. The rows they are read from stay locked until the
 * transaction ends, so nobody replaces a report while it is added up.
 * @param reports all reports by name
 */
export async function collectInputs(
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
