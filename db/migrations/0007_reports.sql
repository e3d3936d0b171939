-- Schema reports: the views any BI tool may rely on. Names and columns stay; columns may be added at the end.
-- Money is numeric(20,4). A row whose basis is not known (no current run, no checkpoint) is not shown.
create schema if not exists reports;

-- Batch: sales ----------------------------------------------------------------------------------------
create view reports.daily_sales as
select s.business_day, s.store, s.channel, s.currency, s.orders, s.units,
  (s.gross * 0.0001)::numeric(20, 4) as gross,
  (s.discounts * 0.0001)::numeric(20, 4) as discounts,
  (s.returns * 0.0001)::numeric(20, 4) as returns,
  ((s.gross - s.discounts - s.returns) * 0.0001)::numeric(20, 4) as net,
  s.return_documents, s.units_returned, s.customers,
  case when s.orders > 0 then round((s.gross - s.discounts) * 0.0001 / s.orders, 4) end::numeric(20, 4) as average_order_value,
  (s.tax * 0.0001)::numeric(20, 4) as tax,
  r.run_id, r.computed_at, jsonb_build_object(r.partition::text, r.through_offset) as through,
  (s.net_in_reporting_currency * 0.0001)::numeric(20, 4) as net_in_reporting_currency,
  s.reporting_currency, s.exchange_rate
from batch.daily_sales s
join batch.current_runs r on r.job = 'daily_sales' and r.store = s.store and r.period = s.business_day;

create view reports.hourly_sales as
select s.business_day, s.hour_start, s.store, s.channel, s.currency, s.orders, s.units,
  (s.gross * 0.0001)::numeric(20, 4) as gross,
  (s.discounts * 0.0001)::numeric(20, 4) as discounts,
  (s.returns * 0.0001)::numeric(20, 4) as returns,
  ((s.gross - s.discounts - s.returns) * 0.0001)::numeric(20, 4) as net,
  r.run_id, r.computed_at, jsonb_build_object(r.partition::text, r.through_offset) as through,
  -- with the offset, by which the two hours that are called alike in autumn are told apart
  to_char(s.hour_start at time zone 'UTC' + make_interval(secs => o.offset_seconds), 'HH24:MI')
    || case when o.offset_seconds < 0 then ' -' else ' +' end
    || to_char(make_interval(secs => abs(o.offset_seconds)), 'HH24:MI') as local_hour,
  s.hour_known
from batch.hourly_sales s
join batch.current_runs r on r.job = 'hourly_sales' and r.store = s.store and r.period = s.business_day
left join ref.store_validity v on v.store = s.store and s.business_day >= v.valid_from and s.business_day < v.valid_to
left join lateral (
  select z.offset_seconds from ref.zone_offsets z
  where z.zone = v.zone and z.starts_at <= s.hour_start order by z.starts_at desc limit 1
) o on true;

create view reports.daily_product_sales as
select s.business_day, s.store, s.channel, s.sku, s.currency, s.units,
  (s.gross * 0.0001)::numeric(20, 4) as gross,
  (s.discounts * 0.0001)::numeric(20, 4) as discounts,
  (s.returns * 0.0001)::numeric(20, 4) as returns,
  ((s.gross - s.discounts - s.returns) * 0.0001)::numeric(20, 4) as net,
  s.units_returned,
  r.run_id, r.computed_at, jsonb_build_object(r.partition::text, r.through_offset) as through
from batch.daily_product_sales s
join batch.current_runs r on r.job = 'daily_product_sales' and r.store = s.store and r.period = s.business_day;

create view reports.weekly_sales as
select s.week, s.store, s.channel, s.currency, s.orders, s.units,
  (s.gross * 0.0001)::numeric(20, 4) as gross,
  (s.discounts * 0.0001)::numeric(20, 4) as discounts,
  (s.returns * 0.0001)::numeric(20, 4) as returns,
  ((s.gross - s.discounts - s.returns) * 0.0001)::numeric(20, 4) as net,
  s.return_documents, s.units_returned, s.customers,
  case when s.orders > 0 then round((s.gross - s.discounts) * 0.0001 / s.orders, 4) end::numeric(20, 4) as average_order_value,
  (s.net_in_reporting_currency * 0.0001)::numeric(20, 4) as net_in_reporting_currency,
  s.reporting_currency,
  r.run_id, r.computed_at, jsonb_build_object(r.partition::text, r.through_offset) as through
from batch.weekly_sales s
join batch.current_runs r on r.job = 'weekly_sales' and r.store = s.store and r.period = s.week;

create view reports.monthly_sales as
select s.month, s.store, s.channel, s.currency, s.orders, s.units,
  (s.gross * 0.0001)::numeric(20, 4) as gross,
  (s.discounts * 0.0001)::numeric(20, 4) as discounts,
  (s.returns * 0.0001)::numeric(20, 4) as returns,
  ((s.gross - s.discounts - s.returns) * 0.0001)::numeric(20, 4) as net,
  s.return_documents, s.units_returned, s.customers,
  case when s.orders > 0 then round((s.gross - s.discounts) * 0.0001 / s.orders, 4) end::numeric(20, 4) as average_order_value,
  (s.net_in_reporting_currency * 0.0001)::numeric(20, 4) as net_in_reporting_currency,
  s.reporting_currency,
  r.run_id, r.computed_at, jsonb_build_object(r.partition::text, r.through_offset) as through
from batch.monthly_sales s
join batch.current_runs r on r.job = 'monthly_sales' and r.store = s.store and r.period = s.month;

