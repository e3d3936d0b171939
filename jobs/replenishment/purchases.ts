import type { Sql } from '#db/client.ts'
import type { Transaction } from '#db/transaction.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import type { LeadTime } from '#domain/replenishment/lead-time.ts'
import { leadTimeOf } from '#domain/replenishment/lead-time.ts'

/** Deliveries of so many days say how fast a supplier is. */
const DELIVERY_DAYS = 182
/** An order that nothing is open of is kept for as long, for its lead time. */
const KEPT_DAYS = 200

/**
 * Takes what has moved purchase orders since the last look out of the log, up to where the planner has come. It waits in
 * `batch.purchase_moves` until a plan of its store reaches its business day. Progress and moves commit together.
 * @returns how many lines have come
 */
export async function takePurchases(sql: Sql): Promise<number> {
  return sql.begin(async transaction => {
    await transaction`
      insert into batch.purchase_progress (partition, "offset", appended_at)
      select partition, 0, 'epoch' from log.partitions on conflict do nothing`
    // Whoever comes second waits here, and finds nothing left.
    await transaction`select from batch.purchase_progress order by partition for update`
    const { count } = await transaction`
      insert into batch.purchase_moves
        (store, purchase_order, sku, kind, units, business_day, event_time, "offset", supplier, expected_at)
      select e.store, e.details ->> 'purchaseOrderId', line.sku,
        case e.type when 'purchase.placed' then 'ordered' when 'purchase.confirmed' then 'confirmed'
          when 'purchase.cancelled' then 'cancelled' else 'received' end,
        line.units, e.business_day, e.event_time, e."offset", e.details ->> 'supplier',
        (e.details ->> 'expectedAt')::timestamptz
      from batch.purchase_progress done
      join batch.planner_checkpoints known on known.partition = done.partition
      join log.event_log e on e.partition = done.partition
        and e.appended_at >= done.appended_at and e.appended_at <= known.appended_at
        and e."offset" > done."offset" and e."offset" <= known."offset"
      cross join lateral unnest(e.skus, e.units, e.stocked) as line(sku, units, is_stocked)
      where e.type in ('purchase.placed', 'purchase.confirmed', 'purchase.cancelled', 'stock.received')
        and e.details ->> 'purchaseOrderId' is not null and coalesce(line.is_stocked, true)
        and log.why_indigestible(e) is null`
    await transaction`
      update batch.purchase_progress done set "offset" = known."offset", appended_at = known.appended_at
      from batch.planner_checkpoints known where known.partition = done.partition`
    return count
  })
}

/**
 * Brings a store's purchase orders to the end of a business day: adds up what waits of it and of days before
 * (domain/purchase.ts says the same of one event after the other).
 */
export async function bringPurchases(
  transaction: Transaction,
  { store, day }: { store: string; day: BusinessDay },
): Promise<void> {
  await transaction`
    with taken as (
      delete from batch.purchase_moves where store = ${store} and business_day <= ${day} returning *
    ), said as (
      select distinct on (purchase_order, sku) purchase_order, sku, event_time, supplier, expected_at
      from taken where kind in ('ordered', 'confirmed')
      order by purchase_order, sku, event_time desc, "offset" desc
    ), sums as (
      select purchase_order, sku,
        coalesce(sum(units) filter (where kind = 'ordered'), 0)::bigint as ordered,
        coalesce(sum(units) filter (where kind = 'cancelled'), 0)::bigint as cancelled,
        coalesce(sum(units) filter (where kind = 'received'), 0)::bigint as received,
        min(event_time) filter (where kind = 'ordered') as placed_at,
        min(event_time) filter (where kind = 'received') as first_received_at
      from taken group by 1, 2
    )
    insert into batch.purchases as known (store, purchase_order, sku, ordered, cancelled, received, placed_at,
      first_received_at, said_at, supplier, expected_at)
    select ${store}, purchase_order, sku, ordered, cancelled, received, placed_at, first_received_at, said.event_time,
      said.supplier, said.expected_at
    from sums left join said using (purchase_order, sku)
    on conflict (store, purchase_order, sku) do update set
      ordered = known.ordered + excluded.ordered,
      cancelled = known.cancelled + excluded.cancelled,
      received = known.received + excluded.received,
      placed_at = least(known.placed_at, excluded.placed_at),
      first_received_at = least(known.first_received_at, excluded.first_received_at),
      (said_at, supplier, expected_at) = (
        select case when isNewer then excluded.said_at else known.said_at end,
          case when isNewer then excluded.supplier else known.supplier end,
          case when isNewer then excluded.expected_at else known.expected_at end
        from (select excluded.said_at is not null
          and (known.said_at is null or excluded.said_at >= known.said_at) as isNewer) which)`
}

