-- The stream path's tables: a generation of them for every replay.
create schema if not exists stream;

create table stream.generations (
  generation integer primary key,
  state text not null check (state in ('building', 'active', 'retired')),
  rules_version smallint not null,
  created_at timestamptz not null default clock_timestamp(),
  activated_at timestamptz,
  -- what builds and follows it: nobody else writes it
  engine text not null default 'tillstream' check (engine in ('tillstream', 'flink'))
);
-- Moved in one transaction when a replay has caught up and reconciled.
create table stream.active_generation (
  only_row boolean primary key default true check (only_row),
  generation integer not null references stream.generations
);

create table stream.checkpoints (
  generation integer not null references stream.generations,
  partition smallint not null,
  "offset" bigint not null,
  appended_at timestamptz not null,
  watermark timestamptz,
  epoch bigint not null,
  events bigint not null default 0,
  late_events bigint not null default 0,
  processed_at timestamptz not null,
  primary key (generation, partition)
);

create table stream.sources (
  generation integer not null,
  partition smallint not null,
  source text not null,
  max_event_time timestamptz not null,
  last_appended_at timestamptz not null,
  primary key (generation, partition, source)
) partition by list (generation);

create table stream.windows (
  generation integer not null,
  store text not null,
  channel text not null,
  currency text not null,
  window_start timestamptz not null,
  partition smallint not null,
  business_day date not null,
  orders bigint not null,
  units bigint not null,
  gross bigint not null,
  discounts bigint not null,
  returns bigint not null,
  return_documents bigint not null,
  units_returned bigint not null,
  late_net bigint not null,
  revision bigint not null,
  bulk_events bigint not null,
  last_offset bigint not null,
  processed_at timestamptz not null,
  primary key (generation, store, window_start, channel, currency)
) partition by list (generation);
create index windows_by_time on stream.windows (partition, window_start);
create index windows_by_day on stream.windows (business_day, store);

-- The windows of a store's business day added up: every measure once, for whoever compares days.
create view stream.store_days as
select generation, store, business_day, currency, count(*) as windows, sum(orders) as orders, sum(units) as units,
  sum(gross) as gross, sum(discounts) as discounts, sum(returns) as returns, sum(return_documents) as return_documents,
  sum(units_returned) as units_returned, sum(late_net) as late_net, sum(revision) as revisions,
  sum(bulk_events) as bulk_events
from stream.windows
group by generation, store, business_day, currency;

create table stream.stock (
  generation integer not null,
  store text not null,
  sku text not null,
  partition smallint not null,
  -- null: unknown, there was no count and no opening receipt yet
  on_hand bigint,
  on_order bigint not null,
  anchor_kind text check (anchor_kind in ('count', 'opening')),
  anchor_time timestamptz,
  anchor_offset bigint,
  -- newest event time of any delta seen: an anchor at or after it needs no look back into the log
  max_delta_time timestamptz,
  reorder_point bigint,
  as_of timestamptz not null,
  last_offset bigint not null,
  processed_at timestamptz not null,
  -- units sold of late, each counting half as much for every hour that it lies behind the newest, pace_at
  pace_at timestamptz,
  pace_units double precision not null default 0,
  -- as of when its shortage was judged last
  judged_at timestamptz,
  -- when time alone may change that: looked at with the first entry that takes the watermark there
  look_at timestamptz,
  primary key (generation, store, sku)
) partition by list (generation);

-- What was ordered of a product by a purchase order of a store, and what became of it: units, in whatever order the
-- events came. What is open of it is ordered − cancelled − received, never below zero.
create table stream.purchases (
  generation integer not null,
  store text not null,
  purchase_order text not null,
  sku text not null,
  partition smallint not null,
  ordered bigint not null,
  cancelled bigint not null,
  received bigint not null,
  -- event time of the first `purchase.placed`, from which a lead time counts; null: it was never seen ordered
  placed_at timestamptz,
  -- event time of the first `purchase.confirmed`
  confirmed_at timestamptz,
  -- event time of the newest of both, whose word on supplier and date (null: it gave none) holds
  said_at timestamptz,
  supplier text,
  expected_at timestamptz,
  -- newest event time of anything that touched it
  as_of timestamptz not null,
  last_offset bigint not null,
  processed_at timestamptz not null,
  primary key (generation, store, purchase_order, sku)
) partition by list (generation);
create index purchases_over_delivered on stream.purchases (as_of) where received > greatest(ordered - cancelled, 0);
create index purchases_open on stream.purchases (store, sku) where ordered > cancelled + received;