create view reports.monthly_product_sales as
select s.month, s.store, s.channel, s.sku, s.currency, s.units,
  (s.gross * 0.0001)::numeric(20, 4) as gross,
  (s.discounts * 0.0001)::numeric(20, 4) as discounts,
  (s.returns * 0.0001)::numeric(20, 4) as returns,
  ((s.gross - s.discounts - s.returns) * 0.0001)::numeric(20, 4) as net,
  s.units_returned,
  (s.net_in_reporting_currency * 0.0001)::numeric(20, 4) as net_in_reporting_currency,
  s.reporting_currency,
  r.run_id, r.computed_at, jsonb_build_object(r.partition::text, r.through_offset) as through
from batch.monthly_product_sales s
join batch.current_runs r on r.job = 'monthly_product_sales' and r.store = s.store and r.period = s.month;

create view reports.monthly_category_sales as
select s.month, s.store, s.channel, s.category, s.currency, s.units,
  (s.gross * 0.0001)::numeric(20, 4) as gross,
  (s.discounts * 0.0001)::numeric(20, 4) as discounts,
  (s.returns * 0.0001)::numeric(20, 4) as returns,
  ((s.gross - s.discounts - s.returns) * 0.0001)::numeric(20, 4) as net,
  s.units_returned,
  (s.net_in_reporting_currency * 0.0001)::numeric(20, 4) as net_in_reporting_currency,
  s.reporting_currency,
  r.run_id, r.computed_at, jsonb_build_object(r.partition::text, r.through_offset) as through
from batch.monthly_category_sales s
join batch.current_runs r on r.job = 'monthly_category_sales' and r.store = s.store and r.period = s.month;

create view reports.monthly_tenders as
select s.month, s.store, s.channel, s.tender, s.currency, s.documents,
  (s.amount * 0.0001)::numeric(20, 4) as amount,
  (s.amount_in_reporting_currency * 0.0001)::numeric(20, 4) as amount_in_reporting_currency,
  s.reporting_currency,
  r.run_id, r.computed_at, jsonb_build_object(r.partition::text, r.through_offset) as through
from batch.monthly_tenders s
join batch.current_runs r on r.job = 'monthly_tenders' and r.store = s.store and r.period = s.month;

-- Batch: inventory, reviews, completeness -------------------------------------------------------------
create view reports.daily_inventory as
select i.business_day, i.store, i.sku, i.opening, i.received, i.sold, i.returned, i.adjusted, i.transferred,
  i.count_correction, i.closing, i.stockout_minutes,
  r.run_id, r.computed_at, jsonb_build_object(r.partition::text, r.through_offset) as through
from batch.daily_inventory i
join batch.current_runs r on r.job = 'daily_inventory' and r.store = i.store and r.period = i.business_day;

create view reports.monthly_inventory as
select i.month, i.store, i.sku, i.opening, i.received, i.sold, i.returned, i.adjusted, i.transferred,
  i.count_correction, i.closing, i.stockout_minutes, i.average_on_hand, i.turnover, i.sell_through,
  i.days_of_cover, i.abc_class,
  r.run_id, r.computed_at, jsonb_build_object(r.partition::text, r.through_offset) as through
from batch.monthly_inventory i
join batch.current_runs r on r.job = 'monthly_inventory' and r.store = i.store and r.period = i.month;

-- Kept per store, told per product: several runs stand behind a row, one a store.
create view reports.daily_reviews as
select p.business_day, p.sku, sum(p.reviews)::bigint as reviews,
  round(sum(p.rating_sum) / nullif(sum(p.reviews), 0), 4)::numeric(20, 4) as average_rating,
  max(p.run_id) as run_id, max(p.computed_at) as computed_at,
  jsonb_object_agg(p.partition::text, p.through_offset) as through
from (
  select d.business_day, d.sku, r.partition, sum(d.reviews) as reviews, sum(d.rating_sum) as rating_sum,
    max(r.run_id) as run_id, max(r.computed_at) as computed_at, min(r.through_offset) as through_offset
  from batch.daily_reviews d
  join batch.current_runs r on r.job = 'daily_reviews' and r.store = d.store and r.period = d.business_day
  group by d.business_day, d.sku, r.partition
) p
group by p.business_day, p.sku;

create view reports.completeness as
select c.business_day, c.store, c.register, c.z_orders,
  (c.z_net * 0.0001)::numeric(20, 4) as z_net,
  c.log_orders,
  (c.log_net * 0.0001)::numeric(20, 4) as log_net,
  -- what has not come within four weeks is awaited no longer (domain/expectations.ts)
  case when c.state = 'awaiting journal' and c.business_day < current_date - 29 then 'missing' else c.state end as state,
  c.currency,
  r.run_id, r.computed_at, jsonb_build_object(r.partition::text, r.through_offset) as through,
  c.z_units, c.log_units
from batch.completeness c
join batch.current_runs r on r.job = 'completeness' and r.store = c.store and r.period = c.business_day;

-- What the tills' own counts say: per means of payment, and which receipts never came.
create view reports.over_short as
select c.business_day, c.store, c.register, part.tender, c.currency,
  (part.declared * 0.0001)::numeric(20, 4) as declared,
  (part.counted * 0.0001)::numeric(20, 4) as counted,
  ((part.counted - part.declared) * 0.0001)::numeric(20, 4) as difference,
  r.run_id, r.computed_at, jsonb_build_object(r.partition::text, r.through_offset) as through
from batch.completeness c
join batch.current_runs r on r.job = 'completeness' and r.store = c.store and r.period = c.business_day
cross join lateral (
  select 'cash' as tender,
    coalesce(c.opening_float, 0) + coalesce(
      (select sum(told.z) from jsonb_to_recordset(c.tenders) as told(tender text, z bigint) where told.tender = 'cash'),
      c.log_cash, 0) as declared,
    c.counted_cash as counted
  where c.counted_cash is not null
  union all
  select told.tender, told.z, told.log
  from jsonb_to_recordset(c.tenders) as told(tender text, z bigint, log bigint)
  where told.tender <> 'cash' or c.counted_cash is null
) part;

