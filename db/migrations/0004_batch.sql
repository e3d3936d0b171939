-- The batch path: the planner's view of the log, the ledger, the report tables.
create schema if not exists batch;

create table batch.planner_checkpoints (
  partition smallint primary key,
  "offset" bigint not null,
  appended_at timestamptz not null
);

-- The schedule says that it lives, when it looks for work next, and what became of it; /readyz and the pages read it.
create table batch.heartbeat (
  only_row boolean primary key default true check (only_row),
  beat_at timestamptz not null,
  next_tick_at timestamptz not null,
  -- when the batch path's tick began last, and when one succeeded last
  tick_began_at timestamptz,
  tick_succeeded_at timestamptz,
  -- by the schedule another two ticks should have succeeded by then
  tick_overdue_at timestamptz,
  -- of the newest tick, where it failed
  tick_error text
);

-- Which stretch of the log a store's day lies in. A day is dirty while last_offset is past what its last
-- run read; nothing is ever cleared, so nothing is lost by a race.
create table batch.day_head (
  store text not null,
  business_day date not null,
  partition smallint not null,
  first_offset bigint not null,
  first_appended_at timestamptz not null,
  last_offset bigint not null,
  last_appended_at timestamptz not null,
  events bigint not null,
  -- of which documents and Z reports of the day from files and journals: whether a journal store's day has come
  bulk_events bigint not null default 0,
  -- the UTC days on which they were appended: one late event does not make a run read all days between
  append_days date[] not null default '{}',
  -- of which orders, voids and returns: whether the store has traded
  documents bigint not null default 0,
  -- of which receipts and counts: from a store's first on, stock of it is known
  stock_anchors bigint not null default 0,
  primary key (store, business_day)
);
create index day_head_by_day on batch.day_head (business_day, store);

-- Where a till's reports (Z) for a business day lie. They are sent after the day, and often on the next.
create table batch.till_head (
  store text not null,
  business_day date not null,
  register text not null,
  partition smallint not null,
  last_offset bigint not null,
  append_days date[] not null,
  primary key (store, business_day, register)
);

-- Whether a journal store's day is expected to have a journal: by its opening days, or where those are not known (null) by
-- what it has sold or by habit. domain/expectations.ts says the same. The one place in SQL where this is decided.
create function batch.expects_journal(p_store text, p_day date, p_trades boolean, p_opened date) returns boolean
language sql stable as $$
  select case
    when p_trades is not null then p_trades and (p_day > journals.first or p_opened is not null)
    when exists (select from batch.day_head h where h.store = p_store and h.business_day = p_day and h.documents > 0) then true
    else p_day > journals.first and (
      exists (
        select from batch.day_head j
        where j.store = p_store and j.bulk_events > 0
          and j.business_day in (p_day - 7, p_day - 14, p_day - 21, p_day - 28))
      or (
        journals.last < journals.first + 7
        and exists (
          select from batch.day_head j where j.store = p_store and j.bulk_events > 0 and j.business_day = p_day - 1)
        and not exists (select from batch.till_head t where t.store = p_store and t.business_day > p_day)))
  end
  from (
    select min(j.business_day) as first, max(j.business_day) as last
    from batch.day_head j where j.store = p_store and j.bulk_events > 0
  ) journals
$$;

-- Days that have ended, of which a journal store has sent no journal though one is expected. What has not come within
-- four weeks is awaited no longer.
create function batch.awaited_journals(p_stores text[], p_from date, p_to date)
returns table (store text, business_day date) language sql stable as $$
  select d.store, d.business_day
  from ref.store_days(p_stores, p_from, p_to) d
  left join batch.day_head h on h.store = d.store and h.business_day = d.business_day
  where d.input = 'journal' and d.starts_at < d.ends_at and d.ends_at <= now() and d.ends_at > now() - interval '28 days'
    and coalesce(h.bulk_events, 0) = 0
    and batch.expects_journal(d.store, d.business_day,
      ref.trades_on(d.opening_days, d.opened, d.closed, d.business_day), d.opened)
