import type { Reading } from '#db/transaction.ts'
import { DAY_MS, type Instant } from '#domain/instant.ts'
import { inStores } from '#server/serving/scope.ts'

/** What telling as it happens brought over a plan a night: of the shortages that began in the last four weeks. */
export interface StreamLead {
  /** Both paths said so. */
  both: number
  /** In the middle of those, so long before the plan: below zero where the plan was first; null: there are none. */
  medianMs: number | null
  /** Began and ended between two plans, or no plan has followed yet. */
  streamOnly: number
  /** The stream has not said so. */
  planOnly: number
  /** Counted from here on; null: no plan has called anything short yet. */
  since: Instant | null
}

const LOOK_BACK_MS = 28 * DAY_MS

/** Counts from the first plan on: before, nobody could have been second. */
export async function readStreamLead(
  reading: Reading,
  { generation, stores, now }: { generation: number; stores: readonly string[]; now: Instant },
): Promise<StreamLead> {
  const from = new Date(now - LOOK_BACK_MS)
  const [row] = await reading<StreamLead[]>`
    with begun as (
      select greatest(min(since), ${from}::timestamptz) as at from batch.shortages
    ),
    episodes as (
      select e.opened_at, plan.since
      from begun b
      join stream.episodes e on e.generation = ${generation} and e.opened_at >= b.at
      left join lateral (
        select p.since from batch.shortages p
        where p.store = e.store and p.sku = e.sku and p.since <= coalesce(e.resolved_at, 'infinity')
          and coalesce(p.ended_at, 'infinity') >= e.opened_at
        order by p.since limit 1
      ) plan on true
      where true ${inStores(reading, { stores }, 'e.store')}
    )
    select count(since) as both, count(*) - count(since) as "streamOnly",
      extract(epoch from percentile_cont(0.5) within group (order by since - opened_at)) * 1000 as "medianMs",
      (select count(*) from begun b join batch.shortages p on p.since >= b.at
        where not exists (
          select from stream.episodes e
          where e.generation = ${generation} and e.store = p.store and e.sku = p.sku
            and e.opened_at <= coalesce(p.ended_at, 'infinity') and coalesce(e.resolved_at, 'infinity') >= p.since)
        ${inStores(reading, { stores }, 'p.store')}
      ) as "planOnly",
      (select at from begun) as since
    from episodes`
  if (!row) throw new Error('the lead of the stream came back empty')
  return { ...row, medianMs: row.medianMs === null ? null : Math.round(Number(row.medianMs)) }
}
