import type { Fragment } from '#db/transaction.ts'
import type { ReportDefinition, StagedRows } from './report.ts'
import type { SetReading } from './set-reading.ts'

/**
 * Stock per business day and product: opening + received − sold + returned + adjusted + transferred +
 * count_correction = closing.
 *
 * A day opens where the day before closed. Within it, events are walked in order of event time: a delta adds
 * up, a count sets the level (after the deltas of its own instant), and what it changed is the correction. A
 * product whose stock was unknown becomes known with its first count, or with its first receipt, just
 * before which it was zero; what moved on that day before is in the books and balanced by the correction.
 * Days are ordered first, then event times: so a day's rows stay together whatever the clocks said.
 *
 * Most days have no count and never come near an empty shelf: their sums say everything, and only the others
 * are walked. Of a history of 60 days, 8 stores and 480 products that is one product-day in sixteen; walking
 * all of them, 590,000 steps through five window sorts, took twice as long and spilled to disk.
 */
export const dailyInventory: ReportDefinition = {
  version: '2',
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
        select distinct on (line.store, line.sku) line.store, line.sku, line.business_day,
          least(greatest(line.event_time, days.starts_at), days.ends_at) as at
        from (
          select e.store, e.business_day, e.event_time, unnest(e.skus) as sku, unnest(e.stocked) as is_stocked
          from log.event_log e
          where ${isRead()} and e.type in ('stock.received', 'stock.counted')
        ) line
        join days on days.store = line.store and days.business_day = line.business_day
        where coalesce(line.is_stocked, true)
        order by line.store, line.sku, line.business_day, at
      ),
      -- Products whose stock is known, or becomes known: on known_day, from known_at on. Of the others nothing
      -- need be read.
      products as materialized (
        select row_number() over () as product, coalesce(carried.store, anchored.store) as store,
          coalesce(carried.sku, anchored.sku) as sku, coalesce(carried.closing, 0) as carried,
          case when carried.store is null then anchored.business_day end as known_day,
          case when carried.store is null then anchored.at end as known_at
        from carried
        full join anchored on anchored.store = carried.store and anchored.sku = carried.sku
      ),
      product_moves as materialized (
        select p.product, p.known_day, move.business_day, moment.at, move."offset", move.line, move.kind, move.units,
          case move.kind when 'counted' then 2 else 1 end as phase,
          p.known_day is null or (move.business_day, moment.at) >= (p.known_day, p.known_at) as is_known
        from (${stockMoves(reading)}) move
        join products p on p.store = move.store and p.sku = move.sku
        join days on days.store = move.store and days.business_day = move.business_day
        cross join lateral (select least(greatest(move.event_time, days.starts_at), days.ends_at) as at) moment
      ),
      movements as (
        select product, business_day,
          batch.exact_sum(units) filter (where kind = 'received') as received,
          - batch.exact_sum(units) filter (where kind = 'sold') as sold,
          batch.exact_sum(units) filter (where kind = 'returned') as returned,
          batch.exact_sum(units) filter (where kind = 'adjusted') as adjusted,
          batch.exact_sum(units) filter (where kind = 'transferred') as transferred,
          batch.exact_sum(units) filter (where phase = 1 and is_known) as change,
          batch.exact_sum(units) filter (where phase = 1 and is_known and units < 0) as outflow
        from product_moves
        where known_day is null or business_day >= known_day
        group by product, business_day
      ),
      -- the last count of a day and what moved after it: the day's closing, whatever was before
      last_counts as (
        select distinct on (product, business_day) product, business_day, at, units
        from product_moves where phase = 2
        order by product, business_day, at desc, "offset" desc, line desc
      ),
      resets as (
        select c.product, c.business_day, c.units + batch.exact_sum(m.units) as closing
        from last_counts c
        left join product_moves m on m.product = c.product and m.business_day = c.business_day
          and m.phase = 1 and m.at > c.at
        group by c.product, c.business_day, c.units
      ),
      product_days as (
        select p.product, p.store, p.sku, p.carried, days.business_day, days.starts_at, days.ends_at,
          p.known_day is null or days.business_day > p.known_day as is_known,
          coalesce(m.received, 0) as received, coalesce(m.sold, 0) as sold, coalesce(m.returned, 0) as returned,
          coalesce(m.adjusted, 0) as adjusted, coalesce(m.transferred, 0) as transferred,
          coalesce(m.change, 0) as change, coalesce(m.outflow, 0) as outflow, r.closing as reset,
          count(r.closing) over (partition by p.product order by days.business_day) as resets
        from products p
        join days on days.store = p.store and (p.known_day is null or days.business_day >= p.known_day)
        left join movements m on m.product = p.product and m.business_day = days.business_day
        left join resets r on r.product = p.product and r.business_day = days.business_day
      ),
      closings as (
        select *,
          -- since the last day with a count (or since what was carried): its closing and the changes since
          case resets when 0 then carried else 0 end + batch.exact_sum(coalesce(reset, change)) over (
            partition by product, resets order by business_day rows unbounded preceding) as closing
        from product_days
      ),
      levels as materialized (
        select *,
          coalesce(lag(closing) over (partition by product order by resets, business_day), carried) as opening
        from closings
      ),
      -- Days on which something happens at a moment: a count, a stock that becomes known, or a shelf that is
      -- empty, or may have been. Only these are walked move by move; of the others the sums say everything.
      walked_days as (
        select product, business_day, starts_at, ends_at, opening, is_known
        from levels where reset is not null or not is_known or opening + outflow <= 0
      ),
      steps as (
        select d.product, d.business_day, d.opening, d.ends_at, d.starts_at as at, 0 as phase,
          0::bigint as "offset", 0 as line, 0 as units,
          d.is_known or (d.business_day, d.starts_at) >= (p.known_day, p.known_at) as is_known
        from walked_days d join products p on p.product = d.product
        union all
        select d.product, d.business_day, d.opening, d.ends_at, m.at, m.phase, m."offset", m.line, m.units, m.is_known
        from walked_days d join product_moves m on m.product = d.product and m.business_day = d.business_day
      ),
      counted as (
        select *,
          count(*) filter (where phase = 2) over (
            partition by product, business_day order by at, phase, "offset", line rows unbounded preceding) as counts
        from steps
      ),
      walk as (
        select product, business_day, at, ends_at, phase, units, is_known,
          case counts when 0 then opening else 0 end + batch.exact_sum(case when is_known then units else 0 end) over (
            partition by product, business_day, counts order by at, phase, "offset", line rows unbounded preceding)
            as on_hand,
          lead(at) over in_order as next_at, row_number() over in_order as step
        from counted
        window in_order as (partition by product, business_day order by counts, at, phase, "offset", line)
      ),
      corrected as (
        select *, lag(on_hand) over (partition by product, business_day order by step) as expected from walk
      ),
      walked as (
        select product, business_day,
          batch.exact_sum(on_hand - expected) filter (where phase = 2)
            - batch.exact_sum(units) filter (where phase = 1 and not is_known) as count_correction,
          coalesce(floor(
            sum(extract(epoch from coalesce(next_at, ends_at) - at)) filter (where is_known and on_hand <= 0) / 60
          ), 0)::integer as stockout_minutes
        from corrected
        group by product, business_day
      )
      select l.store, l.business_day, l.sku, l.opening, l.received, l.sold, l.returned, l.adjusted,
        l.transferred, coalesce(w.count_correction, 0) as count_correction, l.closing,
        coalesce(w.stockout_minutes, 0) as stockout_minutes
      from levels l
      left join walked w on w.product = l.product and w.business_day = l.business_day
      order by l.store, l.business_day, l.sku`
  },
}

function booksBalance({ sql }: StagedRows): Fragment {
  return sql`
    select store, business_day as period, format('the books of sku %s do not balance: %s + %s - %s + %s + %s + %s + %s is not %s',
      sku, opening, received, sold, returned, adjusted, transferred, count_correction, closing) as problem
    from staged
    where opening + received - sold + returned + adjusted + transferred + count_correction <> closing`
}

/**
 * SELECT of everything that moves or counts stock in a set's days, line by line: store, business_day, sku,
 * event_time, "offset", line (place in the document), kind and units. Units are signed by their effect on
 * stock; for a count they are what was found, added up where it names a product twice (it lies in two places). Goods
 * not put back and codes that are no merchandise move none.
 */
function stockMoves({ sql, isRead }: SetReading): Fragment {
  // Asked of counts alone: other documents' lines stay the arrays they are.
  const counted = (answer: string) => sql`(
    select ${sql.unsafe(answer)}
    from (
      select line.sku, batch.exact_sum(line.units) as units
      from unnest(e.skus, e.units, e.stocked) as line(sku, units, is_stocked)
      where coalesce(line.is_stocked, true) group by line.sku
    ) l
  )`
  return sql`
    select store, business_day, sku, event_time, "offset", line, kind, sign * units as units
    from (
      select e.store, e.business_day, e.event_time, e."offset",
        case e.type
          when 'order.placed' then 'sold'
          when 'order.voided' then 'sold'
          when 'order.returned' then 'returned'
          when 'stock.received' then 'received'
          when 'stock.adjusted' then 'adjusted'
          when 'stock.transferred' then 'transferred'
          when 'stock.counted' then 'counted'
        end as kind,
        case
          when e.type = 'order.placed' then -1
          when e.type = 'stock.transferred' and e.details ->> 'leg' = 'out' then -1
          else 1
        end as sign,
        generate_subscripts(e.skus, 1) as line,
        unnest(case e.type when 'stock.counted' then ${counted('array_agg(l.sku order by l.sku)')} else e.skus end) as sku,
        unnest(case e.type when 'stock.counted' then ${counted('array_agg(l.units order by l.sku)')}
          else e.units::bigint[] end) as units,
        unnest(case when e.type <> 'stock.counted' then e.stocked end) as is_stocked
      from log.event_log e
      where ${isRead()} and e.type in (
        'order.placed', 'order.voided', 'order.returned',
        'stock.received', 'stock.adjusted', 'stock.transferred', 'stock.counted')
    ) line
    where coalesce(is_stocked, true)`
}