$$;

-- Events the batch path cannot digest: its reports are computed without them, and each is a finding of its store. The
-- planner looks at them at every tick and takes back what has been put right.
create table batch.set_aside (
  partition smallint not null,
  "offset" bigint not null,
  appended_at timestamptz not null,
  -- as far as the row tells; '' where it does not
  store text not null,
  business_day date,
  type text not null,
  source text not null,
  id text not null,
  reason text not null,
  -- the report that could not be computed with it; null: the row itself is wrong
  job text,
  -- md5 of the row as it was: another one means that somebody has put it right
  row_digest text not null,
  set_aside_at timestamptz not null default clock_timestamp(),
  primary key (partition, "offset")
);

-- Every attempt at a (job, store, period). period: the business day, or the first day of the week or month.
create table batch.runs (
  run_id bigint generated always as identity primary key,
  job text not null,
  store text not null,
  period date not null,
  state text not null check (state in ('running', 'succeeded', 'failed', 'abandoned')),
  -- request: asked for by people, from a page
  trigger text not null check (trigger in ('schedule', 'manual', 'backfill', 'request')),
  attempt integer not null,
  code_version text not null,
  rules_version smallint not null,
  partition smallint not null,
  -- the log as read: everything at or below, nothing above
  through_offset bigint,
  through_appended_at timestamptz,
  row_count integer,
  checksum text,
  started_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  error text,
  -- the claim dies with its backend: a planner that finds it gone marks the run abandoned
  backend_pid integer not null,
  backend_start timestamptz not null,
  -- why it ran, e.g. 'new events': for people alone
  reason text,
  -- the last business day of a job that fills no report and was asked for days, from period on
  range_to date,
  -- of a reconciliation: figures compared, or every row audited
  depth text check (depth in ('figures', 'rows'))
);
create unique index runs_one_at_a_time on batch.runs (job, store, period) where state = 'running';
-- A job that takes no days (an import) runs once at a time whatever the date; its period only says when it ran.
create unique index runs_without_days on batch.runs (job) where state = 'running' and store = 'all' and range_to is null;
create index runs_by_period on batch.runs (job, period, store);
create index runs_by_job on batch.runs (job, run_id desc);
create index runs_recent on batch.runs (started_at desc);

-- The run whose rows stand in the report table, written in the transaction that replaced them.
create table batch.current_runs (
  job text not null,
  store text not null,
  period date not null,
  run_id bigint not null,
  code_version text not null,
  rules_version smallint not null,
  partition smallint not null,
  through_offset bigint not null,
  through_appended_at timestamptz not null,
  row_count integer not null,
  checksum text not null,
  computed_at timestamptz not null,
  -- checksums of the reports it was computed from: {"daily_sales": {"2026-11-19": "…"}}
  inputs jsonb not null default '{}',
  primary key (job, store, period)
);

-- The planner's verdict on every slot that is not settled, written anew at each tick and after each run by hand; of a
-- slot without a row there is nothing to do. due: it runs as soon as the planner may. waiting: for a report it is
-- computed from. early: its days go on. A verdict is past once another run than run_id stands.
create table batch.open_slots (
  job text not null,
  store text not null,
  period date not null,
  partition smallint not null,
  state text not null check (state in ('due', 'waiting', 'early')),
  reason text not null,
  -- the run that stood; null: none
  run_id bigint,
  judged_at timestamptz not null,
  primary key (job, store, period)
);

-- sum(bigint) goes through a wider type with a state per group that parallel workers must serialise. This
-- one adds in place and fails on overflow: exact, and a tenth faster over a day of lines.
create aggregate batch.exact_sum(bigint) (
  sfunc = int8pl, stype = bigint, combinefunc = int8pl, initcond = '0', parallel = safe
);

-- The report tables. Amounts in 1/10,000. run_id is the run that wrote the row as it stands; a later run
-- that found the same leaves it, so batch.current_runs says which run and offsets a figure stands on.

