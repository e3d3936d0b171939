import type { StagedRows } from '#jobs/materialize/output-check.ts'
import type { Report } from '#jobs/materialize/report.ts'
import type { Fragment } from '#jobs/transaction.ts'
import { stockMoves } from './stock-moves.ts'

/**
 * Stock per business day and product: opening + received − sold + returned + adjusted + transferred +
 * count_correction = closing.
 *
 * A day opens where the day before closed. Within it, events are walked in order of event time: a delta adds
 * up, a count sets the level (after the deltas of its own instant), and what it changed is the correction. A
 * product whose stock was unknown becomes known with its first count, or with its first receipt, just
 * before which it was zero; what moved on that day before is in the books and balanced by the correction.
 * Days are ordered first, then event times: so a day's rows stay together whatever the clocks said.
 */
export const dailyInventory: Report = {
  name: 'daily_inventory',
  version: '1',
  summary: 'stock per business day, store and product: opening, movements, counts, closing',
  grain: 'day',
  cadence: 'day-ended',
  days: 'carried',
  reads: ['events'],
  inputs: ['daily_inventory'],
  references: [],
  isChained: true,
  isPublishing: false,
  isGrowing: true,
  table: {
    name: 'daily_inventory',
    period: 'business_day',
    key: ['sku'],
    values: [
      'opening',
      'received',
      'sold',
      'returned',
      'adjusted',
      'transferred',
      'count_correction',
      'closing',
      'stockout_minutes',
    ],
  },
  checks: [booksBalance],
  figures: reading => {
    const { sql, days, isRead, isInRange } = reading
    return sql`
      with days as materialized (select * from ${days()}),
      -- levels at the end of the day before the set's first, store by store
      carried as (
        select i.store, i.sku, i.closing
        from (select distinct on (store) store, previous_day from days order by store, business_day) first
        join batch.daily_inventory i on i.store = first.store and i.business_day = first.previous_day
        where ${isInRange('i', 'business_day')}
      ),
      anchored as (
        select distinct line.store, line.sku
        from (
          select e.store, e.business_day, unnest(e.skus) as sku, unnest(e.stocked) as is_stocked
          from log.event_log e
          where ${isRead()} and e.type in ('stock.received', 'stock.counted')
        ) line
        join days on days.store = line.store and days.business_day = line.business_day
        where coalesce(line.is_stocked, true)
      ),
      -- products whose stock is known, or becomes known: of the others nothing need be read
      products as materialized (
        select coalesce(carried.store, anchored.store) as store, coalesce(carried.sku, anchored.sku) as sku,
          carried.closing as carried
        from carried
        full join anchored on anchored.store = carried.store and anchored.sku = carried.sku
      ),
      steps as (
        -- one step where each day begins, so that a day without events has a level too
        select p.store, p.sku, p.carried, days.business_day, days.starts_at as at, days.ends_at, 0 as phase,
          0::bigint as "offset", 0 as line, 'day' as kind, 0 as units
        from products p join days on days.store = p.store
        union all
        select p.store, p.sku, p.carried, move.business_day,
          least(greatest(move.event_time, days.starts_at), days.ends_at), days.ends_at,
          case move.kind when 'counted' then 2 else 1 end, move."offset", move.line, move.kind, move.units
        from products p
        join (${stockMoves(reading)}) move on move.store = p.store and move.sku = p.sku
        join days on days.store = move.store and days.business_day = move.business_day
      ),
      known as (
        select *,
          count(*) filter (where phase = 2) over in_order as counts,
          -- everything of the instant at which stock becomes known counts
          carried is not null or bool_or(kind in ('received', 'counted')) over by_instant as is_known
        from steps
        window in_order as (
            partition by store, sku order by business_day, at, phase, "offset", line rows unbounded preceding),
          by_instant as (partition by store, sku order by business_day, at)
      ),
      levels as (
        select *,
          -- between two counts: what was counted (or carried) and the deltas since
          case counts when 0 then coalesce(carried, 0) else 0 end
            + sum(case when is_known then units else 0 end) over since_count as on_hand
        from known
        window since_count as (
          partition by store, sku, counts order by business_day, at, phase, "offset", line rows unbounded preceding)
      ),
      walk as (
        select *,
          lag(on_hand) over in_order as expected,
          lead(at) over in_day as next_at
        from levels
        window in_order as (partition by store, sku order by business_day, at, phase, "offset", line),
          in_day as (partition by store, sku, business_day order by at, phase, "offset", line)
      )
      select store, business_day, sku,
        max(on_hand) filter (where phase = 0) as opening,
        batch.exact_sum(units) filter (where kind = 'received') as received,
        - batch.exact_sum(units) filter (where kind = 'sold') as sold,
        batch.exact_sum(units) filter (where kind = 'returned') as returned,
        batch.exact_sum(units) filter (where kind = 'adjusted') as adjusted,
        batch.exact_sum(units) filter (where kind = 'transferred') as transferred,
        batch.exact_sum((on_hand - expected)::bigint) filter (where phase = 2)
          - batch.exact_sum(units) filter (where phase = 1 and not is_known) as count_correction,
        max(on_hand) filter (where next_at is null) as closing,
        coalesce(floor(
          sum(extract(epoch from coalesce(next_at, ends_at) - at)) filter (where is_known and on_hand <= 0) / 60
        ), 0)::integer as stockout_minutes
      from walk
      group by store, business_day, sku
      having bool_or(is_known)`
  },
}

function booksBalance({ sql }: StagedRows): Fragment {
  return sql`
    select store, business_day as period, format('the books of sku %s do not balance: %s + %s - %s + %s + %s + %s + %s is not %s',
      sku, opening, received, sold, returned, adjusted, transferred, count_correction, closing) as problem
    from staged
    where opening + received - sold + returned + adjusted + transferred + count_correction <> closing`
}