/** Forgets settled orders of long ago. */
export async function forgetPurchases(sql: Sql, now: Instant): Promise<void> {
  await sql`
    delete from batch.purchases
    where ordered <= cancelled + received
      and first_received_at < ${now}::timestamptz - make_interval(days => ${KEPT_DAYS}::integer)`
}

/** What is open of a product, order by order. */
export interface OpenPurchase {
  sku: string
  supplier: string | null
  units: number
  placedAt: Instant | null
  expectedAt: Instant | null
}

export async function loadOpenPurchases(transaction: Transaction, store: string): Promise<OpenPurchase[]> {
  return transaction<OpenPurchase[]>`
    select sku, supplier, ordered - cancelled - received as units, placed_at as "placedAt", expected_at as "expectedAt"
    from batch.purchases where store = ${store} and ordered > cancelled + received`
}

/** A lead time that differs by less is the same. */
const SAME_SHARE = 0.1

/**
 * Lead times of every supplier from what was placed and received, order by order; writes those that have changed, to hold
 * from `validFrom` on.
 * @param statedDays by supplier, as its terms say
 * @returns all that is known now, and how many of them were written
 */
export async function writeLeadTimes(
  sql: Sql,
  {
    now,
    validFrom,
    statedDays,
  }: { now: Instant; validFrom: Instant; statedDays: ReadonlyMap<string, number> },
): Promise<{ leadTimes: Map<string, LeadTime>; written: number }> {
  const delivered = await sql<{ supplier: string; days: number[] }[]>`
    select supplier, array_agg(days) as days
    from (
      select supplier, (extract(epoch from min(first_received_at) - min(placed_at)) / 86400)::double precision as days
      from batch.purchases
      where first_received_at >= ${now}::timestamptz - make_interval(days => ${DELIVERY_DAYS}::integer)
        and placed_at is not null and supplier is not null
      group by supplier, store, purchase_order
    ) orders group by supplier`
  const standing = await sql<({ supplier: string } & LeadTime)[]>`
    select distinct on (supplier) supplier, mean_days as "meanDays", spread_days as "spreadDays", deliveries
    from ref.lead_times order by supplier, valid_from desc`
  const known = new Map<string, LeadTime>(standing.map(({ supplier, ...leadTime }) => [supplier, leadTime]))
  const days = new Map(delivered.map(row => [row.supplier, row.days]))
  const leadTimes = new Map<string, LeadTime>()
  const changed: ({ supplier: string } & LeadTime)[] = []
  for (const supplier of new Set([...days.keys(), ...statedDays.keys()])) {
    const now = leadTimeOf(days.get(supplier) ?? [], statedDays.get(supplier) ?? null)
    const before = known.get(supplier)
    if (!now) continue
    const isSame =
      before && isAbout(before.meanDays, now.meanDays) && isAbout(before.spreadDays, now.spreadDays)
    leadTimes.set(supplier, isSame ? before : now)
    if (!isSame) changed.push({ supplier, ...now })
  }
  if (changed.length > 0) {
    await sql`
      insert into ref.lead_times (supplier, valid_from, mean_days, spread_days, deliveries)
      select supplier, ${validFrom}, "meanDays", "spreadDays", deliveries
      from jsonb_to_recordset(${JSON.stringify(changed)}::text::jsonb) as changed(
        supplier text, "meanDays" double precision, "spreadDays" double precision, deliveries integer)
      on conflict (supplier, valid_from) do nothing`
  }
  return { leadTimes, written: changed.length }
}

function isAbout(before: number, now: number): boolean {
  return Math.abs(now - before) <= SAME_SHARE * Math.max(before, now)
}