create table batch.hourly_sales (
  business_day date not null,
  hour_start timestamptz not null,
  store text not null,
  channel text not null,
  currency text not null,
  orders bigint not null,
  units bigint not null,
  gross bigint not null,
  discounts bigint not null,
  returns bigint not null,
  run_id bigint not null,
  -- false: sales known by their date alone, which are of no hour; hour_start is that of the middle of their day
  hour_known boolean not null default true,
  primary key (store, business_day, hour_start, channel, currency, hour_known)
);

create table batch.daily_sales (
  business_day date not null,
  store text not null,
  channel text not null,
  currency text not null,
  orders bigint not null,
  units bigint not null,
  gross bigint not null,
  discounts bigint not null,
  returns bigint not null,
  return_documents bigint not null,
  units_returned bigint not null,
  tax bigint not null,
  customers bigint not null,
  run_id bigint not null,
  -- what its amounts are also told in, the rate of its day (null: none is known), and net at that rate
  reporting_currency text not null,
  exchange_rate numeric(20, 10),
  net_in_reporting_currency bigint,
  primary key (store, business_day, channel, currency)
);
create index daily_sales_by_day on batch.daily_sales (business_day);

-- Store-days that were converted by another rate than holds now, or into another currency: they are converted again.
create view batch.rate_changes as
select s.store, s.business_day, s.currency, s.reporting_currency as old_reporting_currency, s.exchange_rate as old_rate,
  c.currency as reporting_currency, r.rate
from batch.daily_sales s
cross join ref.reporting_currency c
cross join lateral ref.rate_on(s.currency, c.currency, s.business_day) r
where s.reporting_currency <> c.currency or s.exchange_rate is distinct from r.rate;

-- Runs of which what is known of their store has changed since: by the digest of every version their days lie in.
create view batch.store_changes as
select c.job, c.store, c.period
from batch.current_runs c
join ref.store_validity v on v.store = c.store and v.valid_to > c.period
  and v.valid_from <= case when c.job like 'monthly%' then (c.period + interval '1 month')::date - 1 else c.period end
where c.inputs ? 'stores'
group by c.job, c.store, c.period, c.inputs -> 'stores' ->> ''
having string_agg(v.digest, ',' order by v.valid_from) is distinct from c.inputs -> 'stores' ->> '';

-- A store's business day over all channels: every measure once, for whoever compares days.
create view batch.store_days as
select store, business_day, currency, sum(orders) as orders, sum(units) as units, sum(gross) as gross,
  sum(discounts) as discounts, sum(returns) as returns, sum(return_documents) as return_documents,
  sum(units_returned) as units_returned
from batch.daily_sales
group by store, business_day, currency;

create table batch.daily_product_sales (
  business_day date not null,
  store text not null,
  channel text not null,
  sku text not null,
  currency text not null,
  units bigint not null,
  gross bigint not null,
  discounts bigint not null,
  returns bigint not null,
  units_returned bigint not null,
  run_id bigint not null,
  primary key (store, business_day, channel, sku, currency)
);

create table batch.weekly_sales (
  week date not null,
  store text not null,
  channel text not null,
  currency text not null,
  orders bigint not null,
  units bigint not null,
  gross bigint not null,
  discounts bigint not null,
  returns bigint not null,
  return_documents bigint not null,
  units_returned bigint not null,
  customers bigint not null,
  run_id bigint not null,
  -- sum of the days, each rounded; null where a day has no rate
  reporting_currency text not null,
  net_in_reporting_currency bigint,
  primary key (store, week, channel, currency)
);

create table batch.monthly_sales (
  month date not null,
  store text not null,
  channel text not null,
  currency text not null,
  orders bigint not null,
  units bigint not null,
  gross bigint not null,
  discounts bigint not null,
  returns bigint not null,
  return_documents bigint not null,
  units_returned bigint not null,
  customers bigint not null,
  run_id bigint not null,
  -- sum of the days, each rounded; null where a day has no rate
  reporting_currency text not null,
  net_in_reporting_currency bigint,
  primary key (store, month, channel, currency)
);

