import type { Sql } from '#db/client.ts'
import { withConnection } from '#db/open.ts'
import { loadStores } from '#db/stores.ts'
import { businessDayOf } from '#domain/business-day.ts'
import { DAY_MS, type Instant } from '#domain/instant.ts'
import { expectedByHour, HABIT_DAYS, MAD_SCALE, type SoldHour } from '#domain/operators/habits.ts'
import type { OrderSizes } from '#domain/operators/reference.ts'
import { newestOf } from '#domain/store.ts'
import { dueOnceADay, type OtherJob } from '#jobs/ledger/other-jobs.ts'

/**
 * Past every clock that the intake lets in (two minutes ahead), with time to be written and read: no event is judged
 * without the habits that a replay would judge it with. The versions before stay, as the log does.
 */
const HOLDS_AFTER_MINUTES = 5

/**
 * Once a day: what stores' habits let expect, from the last eight weeks, for the rules of the stream to be judged by.
 * What has not changed is not written again.
 */
export const expectedSales: OtherJob = {
  name: 'expected_sales',
  isReady: dueOnceADay('expected_sales'),
  run: ({ databaseUrl }) =>
    withConnection(databaseUrl, { applicationName: 'tillstream expected sales' }, async sql => {
      const now = Date.now()
      const expected = await writeExpectedOrders(sql, now)
      const sizes = await writeOrderSizes(sql, now)
      const detail = `orders by hour of week of ${expected} stores, and ${sizes} distributions of order sizes, have changed`
      return { text: `${detail}.\n`, json: { expected, sizes }, detail, rowCount: expected + sizes }
    }),
}

/**
 * Writes the orders to be expected in each hour of the week, of every store that sends as it sells.
 * @returns of how many stores they have changed
 */
export async function writeExpectedOrders(sql: Sql, now: Instant): Promise<number> {
  const live = (await loadStores(sql)).filter(store => newestOf(store).input === 'live')
  // A day more on either side: which day it is now, each store says by its own clocks.
  const rows = await sql<(SoldHour & { store: string })[]>`
    select store, business_day as "businessDay", hour_start as "hourStart", sum(orders)::bigint as orders
    from batch.hourly_sales
    where store = any(${live.map(({ id }) => id)}::text[]) and hour_known
      and business_day >= (${now - (HABIT_DAYS + 1) * DAY_MS}::timestamptz at time zone 'UTC')::date
    group by 1, 2, 3`
  const soldByStore = Map.groupBy(rows, ({ store }) => store)
  const habits = live.flatMap(store => {
    const today = businessDayOf(now, store.versions)
    const orders = expectedByHour(soldByStore.get(store.id) ?? [], { store, today })
    return orders === null ? [] : [{ store: store.id, orders }]
  })
  const { count } = await sql`
    insert into ref.expected_orders (store, valid_from, orders)
    select habit.store, clock.valid_from, habit.orders
    from jsonb_to_recordset(${JSON.stringify(habits)}::text::jsonb) as habit(store text, orders double precision[])
    cross join (select ${validFrom(sql)} as valid_from) clock
    where habit.orders is distinct from (
      select known.orders from ref.expected_orders known where known.store = habit.store
      order by known.valid_from desc limit 1)`
  return count
}

/**
 * Writes the sizes of orders by store, currency and class of hours.
 * @returns how many of them have changed
 */
export async function writeOrderSizes(sql: Sql, now: Instant): Promise<number> {
  const since = now - HABIT_DAYS * DAY_MS
  const sizes = await sql<(OrderSizes & { store: string; currency: string; hourClass: number })[]>`
    with orders as materialized (
      select s.store, s.currency, ln(s.net::double precision) as size,
        -- domain/operators/hour-of-week.ts says the same
        case when local.hour < 10 then 0 when local.hour < 14 then 1 when local.hour < 18 then 2 else 3 end as hour_class
      from log.sales s
      join ref.store_validity v
        on v.store = s.store and s.business_day >= v.valid_from and s.business_day < v.valid_to
      join ref.zone_offsets z on z.zone = v.zone and z.starts_at <= s.event_time and s.event_time < z.ends_at
      cross join lateral (
        select extract(hour from s.event_time at time zone 'UTC' + make_interval(secs => z.offset_seconds)) as hour
      ) local
      where s.type = 'order.placed' and s.net > 0 and s.event_time >= ${since} and s.event_time < ${now}
        -- nothing lies in the log before it happened, but for clocks that are off by minutes
        and s.appended_at >= ${since - DAY_MS}
        and s.details -> 'dateOnly' is null
    ), middles as (
      select store, currency, hour_class, percentile_cont(0.5) within group (order by size) as median
      from orders group by 1, 2, 3
    )
    select store, currency, hour_class as "hourClass", m.median,
      ${MAD_SCALE}::double precision * percentile_cont(0.5) within group (order by abs(o.size - m.median)) as spread,
      count(*) as documents
    from orders o join middles m using (store, currency, hour_class)
    group by 1, 2, 3, 4`
  const { count } = await sql`
    insert into ref.order_sizes (store, currency, hour_class, valid_from, median, spread, documents)
    select size.store, size.currency, size."hourClass", clock.valid_from, size.median, size.spread, size.documents
    from jsonb_to_recordset(${JSON.stringify(sizes)}::text::jsonb) as size(
      store text, currency text, "hourClass" smallint, median double precision, spread double precision,
      documents bigint)
    cross join (select ${validFrom(sql)} as valid_from) clock
    where (size.median, size.spread, size.documents) is distinct from (
      select (known.median, known.spread, known.documents) from ref.order_sizes known
      where known.store = size.store and known.currency = size.currency and known.hour_class = size."hourClass"
      order by known.valid_from desc limit 1)`
  return count
}

/** To the millisecond, as instants are read. */
function validFrom(sql: Sql) {
  return sql`date_trunc('milliseconds', statement_timestamp()) + make_interval(mins => ${HOLDS_AFTER_MINUTES}::integer)`
}