create view reports.missing_receipts as
select c.business_day, c.store, c.register, c.first_receipt as first, c.last_receipt as last,
  array(
    select regexp_replace(c.first_receipt, '[0-9]+$', '')
      || lpad(number::text, greatest(length(number::text), length(substring(c.first_receipt from '[0-9]+$'))), '0')
    from unnest(c.missing_receipts) number order by number
  ) as missing,
  cardinality(c.missing_receipts) as missing_count,
  r.run_id, r.computed_at, jsonb_build_object(r.partition::text, r.through_offset) as through
from batch.completeness c
join batch.current_runs r on r.job = 'completeness' and r.store = c.store and r.period = c.business_day
where cardinality(c.missing_receipts) > 0;

create view reports.job_runs as
select r.run_id as id, r.job, r.store, r.period, r.state, r.trigger, r.attempt, r.code_version, r.rules_version,
  r.row_count, r.checksum, r.started_at, r.finished_at, r.error, r.reason,
  r.run_id, r.finished_at as computed_at,
  case when r.through_offset is not null then jsonb_build_object(r.partition::text, r.through_offset) end as through
from batch.runs r;

create view reports.restatements as
select s.restatement as id, s.business_day, s.store, s.channel, s.currency, s.metric, s.old_value, s.new_value, s.cause,
  s.restated_at, s.run_id, s.restated_at as computed_at,
  case when r.through_offset is not null then jsonb_build_object(r.partition::text, r.through_offset) end as through
from batch.restatements s
left join batch.runs r on r.run_id = s.run_id
union all
-- changes of stores that were told to alter what reports say of days past; which figures, the reports' runs tell
select -c.restatement, c.from_day, c.store, null, null, 'store', null::numeric(20, 4), null::numeric(20, 4),
  format('business days %s to %s: %s', c.from_day, c.to_day, c.change), c.restated_at, null, c.restated_at, null
from ref.store_restatements c;

create view reports.dead_letters as
select d.dead_letter as id, d.met_at, d.met_in, d.source, d.event_id, d.store, d.reason, d.detail,
  encode(d.payload, 'escape') as payload, d.state, d.settled_at, d.settlement,
  null::bigint as run_id, d.met_at as computed_at,
  case when d.met_in ? 'offset' then jsonb_build_object(d.met_in ->> 'partition', d.met_in -> 'offset') end as through
from intake.dead_letters d;

create view reports.price_hints as
select h.store, h.sku, h.kind, h.on_hand, round(h.demand_per_day::numeric, 4)::numeric(20, 4) as demand_per_day,
  round(h.days_of_cover::numeric, 4)::numeric(20, 4) as days_of_cover, h.currency,
  (h.price * 0.0001)::numeric(20, 4) as price, (h.unit_cost * 0.0001)::numeric(20, 4) as unit_cost,
  (h.hint_price * 0.0001)::numeric(20, 4) as hint_price, h.discount, h.discount_today,
  round(h.elasticity::numeric, 4)::numeric(20, 4) as elasticity,
  round(h.elasticity_deviation::numeric, 4)::numeric(20, 4) as elasticity_deviation, h.offers, h.units_to_clear,
  round(h.units::numeric, 4)::numeric(20, 4) as units, round(h.units_low::numeric, 4)::numeric(20, 4) as units_low,
  round(h.units_high::numeric, 4)::numeric(20, 4) as units_high, h.clears, h.business_day, h.run_id, h.computed_at,
  case when r.partition is not null then jsonb_build_object(r.partition::text, r.through_offset) end as through
from batch.price_hints h
left join batch.current_runs r on r.job = 'daily_inventory' and r.store = h.store and r.period = h.business_day;


create view reports.replenishment as
select r.store, r.sku, r.supplier, r.on_hand, r.on_order, r.position as inventory_position, r.demand_per_day,
  round(r.days_of_cover::numeric, 4)::numeric(20, 4) as days_of_cover, r.reorder_point, r.order_up_to, r.suggested_units,
  r.runs_out_at, r.runs_out_early, r.runs_out_late, r.next_delivery_at, r.order_arrives_at, r.verdict, r.missed_units,
  r.missed_spread, r.shortage_since, p.business_day, p.as_of, r.run_id, p.computed_at,
  jsonb_build_object(p.partition::text, p.through_offset) as through
from batch.replenishment r
join batch.replenishment_plans p on p.store = r.store;

-- Stream ----------------------------------------------------------------------------------------------
-- A window closes when the watermark has passed its end, and is final two hours later (domain/window.ts).
create view reports.live_sales_minute as
select w.window_start, w.store, w.channel, w.currency, w.orders, w.units,
  (w.gross * 0.0001)::numeric(20, 4) as gross,
  (w.discounts * 0.0001)::numeric(20, 4) as discounts,
  (w.returns * 0.0001)::numeric(20, 4) as returns,
  w.return_documents, w.units_returned,
  ((w.gross - w.discounts - w.returns) * 0.0001)::numeric(20, 4) as net,
  (w.late_net * 0.0001)::numeric(20, 4) as late_net,
  w.revision,
  case
    when c.watermark is null or c.watermark < w.window_start + interval '1 minute' then 'open'
    when c.watermark < w.window_start + interval '1 minute 2 hours' then 'closed'
    else 'final'
  end as state,
  w.business_day,
  jsonb_build_object(c.partition::text, c."offset") as through, c.watermark
from stream.active_generation a
join stream.windows w on w.generation = a.generation
join stream.checkpoints c on c.generation = w.generation and c.partition = w.partition;