create table stream.episodes (
  generation integer not null,
  alert_id text not null,
  store text not null,
  sku text not null,
  partition smallint not null,
  rule text not null check (rule in ('low_stock', 'stockout_before_delivery', 'out_of_stock', 'oversold')),
  rule_version smallint not null,
  severity text not null,
  state text not null check (state in ('open', 'resolved')),
  opened_at timestamptz not null,
  opened_offset bigint not null,
  amended_at timestamptz not null,
  amended_offset bigint not null,
  resolved_at timestamptz,
  on_hand bigint not null,
  on_order bigint not null,
  reorder_point bigint,
  suggested_units bigint,
  -- when the shelf is empty if nothing comes; null: its demand is not forecast
  projected_stockout_at timestamptz,
  processed_at timestamptz not null,
  -- as early and as late as it is in one case of ten
  stockout_early_at timestamptz,
  stockout_late_at timestamptz,
  -- when the delivery that helps was said to come, and when an order would that is placed as it is judged
  next_delivery_at timestamptz,
  order_arrives_at timestamptz,
  primary key (generation, alert_id)
) partition by list (generation);
create index episodes_open on stream.episodes (store, sku) where state = 'open';

-- What the operators keep of a key (domain/operators): plain JSON, dropped when the watermark is past its end.
create table stream.operator_states (
  generation integer not null,
  partition smallint not null,
  operator text not null,
  store text not null,
  key text not null,
  state jsonb not null,
  -- event time from which on it means nothing any more, unless its alert is held
  expires_at timestamptz not null,
  since_offset bigint not null,
  -- the episode that is open
  alert jsonb,
  is_held boolean not null,
  primary key (generation, partition, operator, store, key)
) partition by list (generation);

-- Sums per metric, store, key and pane of event time; a sliding window is the panes within it added up.
create table stream.panes (
  generation integer not null,
  metric text not null,
  store text not null,
  pane_start timestamptz not null,
  key text not null,
  partition smallint not null,
  documents bigint not null,
  units bigint not null,
  net bigint not null,
  processed_at timestamptz not null,
  primary key (generation, metric, store, pane_start, key)
) partition by list (generation);

-- Bursts of what one key did, a row each.
create table stream.sessions (
  generation integer not null,
  session_id text not null,
  metric text not null,
  store text not null,
  key text not null,
  partition smallint not null,
  started_at timestamptz not null,
  ended_at timestamptz not null,
  orders bigint not null,
  units bigint not null,
  net bigint not null,
  views bigint not null,
  processed_at timestamptz not null,
  primary key (generation, session_id)
) partition by list (generation);
create index sessions_by_time on stream.sessions (partition, ended_at);

-- What the rules found: one row an episode, with what led to it.
create table stream.alerts (
  generation integer not null,
  alert_id text not null,
  kind text not null check (kind in ('fraud', 'anomaly', 'silence', 'pace')),
  rule text not null,
  rule_version integer not null,
  store text not null,
  register text,
  -- the key within the store that it is about: a card, a cashier; '' for the store itself
  subject text not null,
  partition smallint not null,
  severity text not null check (severity in ('warning', 'critical')),
  score double precision not null check (score between 0 and 100),
  state text not null check (state in ('open', 'resolved')),
  opened_at timestamptz not null,
  opened_offset bigint not null,
  amended_at timestamptz not null,
  amended_offset bigint not null,
  resolved_at timestamptz,
  -- { summary, figures: [{ label, value, limit? }], receipts: [{ source, id, type, … }] }
  evidence jsonb not null,
  processed_at timestamptz not null,
  primary key (generation, alert_id)
) partition by list (generation);
create index alerts_by_time on stream.alerts (opened_at, store);

-- One row of changes per batch and partition: what the gateway tails. Sales are read from the log.
create table stream.changes (
  generation integer not null,
  partition smallint not null,
  through_offset bigint not null,
  previous_offset bigint not null,
  previous_appended_at timestamptz not null,
  through_appended_at timestamptz not null,
  watermark timestamptz,
  sales integer not null,
  windows jsonb not null,
  stock jsonb not null,
  alerts jsonb not null,
  processed_at timestamptz not null,
  -- alerts of the rules; the column before holds those of stock
  detections jsonb not null default '[]',
  primary key (generation, partition, through_offset)
) partition by list (generation);

-- Events the stream cannot digest: set aside in the transaction that moves the checkpoint past them, a finding of their
-- store. A replay meets them again, and digests what has been put right.
create table stream.set_aside (
  generation integer not null,
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
  set_aside_at timestamptz not null default clock_timestamp(),
  primary key (generation, partition, "offset")
);

