import { type Reading, readSnapshot } from '#db/transaction.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import { type HeldByArchive, readHeldByArchive } from '#server/serving/reconcile/log-reach.ts'
import { readStandingFindings, type StandingFindings } from '#server/serving/reconcile/standing-findings.ts'
import type { Serving } from '#server/serving/serving.ts'

/**
 * What all witnesses say together: both paths of each other, the audits of their rows, the tills' own totals. Only
 * `agree` means that every cent is explained.
 */
export interface Witnesses {
  verdict: 'agree' | 'found' | 'partly' | 'never'
  /** Figures that both paths were compared in, as they stand; null: none ever was. */
  compared: { figures: number; from: BusinessDay; to: BusinessDay; newestAt: Instant } | null
  /** Figures of them with an unexplained part, by store. */
  unexplained: { store: string; figures: number }[]
  findings: StandingFindings[]
  /** Store-days with sales that no comparison is of. */
  storeDaysNotCompared: number
  /** Why the newest reconciliation could not say anything, where it ended without a verdict. */
  failure: string | null
  /** Days of the log that no audit reads any more; null: none. */
  heldByArchive: HeldByArchive | null
}

/** Reads what stands, whichever run found it. */
export function readWitnesses({ sql }: Pick<Serving, 'sql'>): Promise<Witnesses> {
  return readSnapshot(sql, async reading => {
    const [compared, unexplained, findings, storeDaysNotCompared, failure, heldByArchive] = await Promise.all(
      [
        readCompared(reading),
        reading<Witnesses['unexplained']>`
        select store, count(*) as figures from recon.reconciliation where unexplained <> 0
        group by store order by store`,
        readStandingFindings(reading, null),
        countNotCompared(reading),
        readFailure(reading),
        readHeldByArchive(reading),
      ],
    )
    const said = { compared, unexplained, findings, storeDaysNotCompared, failure }
    return { verdict: verdictOf(said), ...said, heldByArchive }
  })
}

export function verdictOf({
  compared,
  unexplained,
  findings,
  storeDaysNotCompared,
  failure,
}: Omit<Witnesses, 'verdict' | 'heldByArchive'>): Witnesses['verdict'] {
  if (unexplained.length > 0 || findings.length > 0) return 'found'
  if (compared === null) return 'never'
  return storeDaysNotCompared > 0 || failure !== null ? 'partly' : 'agree'
}

type ComparedRow = {
  figures: number
  from: BusinessDay | null
  to: BusinessDay | null
  newestAt: Instant | null
}

async function readCompared(reading: Reading): Promise<Witnesses['compared']> {
  const [row] = await reading<ComparedRow[]>`
    select count(*) as figures, min(business_day) as "from", max(business_day) as "to",
      max(computed_at) as "newestAt"
    from recon.reconciliation`
  if (!row || row.from === null || row.to === null || row.newestAt === null) return null
  return { figures: row.figures, from: row.from, to: row.to, newestAt: row.newestAt }
}

async function countNotCompared(reading: Reading): Promise<number> {
  const [row] = await reading<{ storeDays: number }[]>`
    select count(*) as "storeDays"
    from (select distinct store, business_day from batch.daily_sales) sold
    where not exists (
      select from recon.reconciliation r
      where r.store = sold.store and r.business_day = sold.business_day
    )`
  return row?.storeDays ?? 0
}

/** A run that ended without a verdict says nothing of what changed since the one before it. */
async function readFailure(reading: Reading): Promise<string | null> {
  const [newest] = await reading<{ state: string; error: string | null }[]>`
    select state, error from batch.runs
    where job = 'reconciliation' and state <> 'running' order by run_id desc limit 1`
  if (!newest || newest.state === 'succeeded') return null
  return newest.error ?? `the newest reconciliation is ${newest.state}`
}