create table batch.monthly_product_sales (
  month date not null,
  store text not null,
  channel text not null,
  sku text not null,
  currency text not null,
  units bigint not null,
  gross bigint not null,
  discounts bigint not null,
  returns bigint not null,
  units_returned bigint not null,
  run_id bigint not null,
  -- sum of the days, each rounded; null where a day has no rate
  reporting_currency text not null,
  net_in_reporting_currency bigint,
  primary key (store, month, channel, sku, currency)
);

create table batch.monthly_category_sales (
  month date not null,
  store text not null,
  channel text not null,
  category text not null,
  currency text not null,
  units bigint not null,
  gross bigint not null,
  discounts bigint not null,
  returns bigint not null,
  units_returned bigint not null,
  run_id bigint not null,
  -- sum of the days, each rounded; null where a day has no rate
  reporting_currency text not null,
  net_in_reporting_currency bigint,
  primary key (store, month, channel, category, currency)
);

create table batch.monthly_tenders (
  month date not null,
  store text not null,
  channel text not null,
  tender text not null,
  currency text not null,
  documents bigint not null,
  amount bigint not null,
  run_id bigint not null,
  -- sum of the days, each rounded; null where a day has no rate
  reporting_currency text not null,
  amount_in_reporting_currency bigint,
  primary key (store, month, channel, tender, currency)
);

-- opening + received - sold + returned + adjusted + transferred + count_correction = closing
create table batch.daily_inventory (
  business_day date not null,
  store text not null,
  sku text not null,
  opening bigint not null,
  received bigint not null,
  sold bigint not null,
  returned bigint not null,
  adjusted bigint not null,
  transferred bigint not null,
  count_correction bigint not null,
  closing bigint not null,
  stockout_minutes integer not null,
  run_id bigint not null,
  primary key (store, business_day, sku)
);

create table batch.monthly_inventory (
  month date not null,
  store text not null,
  sku text not null,
  opening bigint not null,
  received bigint not null,
  sold bigint not null,
  returned bigint not null,
  adjusted bigint not null,
  transferred bigint not null,
  count_correction bigint not null,
  closing bigint not null,
  stockout_minutes integer not null,
  average_on_hand numeric(20, 4),
  turnover numeric(20, 4),
  sell_through numeric(20, 4),
  days_of_cover numeric(20, 4),
  abc_class text check (abc_class in ('A', 'B', 'C')),
  run_id bigint not null,
  primary key (store, month, sku)
);

create table batch.daily_reviews (
  business_day date not null,
  store text not null,
  sku text not null,
  reviews bigint not null,
  rating_sum bigint not null,
  run_id bigint not null,
  primary key (store, business_day, sku)
);

create table batch.completeness (
  business_day date not null,
  store text not null,
  register text not null,
  currency text,
  z_orders bigint,
  z_net bigint,
  log_orders bigint not null,
  log_net bigint not null,
  state text not null check (state in ('complete', 'missing', 'different', 'awaiting journal')),
  run_id bigint not null,
  z_units bigint,
  log_units bigint not null default 0,
  -- [{"tender": "card", "z": 123000, "log": 123000}]; null where the till told no tenders
  tenders jsonb,
  opening_float bigint,
  counted_cash bigint,
  -- cash by the log, where the till has counted it
  log_cash bigint,
  first_receipt text,
  last_receipt text,
  -- numbers between them that no document of the log bears
  missing_receipts bigint[],
  primary key (store, business_day, register)
);

-- A store-day whose figures are published: a figure that changes afterwards is a restatement.
create table batch.closed_days (
  store text not null,
  business_day date not null,
  closed_at timestamptz not null default clock_timestamp(),
  run_id bigint not null,
  incomplete boolean not null default false,
  primary key (store, business_day)
);

