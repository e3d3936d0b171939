import type { Reading } from '#db/transaction.ts'
import { REPORTS, type ReportEntry } from '#domain/reports.ts'
import { inStores } from '#server/serving/scope.ts'
import type { AuditScope, FoundRow } from './findings.ts'

/** Last comes first: those of most rows, so that several readers end at about the same time. */
const LARGEST: readonly string[] = ['daily_product_sales', 'daily_inventory']
const BY_SIZE = REPORTS.toSorted((one, other) => LARGEST.indexOf(other.name) - LARGEST.indexOf(one.name))

/**
 * The rows of every run of a report against the checksum it took of them: whatever was changed since, also in
 * columns that no other audit can work out again. Names the store and period; the others name the row.
 */
export const CHECKSUM_AUDITS = BY_SIZE.map(
  report => (reading: Reading, scope: AuditScope) => auditChecksums(reading, scope, report),
)

async function auditChecksums(
  reading: Reading,
  scope: AuditScope,
  { name: job, grain, periodColumn: period, key, values }: ReportEntry,
): Promise<FoundRow[]> {
  const rows = await reading<{ store: string; period: string }[]>`
    with runs as (
      select r.store, r.period, r.checksum from batch.current_runs r
      where r.job = ${job} and r.period <= ${scope.to}
        and r.period >= date_trunc(${grain}, ${scope.from}::date)::date
        ${inStores(reading, scope, 'r.store')}
    ),
    lines as (
      select t.store, t.${reading(period)} as period, (${reading([...key, ...values])})::text as line
      from ${reading(`batch.${job}`)} t join runs r on r.store = t.store and r.period = t.${reading(period)}
    ),
    sums as (
      select store, period, md5(string_agg(line, chr(10) order by line collate "C")) as checksum
      from lines group by store, period
    )
    select r.store, r.period from runs r left join sums s on s.store = r.store and s.period = r.period
    where coalesce(s.checksum, md5('')) <> r.checksum
    order by r.period, r.store`
  return rows.map(({ store, period: start }) => ({
    kind: 'audit row',
    path: 'batch',
    relation: `batch.${job}`,
    rowKey: { store, [period]: start },
    metric: 'checksum',
    stored: null,
    expected: null,
    detail: null,
  }))
}