create view reports.live_stock as
select s.store, s.sku, s.on_hand, s.on_order, s.reorder_point, null::numeric(20, 4) as days_of_cover, s.as_of,
  jsonb_build_object(c.partition::text, c."offset") as through, c.watermark
from stream.active_generation a
join stream.stock s on s.generation = a.generation
join stream.checkpoints c on c.generation = s.generation and c.partition = s.partition;

-- Every product of every purchase order that an event named, and what is open of it.
create view reports.purchase_orders as
select p.store, p.purchase_order, p.sku, p.ordered, p.cancelled, p.received,
  greatest(p.ordered - p.cancelled - p.received, 0) as open,
  greatest(p.received - greatest(p.ordered - p.cancelled, 0), 0) as over_delivered,
  case
    when p.received > 0 and p.ordered = 0 then 'not ordered'
    when p.received > greatest(p.ordered - p.cancelled, 0) then 'over-delivered'
    when p.ordered > p.cancelled + p.received then 'open'
    else 'settled'
  end as state,
  p.as_of, p.supplier, p.placed_at, p.confirmed_at, p.expected_at, jsonb_build_object(c.partition::text, c."offset") as through, c.watermark
from stream.active_generation a
join stream.purchases p on p.generation = a.generation
join stream.checkpoints c on c.generation = p.generation and c.partition = p.partition;

-- What the stream decides, and what people did with it.
create view reports.restock_alerts as
select found.alert_id, found.store, found.sku, found.rule, found.rule_version, found.severity,
  case
    when found.state = 'resolved' then 'resolved'
    when latest.kind = 'dismiss' then 'dismissed'
    when latest.kind = 'acknowledge' then 'acknowledged'
    when latest.kind = 'snooze' and latest.snoozed_until > now() then 'snoozed'
    else 'open'
  end as state,
  found.opened_at, case when found.batch_at < found.stream_at then 'batch' else found.raised_by end as raised_by,
  found.on_hand, found.on_order, found.reorder_point, found.suggested_units, found.projected_stockout_at,
  found.resolved_at, found.through, found.watermark, found.stream_at, found.batch_at
from (
  select e.alert_id, e.store, e.sku, e.rule, e.rule_version::integer as rule_version, e.severity, e.state, e.opened_at,
    'stream' as raised_by, e.on_hand, e.on_order, e.reorder_point, e.suggested_units, e.projected_stockout_at,
    e.resolved_at, jsonb_build_object(c.partition::text, c."offset") as through, c.watermark, e.opened_at as stream_at,
    plan.since as batch_at
  from stream.active_generation a
  join stream.episodes e on e.generation = a.generation
  join stream.checkpoints c on c.generation = e.generation and c.partition = e.partition
  left join lateral (
    select s.since from batch.shortages s
    where s.store = e.store and s.sku = e.sku and s.since <= coalesce(e.resolved_at, 'infinity')
      and coalesce(s.ended_at, 'infinity') >= e.opened_at
    order by s.since limit 1
  ) plan on true
  union all
  select p.alert_id, p.store, p.sku, p.rule, p.rule_version, p.severity, 'open', p.since, 'batch', p.on_hand, p.on_order,
    p.reorder_point, p.suggested_units, p.runs_out_at, null::timestamptz, null::jsonb, null::timestamptz,
    null::timestamptz, p.since
  from live.planned_shortages p
) found
left join lateral (
  select kind, snoozed_until from live.alert_actions l
  where l.alert_id = found.alert_id order by l.action desc limit 1
) latest on true;

create view reports.alerts as
select found.alert_id, found.kind, found.rule, found.rule_version, found.store, found.register, found.severity,
  found.score, found.state, found.opened_at, found.evidence, judged.verdict, found.raised_by, found.subject,
  found.amended_at, found.resolved_at, assigned.assignee, judged.note, judged.judged_by, judged.judged_at,
  found.found_by, found.through, found.watermark
from (
  select s.alert_id, s.kind, s.rule, s.rule_version, s.store, s.register, s.subject, s.severity, s.score, s.state,
    s.opened_at, s.amended_at, s.resolved_at, s.evidence, 'stream' as raised_by, 'stream' as found_by,
    jsonb_build_object(c.partition::text, c."offset") as through, c.watermark
  from stream.active_generation a
  join stream.alerts s on s.generation = a.generation
  join stream.checkpoints c on c.generation = s.generation and c.partition = s.partition
  union all
  select b.alert_id, b.kind, b.rule, b.rule_version, b.store, b.register, b.subject, b.severity, b.score, b.state,
    b.opened_at, b.amended_at, b.resolved_at, b.evidence, 'batch', b.found_by, null::jsonb, null::timestamptz
  from batch.alerts b
) found
left join lateral (
  -- reopened: nobody has judged it any more
  select l.verdict, l.note, case when l.kind = 'verdict' then l.acted_by end as judged_by,
    case when l.kind = 'verdict' then l.acted_at end as judged_at
  from live.alert_actions l
  where l.alert_id = found.alert_id and l.kind in ('verdict', 'reopen') order by l.action desc limit 1
) judged on true
left join lateral (
  select l.assignee from live.alert_actions l
  where l.alert_id = found.alert_id and l.kind = 'assign' order by l.action desc limit 1
) assigned on true;

-- Both ------------------------------------------------------------------------------------------------
create view reports.reconciliation as
select r.business_day, r.store, r.currency, r.metric,
  (r.batch * unit.size)::numeric(20, 4) as batch,
  (r.stream * unit.size)::numeric(20, 4) as stream,
  ((r.stream - r.batch) * unit.size)::numeric(20, 4) as difference,
  (r.after_batch * unit.size)::numeric(20, 4) as after_batch,
  (r.before_stream * unit.size)::numeric(20, 4) as before_stream,
  (r.rule_version * unit.size)::numeric(20, 4) as rule_version,
  (r.unexplained * unit.size)::numeric(20, 4) as unexplained,
  r.after_batch_events, r.before_stream_events,
  r.run_id, r.computed_at,
  jsonb_build_object(
    'batch', jsonb_build_object(r.partition::text, r.batch_through),
    'stream', jsonb_build_object(r.partition::text, r.stream_through)) as through