create table batch.restatements (
  restatement bigint generated always as identity primary key,
  business_day date not null,
  store text not null,
  channel text not null,
  currency text not null,
  metric text not null,
  -- null: not known, for want of an exchange rate
  old_value numeric(20, 4),
  new_value numeric(20, 4),
  cause text not null,
  run_id bigint not null,
  restated_at timestamptz not null default clock_timestamp()
);
create index restatements_by_day on batch.restatements (business_day, store);

-- What the batch path finds that lies across stores, or weeks apart: one row an episode, as stream.alerts has those of
-- the stream. A row is written anew when its figures move; its id comes from where it began, so that what people say of
-- it stays.
create table batch.alerts (
  alert_id text primary key,
  kind text not null check (kind in ('fraud', 'anomaly', 'silence', 'pace')),
  rule text not null,
  rule_version integer not null,
  store text not null,
  register text,
  -- the key within the store that it is about: a card, a product; '' for the store itself
  subject text not null,
  severity text not null check (severity in ('warning', 'critical')),
  score double precision not null check (score between 0 and 100),
  state text not null check (state in ('open', 'resolved')),
  opened_at timestamptz not null,
  amended_at timestamptz not null,
  resolved_at timestamptz,
  -- { summary, figures: [{ label, value, limit? }], receipts: [{ source, id, type, … }] }
  evidence jsonb not null,
  processed_at timestamptz not null default clock_timestamp(),
  -- the job that found it
  found_by text not null
);
create index alerts_by_time on batch.alerts (opened_at, store);

-- Whoever shows alerts live hears of those of the batch path as of those of the stream: that one began, became critical
-- or ended. At the commit, because the lane is locked from then on.
create function batch.tell_alert() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' or new.state <> old.state or (new.severity = 'critical' and old.severity <> 'critical') then
    perform live.append_ops('detections', jsonb_build_array(jsonb_build_object(
      'alertId', new.alert_id, 'kind', new.kind, 'rule', new.rule, 'store', new.store, 'subject', new.subject,
      'severity', new.severity, 'score', new.score, 'state', new.state,
      'openedAt', floor(extract(epoch from new.opened_at) * 1000)::bigint, 'summary', new.evidence ->> 'summary')));
  end if;
  return null;
end $$;
create constraint trigger tell_alert after insert or update on batch.alerts
  deferrable initially deferred for each row execute function batch.tell_alert();

-- What the rules of the batch path judge by. A narrow copy of the log's sales documents, by what they are looked up by:
-- the log itself has no index by order or card, and a row here costs the append nothing (docs/decisions/015).
create table batch.rule_documents (
  "offset" bigint not null,
  appended_at timestamptz not null,
  event_time timestamptz not null,
  -- hashes of the order that it places, voids or gives back, and of the card that was there when it was placed; null: none
  order_key bigint,
  card_key bigint,
  store_key integer not null,
  partition smallint not null,
  is_return boolean not null
);
create index rule_documents_by_order on batch.rule_documents (order_key) where order_key is not null;
create index rule_documents_returns on batch.rule_documents (order_key) where is_return;
create index rule_documents_by_card on batch.rule_documents (card_key, event_time) where card_key is not null;
-- Returns whose order was not there: when their number is looked at again.
create table batch.rule_waits (
  order_key bigint not null,
  due_at timestamptz not null,
  primary key (order_key, due_at)
);
create index rule_waits_by_time on batch.rule_waits (due_at);
-- Units of products that live stores sold, by the UTC day on which the log took them in: a day that is over never changes.
create table batch.product_days (
  appended_on date not null,
  store text not null,
  sku text not null,
  units bigint not null,
  primary key (appended_on, store, sku)
);
-- How far the rules are: everything appended up to `through` is judged, hours up to judged_hour, product_days up to
-- days_through. It moves with what was judged, in one transaction.
create table batch.rule_progress (
  only_row boolean primary key default true check (only_row),
  through timestamptz not null default 'epoch',
  judged_hour timestamptz,
  days_through date
);

-- Replenishment: what the nightly plan stands on, and what it says (docs/replenishment.md).

-- Whoever estimates demand looks for the few days on which a shelf was empty.
create index daily_inventory_stockouts on batch.daily_inventory (store, business_day) where stockout_minutes > 0;

