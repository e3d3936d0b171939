import type { Reading } from '#db/transaction.ts'
import { inStores } from '#server/serving/scope.ts'
import type { AuditScope, FindingKind } from './findings.ts'

/** What was found of one store and stands: no later reconciliation has looked there and found nothing. */
export interface StandingFindings {
  /** Null: of no store in particular. */
  store: string | null
  kind: FindingKind
  findings: number
}

/**
 * The findings that stand, by store and kind: until somebody has looked there again. A run of the ledger looks at its
 * days, and at rows (of the log, of reports, of stock) only where it audits them; one by hand, which has no row there,
 * at the store-days whose figures it has left. An event set aside that somebody has accepted stands no more.
 * @param scope null: everywhere. Of a range also those that have no day.
 */
export async function readStandingFindings(
  reading: Reading,
  scope: AuditScope | null,
): Promise<StandingFindings[]> {
  return reading<StandingFindings[]>`
    with found as (
      select kind, run_id, relation, row_key, row_key ->> 'store' as store,
        (row_key ->> 'business_day')::date as business_day
      from recon.findings
    ),
    looked as (
      select r.run_id, r.period as from_day, r.range_to as to_day, r.depth = 'rows' as at_rows
      from batch.runs r
      where r.job = 'reconciliation'
        and (r.state = 'succeeded' or exists (select from recon.findings f where f.run_id = r.run_id))
    )
    select f.store, f.kind, count(*) as findings
    from found f
    where not exists (
        select from looked l
        where l.run_id > f.run_id and (f.business_day is null or f.business_day between l.from_day and l.to_day)
          and (l.at_rows or f.business_day is not null and f.kind not in ('audit row', 're-derived'))
      )
      and not exists (
        select from recon.reconciliation r
        where r.store = f.store and r.business_day = f.business_day and r.run_id > f.run_id
          and not exists (select from batch.runs b where b.run_id = r.run_id)
      )
      -- somebody has said since that they go on without the event
      and not (f.kind = 'cannot be digested' and exists (
        select from recon.set_aside a
        where a.accepted_because is not null and f.relation = a.path || '.set_aside'
          and f.row_key @> jsonb_build_object('partition', a.partition, 'offset', a."offset")))
      ${
        scope === null
          ? reading``
          : reading`
            and (f.business_day is null or f.business_day between ${scope.from} and ${scope.to})
            and (f.store is null or (true ${inStores(reading, scope, 'f.store')}))`
      }
    group by f.store, f.kind
    order by f.store, f.kind`
}