from recon.reconciliation r
cross join lateral (
  select case when r.metric in ('gross', 'discounts', 'returns', 'net') then 0.0001 else 1 end as size
) unit;

create view reports.answers as
select r.business_day, r.store, r.currency, r.metric, r.generation, r.engine,
  (r.batch * unit.size)::numeric(20, 4) as batch,
  (r.stream * unit.size)::numeric(20, 4) as stream,
  ((r.stream - r.batch) * unit.size)::numeric(20, 4) as difference,
  (r.after_batch * unit.size)::numeric(20, 4) as after_batch,
  (r.before_stream * unit.size)::numeric(20, 4) as before_stream,
  (r.rule_version * unit.size)::numeric(20, 4) as rule_version,
  (r.unexplained * unit.size)::numeric(20, 4) as unexplained,
  r.after_batch_events, r.before_stream_events,
  r.run_id, r.computed_at,
  jsonb_build_object(
    'batch', jsonb_build_object(r.partition::text, r.batch_through),
    'stream', jsonb_build_object(r.partition::text, r.stream_through)) as through
from recon.answers r
cross join lateral (
  select case when r.metric in ('gross', 'discounts', 'returns', 'net') then 0.0001 else 1 end as size
) unit;

-- Comments --------------------------------------------------------------------------------------------
comment on schema reports is 'Reporting views for any BI tool. Names and columns are stable; money is numeric(20,4); role tillstream_reader reads them.';
comment on view reports.daily_sales is 'Sales per business day, store, channel and currency, as the batch path computed them.';
comment on view reports.hourly_sales is 'Sales per hour of a business day, as the store''s clocks show it; a day has 23 to 25 hours, of which two may be called alike.';
comment on view reports.daily_product_sales is 'Sales per business day and product, from the lines of the documents.';
comment on view reports.weekly_sales is 'Sales per week, Monday to Sunday.';
comment on view reports.monthly_sales is 'Sales per calendar month of business days.';
comment on view reports.monthly_product_sales is 'Sales per month and product.';
comment on view reports.monthly_category_sales is 'Sales per month and product category.';
comment on view reports.monthly_tenders is 'What was paid, and paid back, per month and means of payment.';
comment on view reports.daily_inventory is 'Stock movements per business day, store and product: opening + received - sold + returned + adjusted + transferred + count_correction = closing.';
comment on view reports.monthly_inventory is 'Stock movements and inventory ratios per month, store and product.';
comment on view reports.daily_reviews is 'Customer reviews per business day and product, all stores together.';
comment on view reports.over_short is 'What a till says it took in against what was counted, per business day, register and means of payment. Cash: opening float and what was taken in, against the cash counted in the evening; other means: the till''s own total against the documents of the log.';
comment on view reports.missing_receipts is 'Receipts that a till has printed and the log does not hold, per business day and register, where any is missing.';
comment on view reports.completeness is 'Z reports of the tills against the order log, per business day, store and register: the check that the log misses nothing.';
comment on view reports.job_runs is 'The ledger of the batch path: every attempt at a job and period.';
comment on view reports.restatements is 'Published figures that changed after their day was closed, and why.';
comment on view reports.dead_letters is 'What could not be processed, with its reason and where it was met.';
comment on view reports.live_sales_minute is 'Sales per minute of event time, as the stream path has them now.';
comment on view reports.purchase_orders is 'Every product of every purchase order, as the stream path has it now.';
comment on view reports.replenishment is 'The nightly plan: stock, demand, when a shelf runs out and what to order, per store and product, as of the end of a business day.';
comment on view reports.live_stock is 'Stock on hand per store and product, as the stream path has it now.';
comment on view reports.restock_alerts is 'Shortages, of both paths, one row an episode of the stream or what the nightly plan alone has found, with what people did about them.';
comment on view reports.alerts is 'What rules found (fraud, anomaly, silence, pace), of both paths, one row an episode, with what people said of it.';
comment on view reports.reconciliation is 'Stream against batch per business day, store, currency and metric: difference = after_batch - before_stream + rule_version + unexplained.';
comment on view reports.answers is 'As reconciliation, of every generation of the stream''s tables that gives an answer beside the active one.';

-- Columns that mean the same wherever they stand, then what a view means by its own.
do $$
declare
  v_column record;