-- How far the log has been read for purchase orders; it moves with what was read, in one transaction.
create table batch.purchase_progress (
  partition smallint primary key,
  "offset" bigint not null,
  appended_at timestamptz not null
);
-- What moved purchase orders on business days that no plan of the store has reached yet: it waits here, so that a plan
-- has the orders as they were when its stock was.
create table batch.purchase_moves (
  store text not null,
  purchase_order text not null,
  sku text not null,
  kind text not null check (kind in ('ordered', 'confirmed', 'cancelled', 'received')),
  units bigint not null,
  business_day date not null,
  event_time timestamptz not null,
  "offset" bigint not null,
  supplier text,
  expected_at timestamptz
);
create index purchase_moves_by_day on batch.purchase_moves (store, business_day);
-- Products of purchase orders, as of the end of the day that their store's plan is of: as stream.purchases has them now.
create table batch.purchases (
  store text not null,
  purchase_order text not null,
  sku text not null,
  supplier text,
  ordered bigint not null,
  cancelled bigint not null,
  received bigint not null,
  placed_at timestamptz,
  -- when it was said last who delivers and when
  said_at timestamptz,
  expected_at timestamptz,
  first_received_at timestamptz,
  primary key (store, purchase_order, sku)
);
create index purchases_open on batch.purchases (store, sku) where ordered > cancelled + received;
create index purchases_delivered on batch.purchases (first_received_at, supplier);

-- Products that all stores together had on offer on a business day, as the nightly job replenishment found out: of the sales
-- whose checksums basis is of. Where those are others it finds out again.
create table batch.offer_days (
  business_day date primary key,
  basis text not null,
  skus text[] not null
);

-- What a store's plan stands on.
create table batch.replenishment_plans (
  store text primary key,
  -- its stock is that of this day's end
  business_day date not null,
  as_of timestamptz not null,
  run_id bigint not null,
  -- the run of daily_inventory that its stock is from: of another one it is planned again
  inventory_run bigint not null,
  partition smallint not null,
  through_offset bigint not null,
  computed_at timestamptz not null default clock_timestamp()
);
create table batch.replenishment (
  store text not null,
  sku text not null,
  run_id bigint not null,
  supplier text,
  on_hand bigint not null,
  on_order bigint not null,
  -- on_hand + on_order: nothing is promised to customers before it is sold
  position bigint not null,
  -- mean units a day over a week, promotions aside
  demand_per_day double precision not null,
  days_of_cover double precision,
  reorder_point bigint,
  order_up_to bigint,
  suggested_units bigint not null,
  -- when the shelf is empty if nothing comes: in the middle, and as early and as late as it is in one case of ten; null:
  -- not within half a year
  runs_out_at timestamptz,
  runs_out_early timestamptz,
  runs_out_late timestamptz,
  -- of what is on order, and of an order placed as of the plan
  next_delivery_at timestamptz,
  order_arrives_at timestamptz,
  verdict text not null check (verdict in ('short', 'covered', 'enough')),
  -- units that customers did not get within 28 days because the shelf was empty: estimated, with its standard deviation
  missed_units double precision not null,
  missed_spread double precision not null,
  -- when a plan first said short, kept while it goes on
  shortage_since timestamptz,
  primary key (store, sku)
);
create index replenishment_short on batch.replenishment (store) where verdict = 'short';

