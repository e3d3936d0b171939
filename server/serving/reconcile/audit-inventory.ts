import type { Reading } from '#db/transaction.ts'
import { settledPeriods } from '#server/serving/reconcile/audit-periods.ts'
import { inStores } from '#server/serving/scope.ts'
import {
  compareRows,
  type FoundColumns,
  found,
  inLogOf,
  isCounted,
  MAX_FOUND,
  runsOf,
  storedRows,
} from './audit-rows.ts'
import type { AuditScope, FoundRow } from './findings.ts'

const MOVEMENTS = ['received', 'sold', 'returned', 'adjusted', 'transferred'] as const

/**
 * Every row of `batch.daily_inventory`: its movements against the log up to what its run has read, and its
 * closing against its own books.
 */
export async function auditDailyInventory(reading: Reading, scope: AuditScope): Promise<FoundRow[]> {
  const rows = [...(await differingMovements(reading, scope)), ...(await unbalancedRows(reading, scope))]
  return found('batch', 'batch.daily_inventory', rows)
}

async function differingMovements(reading: Reading, scope: AuditScope): Promise<FoundColumns[]> {
  return reading<FoundColumns[]>`
    with runs as (${runsOf(reading, scope, 'daily_inventory')}),
    lines as (
      select e.store, e.business_day, e.type,
        case when e.type = 'stock.transferred' and e.details ->> 'leg' = 'out' then -1 else 1 end as sign,
        unnest(e.skus) as sku, unnest(e.units) as units, unnest(e.stocked) as is_stocked
      from log.event_log e
      join runs r on r.store = e.store and r.business_day = e.business_day and e."offset" <= r.through
      where ${inLogOf(reading, scope)} and ${isCounted(reading, 'batch')} and e.type in ('stock.received', 'order.placed', 'order.voided',
        'order.returned', 'stock.adjusted', 'stock.transferred')
    ),
    expected as (
      select store, business_day, sku,
        batch.exact_sum(units) filter (where type = 'stock.received') as received,
        batch.exact_sum(case type when 'order.placed' then units when 'order.voided' then -units end) as sold,
        batch.exact_sum(units) filter (where type = 'order.returned') as returned,
        batch.exact_sum(units) filter (where type = 'stock.adjusted') as adjusted,
        batch.exact_sum(sign * units) filter (where type = 'stock.transferred') as transferred
      from lines where coalesce(is_stocked, true)
      group by 1, 2, 3
    ),
    stored as (${storedRows(reading, scope, 'batch.daily_inventory')})
    -- A product without a known stock has no row, and one that nothing moved has.
    ${compareRows(reading, {
      key: ['store', 'business_day', 'sku'],
      counts: MOVEMENTS,
      money: [],
      absentIsZero: true,
    })}`
}

async function unbalancedRows(reading: Reading, scope: AuditScope): Promise<FoundColumns[]> {
  return reading<FoundColumns[]>`
    with stored as (${storedRows(reading, scope, 'batch.daily_inventory')}),
    books as (
      select store, business_day, sku, closing,
        opening + received - sold + returned + adjusted + transferred + count_correction as balance
      from stored
    )
    select jsonb_build_object('store', store, 'business_day', business_day, 'sku', sku) as "rowKey",
      'closing' as metric, closing::numeric as stored, balance::numeric as expected
    from books where closing <> balance
    order by store, business_day, sku limit ${MAX_FOUND}`
}

/**
 * Every month of `batch.monthly_inventory` that holds a day of the scope against its days, where the run
 * took them in as they stand, and its ratios against what they are ratios of.
 */
export async function auditMonthlyInventory(reading: Reading, scope: AuditScope): Promise<FoundRow[]> {
  const sums = reading.unsafe(
    [...MOVEMENTS, 'count_correction', 'stockout_minutes']
      .map(name => `batch.exact_sum(d.${name}) as ${name}`)
      .join(', '),
  )
  const report = { job: 'monthly_inventory', period: 'month', daily: 'daily_inventory' } as const
  const rows = await reading<FoundColumns[]>`
    with settled as (${settledPeriods(reading, scope, report)}),
    books as (
      select d.store, r.period_start as month, d.sku, count(*) as days, ${sums},
        (array_agg(d.opening order by d.business_day))[1] as opening,
        (array_agg(d.closing order by d.business_day desc))[1] as closing,
        round(avg(d.closing), 4) as average_on_hand
      from (select store, period_start, unnest(days) as business_day from settled) r
      join batch.daily_inventory d on d.store = r.store and d.business_day = r.business_day
      group by 1, 2, 3
    ),
    expected as (
      select b.*, round(sold / nullif(greatest(average_on_hand, 0), 0), 4) as turnover,
        round(sold::numeric / nullif(greatest(opening + received, 0), 0), 4) as sell_through,
        round(closing * days::numeric / nullif(greatest(sold, 0), 0), 4) as days_of_cover
      from books b
    ),
    stored as (
      select t.* from batch.monthly_inventory t
      join settled r on r.store = t.store and r.period_start = t.month
    )
    ${compareRows(reading, {
      key: ['store', 'month', 'sku'],
      counts: [
        ...MOVEMENTS,
        'opening',
        'count_correction',
        'closing',
        'stockout_minutes',
        'average_on_hand',
        'turnover',
        'sell_through',
        'days_of_cover',
      ],
      money: [],
    })}`
  return found('batch', 'batch.monthly_inventory', rows)
}

/**
 * The opening of every row of `batch.daily_inventory` against the closing of the day before, where the run
 * took that in as it stands now: a day that waits to be recomputed differs by right.
 */
export async function auditInventoryChain(reading: Reading, scope: AuditScope): Promise<FoundRow[]> {
  const rows = await reading<FoundColumns[]>`
    with links as (
      select r.store, r.period as business_day, before.day::date as previous_day
      from batch.current_runs r
      cross join lateral jsonb_each_text(r.inputs -> 'daily_inventory') as before(day, checksum)
      join batch.current_runs p on p.job = 'daily_inventory' and p.store = r.store
        and p.period = before.day::date and p.checksum = before.checksum
      where r.job = 'daily_inventory' and r.period between ${scope.from} and ${scope.to}
        ${inStores(reading, scope, 'r.store')}
    ),
    stored as (
      select i.store, i.business_day, i.sku, i.opening
      from batch.daily_inventory i join links l on l.store = i.store and l.business_day = i.business_day
    ),
    closed as (
      select l.store, l.business_day, i.sku, i.closing
      from links l join batch.daily_inventory i on i.store = l.store and i.business_day = l.previous_day
    )
    select jsonb_build_object('store', coalesce(s.store, c.store), 'business_day',
        coalesce(s.business_day, c.business_day), 'sku', coalesce(s.sku, c.sku)) as "rowKey",
      case when s.store is null then 'row' else 'opening' end as metric,
      case when s.store is null then null else s.opening end::numeric as stored,
      case when s.store is null then 1 else coalesce(c.closing, 0) end::numeric as expected
    from stored s
    full join closed c on c.store = s.store and c.business_day = s.business_day and c.sku = s.sku
    where s.opening is distinct from coalesce(c.closing, 0)
    order by 1 limit ${MAX_FOUND}`
  return found('batch', 'batch.daily_inventory', rows)
}