begin
  for v_column in
    select c.relname, a.attname, meaning.text
    from (values
      ('business_day', 'Business day of the store: from its cut-over hour to the next, in its time zone.'),
      ('hour_start', 'Instant at which the hour of the store''s local time begins.'),
      ('local_hour', 'What the store''s clocks show as the hour begins, with how far they are ahead of UTC.'),
      ('hour_known', 'False: sales known by their date alone. They are of that business day and of no hour.'),
      ('week', 'Monday of the week.'),
      ('month', 'First day of the month.'),
      ('window_start', 'Instant at which the minute begins; it ends, exclusive, one minute later.'),
      ('store', 'Store id.'),
      ('channel', 'pos or online.'),
      ('currency', 'ISO 4217 code; amounts of different currencies never share a row.'),
      ('sku', 'Product code.'),
      ('category', 'Product category at the time of the run.'),
      ('tender', 'Means of payment.'),
      ('register', 'Till of the store.'),
      ('orders', 'Orders placed less orders voided. A return takes no order away.'),
      ('units', 'Units of orders placed less those of orders voided.'),
      ('gross', 'Units times unit price, before discounts and returns.'),
      ('discounts', 'Discounts of the lines.'),
      ('returns', 'Refunds of returns, on the day of the return.'),
      ('net', 'gross - discounts - returns.'),
      ('return_documents', 'Documents of returns.'),
      ('units_returned', 'Units brought back.'),
      ('customers', 'Distinct known customers whose orders placed, less their orders voided, are more than none.'),
      ('average_order_value', '(gross - discounts) / orders; null without orders.'),
      ('tax', 'Tax the lines carry, kept apart; never part of net.'),
      ('net_in_reporting_currency', 'net, each business day at the exchange rate of that day and rounded half even to 1/10,000; null where a day has no rate.'),
      ('amount_in_reporting_currency', 'amount, each business day at the exchange rate of that day and rounded half even to 1/10,000; null where a day has no rate.'),
      ('reporting_currency', 'Currency of the column before; npm run rates names it.'),
      ('exchange_rate', 'What one unit of currency was in reporting_currency on that day; null where no rate was known.'),
      ('documents', 'Documents paid, or paid back, by this means.'),
      ('amount', 'Paid less paid back.'),
      ('opening', 'Units on hand when the period began.'),
      ('received', 'Units received.'),
      ('sold', 'Units sold less units of voided orders.'),
      ('returned', 'Units brought back and restocked.'),
      ('adjusted', 'Units adjusted, signed.'),
      ('transferred', 'Units transferred in less units transferred out.'),
      ('count_correction', 'What stock counts changed: counted less expected, shrinkage when negative.'),
      ('closing', 'Units on hand when the period ended.'),
      ('stockout_minutes', 'Minutes with nothing on hand.'),
      ('average_on_hand', 'Mean of the units on hand at the ends of the month''s days.'),
      ('turnover', 'Units sold / average_on_hand.'),
      ('sell_through', 'Units sold / (opening + received).'),
      ('abc_class', 'A, B or C by share of net sales.'),
      ('reviews', 'Reviews posted.'),
      ('average_rating', 'Mean of the ratings, 1 to 5.'),
      ('z_orders', 'Orders by the till''s own count; null while its Z report is missing.'),
      ('z_net', 'Net sales by the till''s own count.'),
      ('log_orders', 'Orders of the register in the order log.'),
      ('log_net', 'Net sales of the register in the order log.'),
      ('id', 'Identity of the row.'),
      ('job', 'Job, named after the view it fills.'),
      ('period', 'Business day, or first day of the week or month, that the run computed.'),
      ('trigger', 'schedule, manual or backfill.'),
      ('attempt', 'Number of the attempt, from 1.'),
      ('code_version', 'Version of the job''s code.'),
      ('rules_version', 'Version of the rules in domain/.'),
      ('row_count', 'Rows the run wrote.'),
      ('checksum', 'Over the rows: equal for equal figures.'),
      ('started_at', 'When the attempt began.'),
      ('finished_at', 'When the attempt ended.'),
      ('error', 'Why the attempt failed.'),
      ('metric', 'Name of the figure.'),
      ('old_value', 'Published before; null: not known, for want of an exchange rate.'),
      ('new_value', 'Published now; null: not known, for want of an exchange rate.'),
      ('cause', 'Why the figure changed.'),
      ('restated_at', 'When the figure changed.'),
      ('met_at', 'When it was met.'),
      ('met_in', 'Where it was met: request and index, file and row, or partition and offset.'),
      ('source', 'Source of the event, as far as it was readable.'),
      ('event_id', 'Id of the event, as far as it was readable.'),
      ('reason', 'Reason, as a word.'),
      ('detail', 'Reason, as a sentence.'),
      ('payload', 'What was refused, as it came; bytes that are no ASCII text are escaped.'),
      ('settled_at', 'When somebody requeued or discarded it.'),
      ('settlement', 'What was done with it.'),
      ('late_net', 'Part of net that came after the window had closed.'),
      ('revision', 'Late events the window has counted.'),
      ('on_hand', 'Units on hand; below zero is kept. Null: unknown, there was no count and no receipt yet.'),
      ('on_order', 'Over the purchase orders, units open of each: ordered, neither cancelled nor received, never below zero.'),
      ('purchase_order', 'Number of the purchase order, as the events name it.'),
      ('ordered', 'Units that were ordered.'),
      ('cancelled', 'Units that were cancelled.'),
      ('open', 'Units still to come: ordered - cancelled - received, never below zero.'),
      ('over_delivered', 'Units received beyond those ordered and not cancelled.'),
      ('supplier', 'Who delivers, as the newest placement or confirmation says; null where none was seen.'),
      ('placed_at', 'Event time of the first placement; null where none was seen.'),
      ('confirmed_at', 'Event time of the supplier''s first confirmation; null before.'),
      ('expected_at', 'When it is to come, as the newest placement or confirmation says; null where it does not.'),
      ('reorder_point', 'Units at which to order again, by the policy valid then; null without a policy.'),
      ('days_of_cover', 'Days the units on hand last; null where that is not known.'),
      ('as_of', 'Event time of the newest movement.'),
      ('alert_id', 'store/sku@partition-offset of the event that began the episode: a replay gives the same.'),
      ('rule', 'low_stock, stockout_before_delivery, out_of_stock or oversold.'),
      ('rule_version', 'Version of the rule.'),
      ('severity', 'warning or critical.'),
      ('opened_at', 'Event time of the event that began the episode.'),
      ('resolved_at', 'Event time of the event that ended the episode; null while it lasts.'),
      ('raised_by', 'Path that was the first to say so.'),
      ('stream_at', 'When the stream said so: event time; null where it has not.'),
      ('batch_at', 'When the first nightly plan that said so was there to be read; null where none has.'),
      ('suggested_units', 'Units to order up to the policy''s level; null where it has none.'),
      ('projected_stockout_at', 'When the units on hand run out if nothing comes; null where no demand is forecast.'),
      ('run_id', 'Run that wrote the row, see job_runs.'),
      ('computed_at', 'When that run committed.'),
      ('through', 'Offsets of the order log read, by partition.'),
      ('watermark', 'Event time up to which the partition is complete, late events aside.'),
      ('batch', 'Figure of the batch path.'),
      ('stream', 'Figure of the stream path.'),
      ('difference', 'stream - batch.'),
      ('after_batch', 'Effects of events that only the stream has read.'),
      ('before_stream', 'Effects of events that only the batch path has read.'),
      ('unexplained', 'What is left: always 0, or something is wrong.'),
      ('after_batch_events', 'Number of events behind after_batch.'),
      ('before_stream_events', 'Number of events behind before_stream.')
    ) as meaning(attname, text)
    join pg_attribute a on a.attname = meaning.attname and a.attnum > 0
    join pg_class c on c.oid = a.attrelid and c.relnamespace = 'reports'::regnamespace and c.relkind = 'v'
  loop
    execute format('comment on column reports.%I.%I is %L', v_column.relname, v_column.attname, v_column.text);
  end loop;