-- For how long plans have said, one after the other, that a shelf will be empty before something can come: a row each time
-- they began to. (What is merely due to be ordered is none.) Beside what the stream says, it tells which path was first.
create table batch.shortages (
  store text not null,
  sku text not null,
  -- when the first of these plans was there to be read, and the newest
  since timestamptz not null,
  last_said_at timestamptz not null,
  -- when a plan was there that did not say so any more; null: it goes on
  ended_at timestamptz,
  -- by the newest that said so
  runs_out_at timestamptz not null,
  help_at timestamptz not null,
  primary key (store, sku, since)
);
create index shortages_going_on on batch.shortages (store) where ended_at is null;
-- Takes down what the plans of these stores say, in the transaction that writes them.
create function batch.note_shortages(p_stores text[]) returns void language sql as $$
  update batch.shortages s set ended_at = clock_timestamp()
  where s.ended_at is null and s.store = any(p_stores) and not exists (
    select from batch.replenishment r
    where r.store = s.store and r.sku = s.sku and r.verdict = 'short'
      and r.runs_out_at < coalesce(r.next_delivery_at, r.order_arrives_at));
  merge into batch.shortages s
  using (
    select r.store, r.sku, r.runs_out_at, coalesce(r.next_delivery_at, r.order_arrives_at) as help_at
    from batch.replenishment r
    where r.store = any(p_stores) and r.verdict = 'short'
      and r.runs_out_at < coalesce(r.next_delivery_at, r.order_arrives_at)
  ) plan on s.store = plan.store and s.sku = plan.sku and s.ended_at is null
  when matched then update set last_said_at = clock_timestamp(), runs_out_at = plan.runs_out_at, help_at = plan.help_at
  when not matched then insert (store, sku, since, last_said_at, runs_out_at, help_at)
    values (plan.store, plan.sku, clock_timestamp(), clock_timestamp(), plan.runs_out_at, plan.help_at)
$$;

-- What lies on shelves and does not sell, and the price that would clear it in time: the nightly job price_hints writes it
-- anew, from offers of the past (domain/price-hints).
create table batch.price_hints (
  store text not null,
  sku text not null,
  kind text not null check (kind in ('dead', 'overstocked', 'leaving')),
  -- its stock is that of this day's end
  business_day date not null,
  on_hand bigint not null,
  demand_per_day double precision not null,
  -- null: nothing was sold lately
  days_of_cover double precision,
  -- of the store; the three prices below are 1/10,000 of it
  currency text not null,
  price bigint not null,
  unit_cost bigint not null,
  hint_price bigint not null check (hint_price >= unit_cost),
  -- of its category, with its standard deviation, learned from so many groups of offer days
  elasticity double precision not null,
  elasticity_deviation double precision not null,
  offers integer not null,
  units_to_clear bigint not null,
  -- off the price, as fractions: all of it, and at once
  discount numeric(4, 2) not null check (discount > 0 and discount < 1),
  discount_today numeric(4, 2) not null,
  -- within 28 days at that price, and the bounds of the elasticity's middle eight cases of ten
  units double precision not null,
  units_low double precision not null,
  units_high double precision not null,
  clears boolean not null,
  run_id bigint not null,
  computed_at timestamptz not null default clock_timestamp(),
  primary key (store, sku)
);

-- What a store asks for a product where nobody has changed its price (the middle of the last twelve weeks' days, per unit and
-- before discounts), and how many a day it sold of late: the nightly job price_hints writes both anew.
create table batch.usual_prices (
  store text not null,
  sku text not null,
  currency text not null,
  -- 1/10,000 of it
  price bigint not null check (price >= 0),
  units_per_day double precision not null,
  run_id bigint not null,
  primary key (store, sku)
);

-- What an applied price (purchasing.price_changes) has done until the night, by the nightly job price_hints: counted in the
-- log up to through_offset, against the forecast of when it was applied.
create table batch.price_effects (
  price_change text primary key,
  through_offset bigint not null,
  through_at timestamptz not null,
  -- up to when it is measured
  measured_until timestamptz not null,
  -- less voided, and what was taken for them, 1/10,000 of the store's currency
  units bigint not null,
  net bigint not null,
  -- units by the forecast of then at the old price, and at the new one with its range; null: there was none
  forecast_old double precision,
  forecast_new double precision,
  forecast_low double precision,
  forecast_high double precision,
  margin bigint not null,
  margin_old bigint,
  verdict text not null check (verdict in ('early', 'less', 'as expected', 'more', 'no forecast')),
  run_id bigint not null,
  computed_at timestamptz not null default clock_timestamp()
);