-- Stream processes, each by itself, since it began: who works and who stands by, so that partitions are spread among
-- them. Of one that has not said that it ends and whose backend is gone it is known that it was killed. Kept for a day.
create table stream.processes (
  process bigint generated always as identity primary key,
  -- as in log.owners; a container's next process has the same
  name text not null,
  host text not null,
  pid integer not null,
  started_at timestamptz not null default clock_timestamp(),
  beat_at timestamptz not null default clock_timestamp(),
  -- since when it has beaten without a pause
  steady_since timestamptz not null default clock_timestamp(),
  -- of the connection that it beats on
  backend_pid integer not null,
  backend_start timestamptz not null,
  -- those it works on or stands by for
  partitions smallint[] not null,
  ended_at timestamptz
) with (fillfactor = 60);

-- When a stream process first wrote results of a partition that it had taken: from here on it was worked on again. Kept
-- for a day.
create table stream.takings (
  -- with partition and epoch as in log.owners
  consumer text not null,
  partition smallint not null,
  epoch bigint not null,
  owner text not null,
  working_at timestamptz not null default clock_timestamp(),
  primary key (consumer, partition, epoch)
);

-- Sales that came after their minute had closed, with the watermark by which that was judged. Kept for a day, and of a
-- partition the newest 10,000 at most.
create table stream.late_events (
  generation integer not null,
  partition smallint not null,
  "offset" bigint not null,
  appended_at timestamptz not null,
  -- the window that it revised
  store text not null,
  channel text not null,
  currency text not null,
  window_start timestamptz not null,
  watermark timestamptz not null,
  processed_at timestamptz not null,
  primary key (generation, partition, "offset")
);

-- What was found when two generations were held against each other row by row at equal offsets. Written once, never
-- changed; without an accepted one no generation of another engine becomes the active one. The digest is that of the
-- document's text: whoever reads a certificate works it out again.
create table stream.certificates (
  certificate bigint generated always as identity primary key,
  -- as domain/certificate.ts has it
  document jsonb not null,
  -- sha256 of document::text
  digest text not null,
  from_generation integer not null generated always as ((document -> 'active' ->> 'generation')::integer) stored,
  to_generation integer not null generated always as ((document -> 'candidate' ->> 'generation')::integer) stored,
  verdict text not null generated always as (document ->> 'verdict') stored check (verdict in ('accepted', 'refused')),
  written_at timestamptz not null default clock_timestamp()
);

create function stream.refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'a certificate is written once: it is not changed and not deleted';
end $$;
create trigger certificates_stay before update or delete or truncate on stream.certificates
  for each statement execute function stream.refuse_change();

create function stream.create_generation(p_generation integer, p_rules_version integer, p_engine text default 'tillstream')
returns void language plpgsql as $$
declare
  v_table text;
begin
  perform pg_advisory_xact_lock(hashtext('tillstream.stream.generations'));
  if exists (select from stream.generations where generation = p_generation) then
    return;
  end if;
  insert into stream.generations (generation, state, rules_version, engine)
  values (p_generation, 'building', p_rules_version, p_engine);
  foreach v_table in array array['sources', 'windows', 'stock', 'purchases', 'episodes', 'operator_states', 'panes', 'sessions', 'alerts', 'changes'] loop
    -- Hot rows are updated in place: room on the page keeps those updates out of the indexes.
    execute format('create table stream.%I partition of stream.%I for values in (%s) with (fillfactor = %s)',
      v_table || '_g' || p_generation, v_table, p_generation,
      case when v_table in ('windows', 'stock', 'sources', 'operator_states', 'panes') then 60 else 100 end);
  end loop;
end $$;

create function stream.drop_generation(p_generation integer) returns void language plpgsql as $$
declare
  v_table text;
begin
  if exists (select from stream.active_generation where generation = p_generation) then
    raise exception 'generation % is the active one and cannot be dropped', p_generation;
  end if;
  foreach v_table in array array['sources', 'windows', 'stock', 'purchases', 'episodes', 'operator_states', 'panes', 'sessions', 'alerts', 'changes'] loop
    execute format('drop table if exists stream.%I', v_table || '_g' || p_generation);
  end loop;
  delete from stream.checkpoints where generation = p_generation;
  delete from stream.set_aside where generation = p_generation;
  delete from stream.late_events where generation = p_generation;
  delete from stream.generations where generation = p_generation;
end $$;

select stream.create_generation(1, 2);
update stream.generations set state = 'active', activated_at = clock_timestamp() where generation = 1;
insert into stream.active_generation (generation) values (1);