end $$;
comment on column reports.live_sales_minute.state is 'open, closed (the watermark has passed its end) or final (two hours more); later events still count, as revisions.';
comment on column reports.purchase_orders.state is 'open, settled, over-delivered (more has come than was ordered and not cancelled) or not ordered (it came for an order that was never seen).';
comment on column reports.alerts.alert_id is 'Derived from where the episode began: a replay gives the same.';
comment on column reports.alerts.kind is 'fraud, anomaly, silence or pace.';
comment on column reports.alerts.rule is 'Name of the rule.';
comment on column reports.alerts.rule_version is 'Version of the rule by which the episode began; 1 is the rule as it comes.';
comment on column reports.alerts.store is 'Store id.';
comment on column reports.alerts.register is 'Till of the event that began the episode; null where it is about no till.';
comment on column reports.alerts.severity is 'warning or critical (a score of 75 or more).';
comment on column reports.alerts.score is 'How sure the rule is that a person should look: 0 to 100.';
comment on column reports.alerts.state is 'open or resolved. What a rule cannot judge to be over stays open until a person judges it.';
comment on column reports.alerts.opened_at is 'Event time at which the rule became true.';
comment on column reports.alerts.evidence is '{ summary, figures: [{ label, value, limit? }], receipts: [{ source, id, type, orderId, register, eventTime, net, currency }] }.';
comment on column reports.alerts.verdict is 'What a person said last: fraud (it was so, whatever its kind), false or unsure; null: nobody yet.';
comment on column reports.alerts.raised_by is 'Path that raised the alert: stream, or batch for what crosses stores or weeks.';
comment on column reports.alerts.subject is 'What within the store it is about: a card, a cashier, a till; empty for the store itself.';
comment on column reports.alerts.amended_at is 'Event time up to which the evidence reaches.';
comment on column reports.alerts.resolved_at is 'Event time at which the rule was no longer true; null while it lasts.';
comment on column reports.alerts.assignee is 'Who looks after it, as people said.';
comment on column reports.alerts.note is 'What was written beside the verdict.';
comment on column reports.alerts.judged_by is 'Who gave the verdict, as they call themselves.';
comment on column reports.alerts.judged_at is 'When the verdict was given.';
comment on column reports.alerts.found_by is 'Job of the batch path that found it; stream for what the stream raised.';
comment on column reports.alerts.through is 'Offsets of the order log read, by partition; null for what the batch path raised.';
comment on column reports.alerts.watermark is 'Event time up to which the partition is complete, late events aside; null for what the batch path raised.';
comment on column reports.replenishment.supplier is 'Who delivers it by the terms valid at the plan; null where nobody is known to.';
comment on column reports.replenishment.inventory_position is 'on_hand + on_order.';
comment on column reports.replenishment.demand_per_day is 'Mean units a day over a week, by the forecast, promotions aside.';
comment on column reports.replenishment.order_up_to is 'Units on hand and on order to order up to; null without a policy.';
comment on column reports.replenishment.runs_out_at is 'When the shelf is empty if nothing comes, in the middle; null: not within half a year.';
comment on column reports.replenishment.runs_out_early is 'The same, as early as it is in one case of ten.';
comment on column reports.replenishment.runs_out_late is 'The same, as late as it is in one case of ten.';
comment on column reports.replenishment.next_delivery_at is 'When the next of what is on order is expected; null where nothing is.';
comment on column reports.replenishment.order_arrives_at is 'When an order placed as of the plan would come; null where no lead time is known.';
comment on column reports.replenishment.verdict is 'short: the shelf is empty before a delivery can help; covered: it might be, and what is on order comes in time; enough: neither.';
comment on column reports.replenishment.missed_units is 'Units that customers did not get within 28 days because the shelf was empty, estimated.';
comment on column reports.replenishment.missed_spread is 'Standard deviation of missed_units.';
comment on column reports.replenishment.shortage_since is 'End of the business day of the first plan that said short; null where this one does not.';
comment on column reports.replenishment.as_of is 'End of that business day: stock and orders are of then.';
comment on column reports.replenishment.suggested_units is 'Units to order, in whole packs; 0 where nothing is to be ordered.';
comment on view reports.price_hints is 'What lies on shelves and does not sell, and the price that would clear it within 28 days, per store and product, by the night''s run.';
comment on column reports.price_hints.store is 'Store id.';
comment on column reports.price_hints.sku is 'Product code.';
comment on column reports.price_hints.kind is 'dead (no sale in 28 days), overstocked (more than 90 days of sales on hand), or leaving (its policy orders up to 0).';
comment on column reports.price_hints.on_hand is 'Units on hand at the end of business_day.';
comment on column reports.price_hints.demand_per_day is 'Units an ordinary day of the last 28 sold, offers and busy days aside.';
comment on column reports.price_hints.days_of_cover is 'Days the units on hand last at that; null where nothing was sold.';
comment on column reports.price_hints.currency is 'Currency of the three prices.';
comment on column reports.price_hints.price is 'Mean price before discounts of the last twelve weeks, per unit.';
comment on column reports.price_hints.unit_cost is 'What one costs by the terms valid now, at the exchange rate of business_day.';
comment on column reports.price_hints.hint_price is 'The price that is advised; never below unit_cost.';
comment on column reports.price_hints.discount is 'Off the price, as a fraction.';
comment on column reports.price_hints.discount_today is 'The first step of it: at most 0.3 a day.';
comment on column reports.price_hints.elasticity is 'By how many percent fewer are bought where the price is one percent higher, of the category.';
comment on column reports.price_hints.elasticity_deviation is 'Its standard deviation.';
comment on column reports.price_hints.offers is 'Groups of offer days it was learned from; 0: it is that of consumer goods at large.';
comment on column reports.price_hints.units_to_clear is 'Units that are to be sold within 28 days.';
comment on column reports.price_hints.units is 'Units expected within 28 days at hint_price.';
comment on column reports.price_hints.units_low is 'The same, as few as it is in one case of ten, by the elasticity alone.';
comment on column reports.price_hints.units_high is 'The same, as many as it is in one case of ten.';
comment on column reports.price_hints.clears is 'Whether that is enough; where not, cost allows no lower price.';
comment on column reports.price_hints.business_day is 'Business day of the store: from its cut-over hour to the next, in its time zone.';
comment on column reports.price_hints.run_id is 'Run that wrote the row, see job_runs.';
comment on column reports.price_hints.computed_at is 'When that run wrote it.';
comment on column reports.price_hints.through is 'Offsets of the order log read for the stock, by partition.';
comment on column reports.restock_alerts.state is 'open, acknowledged, snoozed or resolved.';
comment on column reports.completeness.z_units is 'Units the till reports: of orders placed less those of orders voided.';
comment on column reports.completeness.log_units is 'The same of the documents in the log.';
comment on column reports.over_short.declared is 'What the till says. Of cash: its opening float and what it took in.';
comment on column reports.over_short.counted is 'Of cash: what was counted at closing. Of other means: what the documents of the log add up to.';
comment on column reports.over_short.difference is 'counted - declared: over where positive, short where negative.';
comment on column reports.missing_receipts.first is 'First receipt of the day, as the till reports it.';
comment on column reports.missing_receipts.last is 'Last receipt of the day, as the till reports it.';
comment on column reports.missing_receipts.missing is 'Receipts between them that no document of the log bears.';
comment on column reports.missing_receipts.missing_count is 'How many they are.';
comment on column reports.completeness.state is 'complete, missing, different or awaiting journal.';
comment on column reports.purchase_orders.received is 'Units that were received for the order.';
comment on column reports.job_runs.state is 'running, succeeded, failed or abandoned (its process died).';
comment on column reports.job_runs.reason is 'Why it ran, e.g. new events.';
comment on column reports.job_runs.computed_at is 'When the attempt ended.';
comment on column reports.dead_letters.state is 'open, requeued or discarded.';
comment on column reports.dead_letters.run_id is 'Always null: a dead letter is met before any run.';
comment on column reports.dead_letters.computed_at is 'When it was met.';
comment on column reports.dead_letters.through is 'Partition and offset, for a dead letter met in the log.';
comment on column reports.daily_reviews.run_id is 'Newest of the runs behind the row, one a store.';
comment on column reports.monthly_inventory.days_of_cover is 'Units on hand at the end / units sold a day.';
comment on column reports.reconciliation.rule_version is 'Difference that comes from paths computed under different versions of the rules.';
comment on column reports.reconciliation.batch is 'Figure of the batch path; money for gross, discounts, returns and net, pieces for the others.';
comment on column reports.reconciliation.through is 'Offsets of the order log read, by path and partition.';
comment on column reports.answers.generation is 'Number of the generation.';
comment on column reports.answers.engine is 'What follows the log with it: tillstream or flink.';
comment on column reports.answers.stream is 'Its figure.';
comment on column reports.answers.rule_version is 'Difference that comes from paths computed under different versions of the rules.';
comment on column reports.answers.batch is 'Figure of the batch path; money for gross, discounts, returns and net, pieces for the others.';
comment on column reports.answers.through is 'Offsets of the order log read, by path and partition.';

-- The role of BI tools. Roles belong to the cluster, so another database's migration may make it at the same
-- moment, and on a hosted server we may not be allowed to: then its owner makes the role and grants it.
do $$
begin
  if not exists (select from pg_roles where rolname = 'tillstream_reader') then
    create role tillstream_reader nologin;
  end if;
exception
  when duplicate_object or unique_violation then null;
  when insufficient_privilege then
    raise warning 'role tillstream_reader was not created: % may not create roles', current_user
      using hint = 'Have an administrator create it and grant it usage and select on schema reports.';
end $$;
do $$
begin
  if exists (select from pg_roles where rolname = 'tillstream_reader') then
    grant usage on schema reports to tillstream_reader;
    grant select on all tables in schema reports to tillstream_reader;
    alter default privileges in schema reports grant select on tables to tillstream_reader;
  end if;
end $$;
