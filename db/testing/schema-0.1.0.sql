-- A database as version 0.1.0 made it: its six migrations, and what Drizzle's migrator wrote down about them.
-- Never edited: the upgrade test starts from here.

-- 0000_spine.sql
-- One schema per owner, so that "who writes this" can be read off a table's name:
-- ref (reference data), log (the order log), intake (dead letters, files), stream, batch, live (the lane of
-- what people and jobs change), recon (reconciliation), reports (views for any BI tool).
create schema if not exists ref;
create schema if not exists log;
create schema if not exists intake;
create schema if not exists stream;
create schema if not exists batch;
create schema if not exists live;
create schema if not exists recon;
create schema if not exists reports;

-- Reference data ------------------------------------------------------------------------------------
create table ref.stores (
  store text primary key,
  name text not null,
  zone text not null,
  cut_over_hour smallint not null check (cut_over_hour between 0 and 23),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  tax_inclusive boolean not null,
  channel text not null check (channel in ('pos', 'online')),
  input text not null check (input in ('live', 'journal')),
  partition smallint not null,
  created_at timestamptz not null default now()
);
create table ref.products (
  sku text primary key,
  name text,
  category text,
  holds_stock boolean not null default true,
  updated_at timestamptz not null default now()
);
-- A policy holds from `valid_from` until the next row of the same store and sku.
create table ref.stock_policies (
  store text not null,
  sku text not null,
  valid_from timestamptz not null,
  reorder_point bigint not null check (reorder_point >= 0),
  order_up_to bigint check (order_up_to >= reorder_point),
  lead_time_days numeric(8, 2),
  primary key (store, sku, valid_from)
);
-- Bumped with every change of the policies: readers that cache them compare one number.
create table ref.policy_revision (only_row boolean primary key default true check (only_row), revision bigint not null);
insert into ref.policy_revision values (true, 0);
create function ref.bump_policy_revision() returns trigger language plpgsql as $$
begin
  update ref.policy_revision set revision = revision + 1;
  return null;
end $$;
create trigger bump_policy_revision after insert or update or delete or truncate on ref.stock_policies
  for each statement execute function ref.bump_policy_revision();
-- One unit of `currency` is `rate` units of `reporting_currency` from `valid_from` on.
create table ref.exchange_rates (
  currency text not null,
  reporting_currency text not null,
  valid_from date not null,
  rate numeric(20, 10) not null check (rate > 0),
  primary key (currency, reporting_currency, valid_from)
);
create table ref.settings (name text primary key, value jsonb not null);
insert into ref.settings values ('reporting_currency', '"EUR"');

-- The order log -------------------------------------------------------------------------------------
-- Fixed when the log is created: another count would move stores between partitions.
create table log.partitions (partition smallint primary key);
insert into log.partitions select generate_series(0, 3);

-- Partitioned by append day. Header totals are positive magnitudes; the type gives them their sign.
-- Lines are parallel arrays that SQL unnests: measured three times the speed of a flat line table.
create table log.event_log (
  "offset" bigint not null,
  appended_at timestamptz not null,
  event_time timestamptz not null,
  total_units bigint not null default 0,
  total_gross bigint not null default 0,
  total_discounts bigint not null default 0,
  total_returns bigint not null default 0,
  total_tax bigint not null default 0,
  business_day date,
  partition smallint not null,
  rules_version smallint not null,
  type text not null,
  class text not null,
  source text,
  id text,
  store text,
  channel text,
  register text,
  currency text,
  order_id text,
  customer text,
  -- the one tender that pays a whole document; a split payment is in details.tenders
  tender text,
  skus text[],
  units integer[],
  unit_prices bigint[],
  discounts bigint[],
  taxes bigint[],
  refunds bigint[],
  stocked boolean[],
  details jsonb,
  attributes jsonb
) partition by range (appended_at);
-- The only index: append time first, so that the last row and a poll from a checkpoint touch one day.
create index event_log_seek on log.event_log (partition, appended_at, "offset");

-- Recognition of (source, id), written in the same call as the rows.
-- Bytes compared, not letters: a locale's collation doubled the cost of these index inserts.
create table log.event_keys (
  source text collate "C" not null,
  id text collate "C" not null,
  "offset" bigint not null,
  body_hash uuid not null,
  partition smallint not null,
  primary key (source, id)
);

create function log.ensure_days(p_from date, p_to date) returns integer language plpgsql as $$
declare
  v_day date;
  v_name text;
  v_created integer := 0;
begin
  -- One creator at a time; "if not exists" alone still races in the catalogue.
  perform pg_advisory_xact_lock(hashtext('tillstream.log.ensure_days'));
  for v_day in select generate_series(p_from, p_to, interval '1 day')::date loop
    v_name := 'event_log_' || to_char(v_day, 'YYYYMMDD');
    if to_regclass('log.' || v_name) is null then
      execute format(
        'create table log.%I partition of log.event_log for values from (%L) to (%L)',
        v_name, v_day::text || ' 00:00:00+00', (v_day + 1)::text || ' 00:00:00+00');
      v_created := v_created + 1;
    end if;
  end loop;
  return v_created;
end $$;

-- The last place of a partition. Recent days first: opening 400 of them took 10 ms, this takes one.
create function log.last_position(p_partition integer, out "offset" bigint, out appended_at timestamptz)
language plpgsql volatile as $$
begin
  select e."offset", e.appended_at into "offset", appended_at
  from log.event_log e
  where e.partition = p_partition and e.appended_at >= clock_timestamp() - interval '1 day'
  order by e.appended_at desc, e."offset" desc limit 1;
  if not found then
    select e."offset", e.appended_at into "offset", appended_at
    from log.event_log e
    where e.partition = p_partition
    order by e.appended_at desc, e."offset" desc limit 1;
  end if;
  "offset" := coalesce("offset", 0);
  appended_at := coalesce(appended_at, 'epoch'::timestamptz);
end $$;

-- Which events of a batch are new, and the offsets those get after p_last; called when some are not.
-- Index lookups only: while the statistics still say that the table is empty, a hash join over all keys
-- looks cheaper to the planner and made appends four times as slow.
create function log.judge_keys(
  p_source text[], p_id text[], p_body_hash uuid[], p_last bigint,
  out offsets bigint[],
  out duplicates integer[],
  out conflicts integer[]
) language plpgsql volatile set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
  with judged as (
    select i.ord, i.body_hash,
           coalesce(k.body_hash, first_value(i.body_hash) over same_key) as first_hash,
           k.source is null and row_number() over same_key = 1 as is_new
    from unnest(p_source, p_id, p_body_hash) with ordinality as i(source, id, body_hash, ord)
    left join log.event_keys k on k.source = i.source and k.id = i.id
    window same_key as (partition by i.source collate "C", i.id collate "C" order by i.ord)
  )
  select array_agg(case when is_new then p_last + new_rank end order by ord),
         coalesce(array_agg(ord::integer order by ord) filter (where not is_new and body_hash = first_hash), '{}'),
         coalesce(array_agg(ord::integer order by ord) filter (where not is_new and body_hash <> first_hash), '{}')
  into offsets, duplicates, conflicts
  from (select *, count(*) filter (where is_new) over (order by ord) as new_rank from judged) ranked;
end $$;

-- Appends a batch to one partition and recognises what is known. One autocommit round trip.
-- One array per column, each with one element per event (null where the whole batch has no such field).
-- p_skus joins a line's skus by the unit separator; p_line_units, p_unit_prices … are array literals.
-- Measured in backend time an order of three lines: 52 µs with one JSON parameter and CTEs, 26 with a
-- lookup before every insert and unnest() in FROM (a tuplestore per array), 16 as it is here.
-- Answer: first_offset is given to the first new event; the others follow densely in their order.
-- duplicates: ordinals (from 1) of known keys with the same body; conflicts: with another body.
create function log.append(
  p_partition integer,
  p_source text[], p_id text[], p_body_hash uuid[], p_type text[], p_class text[], p_store text[],
  p_channel text[], p_register text[], p_event_time bigint[], p_business_day date[], p_currency text[],
  p_order_id text[], p_customer text[], p_tender text[], p_total_units bigint[], p_total_gross bigint[],
  p_total_discounts bigint[], p_total_returns bigint[], p_total_tax bigint[], p_skus text[],
  p_line_units text[], p_unit_prices text[], p_discounts text[], p_taxes text[], p_refunds text[],
  p_stocked text[], p_details text[], p_attributes text[], p_rules_version bigint[],
  out first_offset bigint,
  out appended integer,
  out appended_at timestamptz,
  out duplicates integer[],
  out conflicts integer[]
) language plpgsql volatile as $$
declare
  v_last bigint;
  v_last_at timestamptz;
  v_keys integer;
  v_offsets bigint[];
begin
  -- Under a snapshot two writers would read the same last offset, and no key of a table partitioned by
  -- day can forbid that.
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'log.append runs under READ COMMITTED only, not %', current_setting('transaction_isolation')
      using errcode = 'invalid_transaction_state', hint = 'Call it as a single autocommit statement.';
  end if;
  perform pg_advisory_xact_lock(7411, p_partition);
  -- A new statement, hence a new snapshot: it sees what the holder before us committed.
  select l."offset", l.appended_at into v_last, v_last_at from log.last_position(p_partition) l;
  -- Whole milliseconds, so that every reader, whatever its number type, sees the same instant.
  appended_at := greatest(date_trunc('milliseconds', clock_timestamp()), v_last_at);
  first_offset := v_last + 1;
  duplicates := '{}';
  conflicts := '{}';
  v_offsets := array(select generate_series(v_last + 1, v_last + cardinality(p_source)));

  -- Sorted, so that two appends that meet on keys wait for each other in one direction only.
  begin
    -- Nearly every batch is all new, so the unique index itself is the lookup: one descent a key instead
    -- of three (lookup, ON CONFLICT's own, insert). The first known key takes the inserts before it back.
    insert into log.event_keys (source, id, "offset", body_hash, partition)
    select source, id, "offset", body_hash, p_partition
    from (select unnest(p_source) as source, unnest(p_id) as id, unnest(p_body_hash) as body_hash,
                 unnest(v_offsets) as "offset") i
    order by source collate "C", id collate "C";
    v_keys := cardinality(v_offsets);
  exception when unique_violation then
    select j.offsets, j.duplicates, j.conflicts into v_offsets, duplicates, conflicts
    from log.judge_keys(p_source, p_id, p_body_hash, v_last) j;
    insert into log.event_keys (source, id, "offset", body_hash, partition)
    select source, id, "offset", body_hash, p_partition
    from unnest(p_source, p_id, p_body_hash, v_offsets) as i(source, id, body_hash, "offset")
    where "offset" is not null
    order by source collate "C", id collate "C"
    on conflict do nothing;
    get diagnostics v_keys = row_count;
  end;

  insert into log.event_log (
    "offset", appended_at, event_time, total_units, total_gross, total_discounts, total_returns, total_tax,
    business_day, partition, rules_version, type, class, source, id, store, channel, register, currency,
    order_id, customer, tender, skus, units, unit_prices, discounts, taxes, refunds, stocked, details, attributes)
  select i."offset", append.appended_at, 'epoch'::timestamptz + event_time * interval '1 millisecond',
    coalesce(total_units, 0), coalesce(total_gross, 0), coalesce(total_discounts, 0), coalesce(total_returns, 0),
    coalesce(total_tax, 0), business_day, p_partition, rules_version, type, class, source, id, store, channel,
    register, currency, order_id, customer, tender, string_to_array(skus, chr(31)), line_units::integer[],
    unit_prices::bigint[], line_discounts::bigint[], taxes::bigint[], refunds::bigint[], stocked::boolean[],
    details::jsonb, attributes::jsonb
  -- In the select list the arrays are read side by side as rows are asked for.
  from (
    select unnest(v_offsets) as "offset", unnest(p_source) as source, unnest(p_id) as id,
      unnest(p_type) as type, unnest(p_class) as class, unnest(p_store) as store, unnest(p_channel) as channel,
      unnest(p_register) as register, unnest(p_event_time) as event_time, unnest(p_business_day) as business_day,
      unnest(p_currency) as currency, unnest(p_order_id) as order_id, unnest(p_customer) as customer,
      unnest(p_tender) as tender, unnest(p_total_units) as total_units, unnest(p_total_gross) as total_gross,
      unnest(p_total_discounts) as total_discounts, unnest(p_total_returns) as total_returns,
      unnest(p_total_tax) as total_tax, unnest(p_skus) as skus, unnest(p_line_units) as line_units,
      unnest(p_unit_prices) as unit_prices, unnest(p_discounts) as line_discounts, unnest(p_taxes) as taxes,
      unnest(p_refunds) as refunds, unnest(p_stocked) as stocked, unnest(p_details) as details,
      unnest(p_attributes) as attributes, unnest(p_rules_version) as rules_version
  ) i
  where i."offset" is not null;
  get diagnostics appended = row_count;

  -- The same key reached another partition between our look and our insert: take everything back and let
  -- the caller send the batch again, which then finds it known.
  if v_keys <> appended then
    raise exception 'another partition took one of the keys first' using errcode = 'serialization_failure';
  end if;
end $$;

-- Lets time move in a quiet partition: appends a tick unless something was appended within p_quiet.
create function log.append_tick(p_partition integer, p_quiet interval) returns bigint language plpgsql volatile as $$
declare
  v_last bigint;
  v_last_at timestamptz;
  v_now timestamptz;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'log.append_tick runs under READ COMMITTED only, not %', current_setting('transaction_isolation')
      using errcode = 'invalid_transaction_state';
  end if;
  perform pg_advisory_xact_lock(7411, p_partition);
  select l."offset", l.appended_at into v_last, v_last_at from log.last_position(p_partition) l;
  v_now := greatest(date_trunc('milliseconds', clock_timestamp()), v_last_at);
  if v_now - v_last_at < p_quiet then
    return null;
  end if;
  insert into log.event_log ("offset", appended_at, event_time, partition, rules_version, type, class)
  values (v_last + 1, v_now, v_now, p_partition, 0, 'tick', 'tick');
  return v_last + 1;
end $$;

-- Who owns a partition for a consumer. Taking it raises the epoch; a write under an old epoch changes nothing.
create table log.owners (
  consumer text not null,
  partition smallint not null,
  epoch bigint not null,
  owner text not null,
  backend_pid integer not null,
  backend_start timestamptz not null,
  taken_at timestamptz not null default clock_timestamp(),
  primary key (consumer, partition)
);

-- Takes a partition for the calling backend. A writer locks its row for share inside its transaction, so
-- the old owner's backend is ended before the row is touched: frozen in the middle of one, it would hold us up.
create function log.take_partition(p_consumer text, p_partition integer, p_owner text) returns bigint
language plpgsql volatile as $$
declare
  v_old log.owners;
  v_epoch bigint;
begin
  select * into v_old from log.owners where consumer = p_consumer and partition = p_partition;
  if found and v_old.backend_pid <> pg_backend_pid() then
    -- pid and start together: a pid alone may have been given to somebody else since.
    perform pg_terminate_backend(a.pid) from pg_stat_activity a
    where a.pid = v_old.backend_pid and a.backend_start = v_old.backend_start;
  end if;
  insert into log.owners (consumer, partition, epoch, owner, backend_pid, backend_start)
  select p_consumer, p_partition, 1, p_owner, a.pid, a.backend_start
  from pg_stat_activity a where a.pid = pg_backend_pid()
  on conflict (consumer, partition) do update
  set epoch = log.owners.epoch + 1, owner = excluded.owner, backend_pid = excluded.backend_pid,
      backend_start = excluded.backend_start, taken_at = clock_timestamp()
  returning epoch into v_epoch;
  return v_epoch;
end $$;

-- After a lost connection: the same owner goes on with a new backend, unless somebody took the partition.
create function log.keep_partition(p_consumer text, p_partition integer, p_epoch bigint) returns boolean
language plpgsql volatile as $$
begin
  update log.owners o set backend_pid = a.pid, backend_start = a.backend_start
  from pg_stat_activity a
  where a.pid = pg_backend_pid() and o.consumer = p_consumer and o.partition = p_partition and o.epoch = p_epoch;
  return found;
end $$;

-- Intake --------------------------------------------------------------------------------------------
create table intake.dead_letters (
  dead_letter bigint generated always as identity primary key,
  met_at timestamptz not null default clock_timestamp(),
  -- where it was met: {"request": …, "index": …} | {"file": …, "row": …} | {"partition": …, "offset": …}
  met_in jsonb not null,
  source text,
  event_id text,
  store text,
  reason text not null,
  detail text not null,
  -- bytes, not text: what was refused may hold NUL or half characters
  payload bytea not null,
  state text not null default 'open' check (state in ('open', 'requeued', 'discarded')),
  settled_at timestamptz,
  settlement jsonb
);
create index dead_letters_open on intake.dead_letters (met_at desc) where state = 'open';

create table intake.files (
  file bigint generated always as identity primary key,
  mapping text not null,
  name text not null,
  sha256 text not null,
  state text not null check (state in ('loading', 'loaded', 'failed')),
  started_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  summary jsonb
);
create index files_recent on intake.files (started_at desc);

-- Stream path ---------------------------------------------------------------------------------------
create table stream.generations (
  generation integer primary key,
  state text not null check (state in ('building', 'active', 'retired')),
  rules_version smallint not null,
  created_at timestamptz not null default clock_timestamp(),
  activated_at timestamptz
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
  primary key (generation, store, sku)
) partition by list (generation);

create table stream.episodes (
  generation integer not null,
  alert_id text not null,
  store text not null,
  sku text not null,
  partition smallint not null,
  rule text not null check (rule in ('low_stock', 'out_of_stock', 'oversold')),
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
  projected_stockout_at timestamptz,
  processed_at timestamptz not null,
  primary key (generation, alert_id)
) partition by list (generation);
create index episodes_open on stream.episodes (store, sku) where state = 'open';

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
  primary key (generation, partition, through_offset)
) partition by list (generation);

create function stream.create_generation(p_generation integer, p_rules_version integer) returns void language plpgsql as $$
declare
  v_table text;
begin
  perform pg_advisory_xact_lock(hashtext('tillstream.stream.generations'));
  if exists (select from stream.generations where generation = p_generation) then
    return;
  end if;
  insert into stream.generations (generation, state, rules_version)
  values (p_generation, 'building', p_rules_version);
  foreach v_table in array array['sources', 'windows', 'stock', 'episodes', 'changes'] loop
    -- Hot rows are updated in place: room on the page keeps those updates out of the indexes.
    execute format('create table stream.%I partition of stream.%I for values in (%s) with (fillfactor = %s)',
      v_table || '_g' || p_generation, v_table, p_generation,
      case when v_table in ('windows', 'stock', 'sources') then 60 else 100 end);
  end loop;
end $$;

create function stream.drop_generation(p_generation integer) returns void language plpgsql as $$
declare
  v_table text;
begin
  if exists (select from stream.active_generation where generation = p_generation) then
    raise exception 'generation % is the active one and cannot be dropped', p_generation;
  end if;
  foreach v_table in array array['sources', 'windows', 'stock', 'episodes', 'changes'] loop
    execute format('drop table if exists stream.%I', v_table || '_g' || p_generation);
  end loop;
  delete from stream.checkpoints where generation = p_generation;
  delete from stream.generations where generation = p_generation;
end $$;

select stream.create_generation(1, 1);
update stream.generations set state = 'active', activated_at = clock_timestamp() where generation = 1;
insert into stream.active_generation (generation) values (1);

-- What people do with an alert is kept apart from what the stream decides: a replay never erases it.
create table live.alert_actions (
  action bigint generated always as identity primary key,
  alert_id text not null,
  kind text not null check (kind in ('acknowledge', 'snooze', 'reopen')),
  snoozed_until timestamptz,
  acted_by text,
  acted_at timestamptz not null default clock_timestamp()
);
create index alert_actions_latest on live.alert_actions (alert_id, action desc);

-- The lane of what people and jobs change: dense, commit order = sequence order.
create table live.ops_lane (
  sequence bigint primary key,
  kind text not null,
  payload jsonb not null,
  at timestamptz not null
);
create function live.append_ops(p_kind text, p_payload jsonb) returns bigint language plpgsql volatile as $$
declare
  v_sequence bigint;
begin
  -- Held until commit: call it last in a transaction.
  perform pg_advisory_xact_lock(hashtext('tillstream.live.ops_lane'));
  insert into live.ops_lane (sequence, kind, payload, at)
  select coalesce(max(sequence), 0) + 1, p_kind, p_payload, clock_timestamp() from live.ops_lane
  returning sequence into v_sequence;
  return v_sequence;
end $$;

-- 0001_batch.sql
-- Batch path: the planner's view of the log, the ledger, the report tables -----------------------------
create table batch.planner_checkpoints (
  partition smallint primary key,
  "offset" bigint not null,
  appended_at timestamptz not null
);

-- The schedule says that it lives and when it looks for work next; /readyz and the freshness card read it.
create table batch.heartbeat (
  only_row boolean primary key default true check (only_row),
  beat_at timestamptz not null,
  next_tick_at timestamptz not null
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
  -- of which from files and journals, reviews left out: whether a journal store's day has come
  bulk_events bigint not null default 0,
  -- the UTC days on which they were appended: one late event does not make a run read all days between
  append_days date[] not null default '{}',
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

-- Every attempt at a (job, store, period). period: the business day, or the first day of the week or month.
create table batch.runs (
  run_id bigint generated always as identity primary key,
  job text not null,
  store text not null,
  period date not null,
  state text not null check (state in ('running', 'succeeded', 'failed', 'abandoned')),
  trigger text not null check (trigger in ('schedule', 'manual', 'backfill')),
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
  -- why it ran, e.g. 'new events'
  reason text
);
create unique index runs_one_at_a_time on batch.runs (job, store, period) where state = 'running';
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
  primary key (store, business_day, hour_start, channel, currency)
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
  primary key (store, business_day, channel, currency)
);
create index daily_sales_by_day on batch.daily_sales (business_day);

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
  old_value numeric(20, 4) not null,
  new_value numeric(20, 4) not null,
  cause text not null,
  run_id bigint not null,
  restated_at timestamptz not null default clock_timestamp()
);
create index restatements_by_day on batch.restatements (business_day, store);

-- Reconciliation, written by server/serving (which reads both paths) ----------------------------------
create table recon.reconciliation (
  business_day date not null,
  store text not null,
  currency text not null,
  metric text not null,
  -- money metrics in 1/10,000, the others in pieces
  batch bigint not null,
  stream bigint not null,
  after_batch bigint not null,
  before_stream bigint not null,
  rule_version bigint not null,
  unexplained bigint not null,
  after_batch_events bigint not null,
  before_stream_events bigint not null,
  run_id bigint not null,
  batch_through bigint not null,
  stream_through bigint not null,
  partition smallint not null,
  computed_at timestamptz not null,
  primary key (store, business_day, currency, metric)
);

-- Rows of a live or report table that differ from what the log says, found when something is unexplained.
create table recon.findings (
  finding bigint generated always as identity primary key,
  run_id bigint not null,
  path text not null check (path in ('batch', 'stream')),
  relation text not null,
  row_key jsonb not null,
  metric text not null,
  stored numeric(20, 4),
  expected numeric(20, 4),
  found_at timestamptz not null default clock_timestamp()
);

-- 0002_reports.sql
-- Schema reports: the views any BI tool may rely on. Names and columns stay; columns may be added at the end.
-- Money is numeric(20,4). A row whose basis is not known (no current run, no checkpoint) is not shown.

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
  r.run_id, r.computed_at, jsonb_build_object(r.partition::text, r.through_offset) as through
from batch.daily_sales s
join batch.current_runs r on r.job = 'daily_sales' and r.store = s.store and r.period = s.business_day;

create view reports.hourly_sales as
select s.business_day, s.hour_start, s.store, s.channel, s.currency, s.orders, s.units,
  (s.gross * 0.0001)::numeric(20, 4) as gross,
  (s.discounts * 0.0001)::numeric(20, 4) as discounts,
  (s.returns * 0.0001)::numeric(20, 4) as returns,
  ((s.gross - s.discounts - s.returns) * 0.0001)::numeric(20, 4) as net,
  r.run_id, r.computed_at, jsonb_build_object(r.partition::text, r.through_offset) as through
from batch.hourly_sales s
join batch.current_runs r on r.job = 'hourly_sales' and r.store = s.store and r.period = s.business_day;

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

-- The currency that periods are also told in. A view, because the reader may not read the settings itself.
create view ref.reporting_currency as
select value #>> '{}' as currency from ref.settings where name = 'reporting_currency';

create view reports.weekly_sales as
select s.week, s.store, s.channel, s.currency, s.orders, s.units,
  (s.gross * 0.0001)::numeric(20, 4) as gross,
  (s.discounts * 0.0001)::numeric(20, 4) as discounts,
  (s.returns * 0.0001)::numeric(20, 4) as returns,
  ((s.gross - s.discounts - s.returns) * 0.0001)::numeric(20, 4) as net,
  s.return_documents, s.units_returned, s.customers,
  case when s.orders > 0 then round((s.gross - s.discounts) * 0.0001 / s.orders, 4) end::numeric(20, 4) as average_order_value,
  round((s.gross - s.discounts - s.returns) * 0.0001 * case when s.currency = c.currency then 1 else x.rate end, 4)::numeric(20, 4)
    as net_in_reporting_currency,
  c.currency as reporting_currency,
  r.run_id, r.computed_at, jsonb_build_object(r.partition::text, r.through_offset) as through
from batch.weekly_sales s
join batch.current_runs r on r.job = 'weekly_sales' and r.store = s.store and r.period = s.week
left join ref.reporting_currency c on true
left join lateral (
  select x.rate from ref.exchange_rates x
  where x.currency = s.currency and x.reporting_currency = c.currency and x.valid_from <= s.week + 6
  order by x.valid_from desc limit 1
) x on true;

create view reports.monthly_sales as
select s.month, s.store, s.channel, s.currency, s.orders, s.units,
  (s.gross * 0.0001)::numeric(20, 4) as gross,
  (s.discounts * 0.0001)::numeric(20, 4) as discounts,
  (s.returns * 0.0001)::numeric(20, 4) as returns,
  ((s.gross - s.discounts - s.returns) * 0.0001)::numeric(20, 4) as net,
  s.return_documents, s.units_returned, s.customers,
  case when s.orders > 0 then round((s.gross - s.discounts) * 0.0001 / s.orders, 4) end::numeric(20, 4) as average_order_value,
  round((s.gross - s.discounts - s.returns) * 0.0001
    * case when s.currency = c.currency then 1 else x.rate end, 4)::numeric(20, 4)
    as net_in_reporting_currency,
  c.currency as reporting_currency,
  r.run_id, r.computed_at, jsonb_build_object(r.partition::text, r.through_offset) as through
from batch.monthly_sales s
join batch.current_runs r on r.job = 'monthly_sales' and r.store = s.store and r.period = s.month
left join ref.reporting_currency c on true
left join lateral (
  select x.rate from ref.exchange_rates x
  where x.currency = s.currency and x.reporting_currency = c.currency and x.valid_from <= (s.month + interval '1 month')::date - 1
  order by x.valid_from desc limit 1
) x on true;

create view reports.monthly_product_sales as
select s.month, s.store, s.channel, s.sku, s.currency, s.units,
  (s.gross * 0.0001)::numeric(20, 4) as gross,
  (s.discounts * 0.0001)::numeric(20, 4) as discounts,
  (s.returns * 0.0001)::numeric(20, 4) as returns,
  ((s.gross - s.discounts - s.returns) * 0.0001)::numeric(20, 4) as net,
  s.units_returned,
  round((s.gross - s.discounts - s.returns) * 0.0001
    * case when s.currency = c.currency then 1 else x.rate end, 4)::numeric(20, 4)
    as net_in_reporting_currency,
  c.currency as reporting_currency,
  r.run_id, r.computed_at, jsonb_build_object(r.partition::text, r.through_offset) as through
from batch.monthly_product_sales s
join batch.current_runs r on r.job = 'monthly_product_sales' and r.store = s.store and r.period = s.month
left join ref.reporting_currency c on true
left join lateral (
  select x.rate from ref.exchange_rates x
  where x.currency = s.currency and x.reporting_currency = c.currency and x.valid_from <= (s.month + interval '1 month')::date - 1
  order by x.valid_from desc limit 1
) x on true;

create view reports.monthly_category_sales as
select s.month, s.store, s.channel, s.category, s.currency, s.units,
  (s.gross * 0.0001)::numeric(20, 4) as gross,
  (s.discounts * 0.0001)::numeric(20, 4) as discounts,
  (s.returns * 0.0001)::numeric(20, 4) as returns,
  ((s.gross - s.discounts - s.returns) * 0.0001)::numeric(20, 4) as net,
  s.units_returned,
  round((s.gross - s.discounts - s.returns) * 0.0001
    * case when s.currency = c.currency then 1 else x.rate end, 4)::numeric(20, 4)
    as net_in_reporting_currency,
  c.currency as reporting_currency,
  r.run_id, r.computed_at, jsonb_build_object(r.partition::text, r.through_offset) as through
from batch.monthly_category_sales s
join batch.current_runs r on r.job = 'monthly_category_sales' and r.store = s.store and r.period = s.month
left join ref.reporting_currency c on true
left join lateral (
  select x.rate from ref.exchange_rates x
  where x.currency = s.currency and x.reporting_currency = c.currency and x.valid_from <= (s.month + interval '1 month')::date - 1
  order by x.valid_from desc limit 1
) x on true;

create view reports.monthly_tenders as
select s.month, s.store, s.channel, s.tender, s.currency, s.documents,
  (s.amount * 0.0001)::numeric(20, 4) as amount,
  round(s.amount * 0.0001 * case when s.currency = c.currency then 1 else x.rate end, 4)::numeric(20, 4)
    as amount_in_reporting_currency,
  c.currency as reporting_currency,
  r.run_id, r.computed_at, jsonb_build_object(r.partition::text, r.through_offset) as through
from batch.monthly_tenders s
join batch.current_runs r on r.job = 'monthly_tenders' and r.store = s.store and r.period = s.month
left join ref.reporting_currency c on true
left join lateral (
  select x.rate from ref.exchange_rates x
  where x.currency = s.currency and x.reporting_currency = c.currency and x.valid_from <= (s.month + interval '1 month')::date - 1
  order by x.valid_from desc limit 1
) x on true;

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
  c.state, c.currency,
  r.run_id, r.computed_at, jsonb_build_object(r.partition::text, r.through_offset) as through
from batch.completeness c
join batch.current_runs r on r.job = 'completeness' and r.store = c.store and r.period = c.business_day;

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
left join batch.runs r on r.run_id = s.run_id;

create view reports.dead_letters as
select d.dead_letter as id, d.met_at, d.met_in, d.source, d.event_id, d.store, d.reason, d.detail,
  encode(d.payload, 'escape') as payload, d.state, d.settled_at, d.settlement,
  null::bigint as run_id, d.met_at as computed_at,
  case when d.met_in ? 'offset' then jsonb_build_object(d.met_in ->> 'partition', d.met_in -> 'offset') end as through
from intake.dead_letters d;

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

-- What the stream decides, and what people did with it.
create view reports.restock_alerts as
select e.alert_id, e.store, e.sku, e.rule, e.rule_version, e.severity,
  case
    when e.state = 'resolved' then 'resolved'
    when latest.kind = 'acknowledge' then 'acknowledged'
    when latest.kind = 'snooze' and latest.snoozed_until > now() then 'snoozed'
    else 'open'
  end as state,
  e.opened_at, 'stream' as raised_by, e.on_hand, e.on_order, e.reorder_point, e.suggested_units,
  e.projected_stockout_at, e.resolved_at,
  jsonb_build_object(c.partition::text, c."offset") as through, c.watermark
from stream.active_generation a
join stream.episodes e on e.generation = a.generation
join stream.checkpoints c on c.generation = e.generation and c.partition = e.partition
left join lateral (
  select kind, snoozed_until from live.alert_actions l
  where l.alert_id = e.alert_id order by l.action desc limit 1
) latest on true;

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

-- Comments --------------------------------------------------------------------------------------------
comment on schema reports is 'Reporting views for any BI tool. Names and columns are stable; money is numeric(20,4); role tillstream_reader reads them.';
comment on view reports.daily_sales is 'Sales per business day, store, channel and currency, as the batch path computed them.';
comment on view reports.hourly_sales is 'Sales per hour of a business day; a day has 23 to 25 hours.';
comment on view reports.daily_product_sales is 'Sales per business day and product, from the lines of the documents.';
comment on view reports.weekly_sales is 'Sales per week, Monday to Sunday.';
comment on view reports.monthly_sales is 'Sales per calendar month of business days.';
comment on view reports.monthly_product_sales is 'Sales per month and product.';
comment on view reports.monthly_category_sales is 'Sales per month and product category.';
comment on view reports.monthly_tenders is 'What was paid, and paid back, per month and means of payment.';
comment on view reports.daily_inventory is 'Stock movements per business day, store and product: opening + received - sold + returned + adjusted + transferred + count_correction = closing.';
comment on view reports.monthly_inventory is 'Stock movements and inventory ratios per month, store and product.';
comment on view reports.daily_reviews is 'Customer reviews per business day and product, all stores together.';
comment on view reports.completeness is 'Z reports of the tills against the order log, per business day, store and register: the check that the log misses nothing.';
comment on view reports.job_runs is 'The ledger of the batch path: every attempt at a job and period.';
comment on view reports.restatements is 'Published figures that changed after their day was closed, and why.';
comment on view reports.dead_letters is 'What could not be processed, with its reason and where it was met.';
comment on view reports.live_sales_minute is 'Sales per minute of event time, as the stream path has them now.';
comment on view reports.live_stock is 'Stock on hand per store and product, as the stream path has it now.';
comment on view reports.restock_alerts is 'Shortages found by the stream path, one row an episode, with what people did about them.';
comment on view reports.reconciliation is 'Stream against batch per business day, store, currency and metric: difference = after_batch - before_stream + rule_version + unexplained.';

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
      ('net_in_reporting_currency', 'net at the exchange rate valid on the last day of the period; null where no rate is known.'),
      ('amount_in_reporting_currency', 'amount at the exchange rate valid on the last day of the month; null where no rate is known.'),
      ('reporting_currency', 'Currency of the column before; ref.settings names it.'),
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
      ('old_value', 'Published before.'),
      ('new_value', 'Published now.'),
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
      ('on_order', 'Units of purchases placed, neither cancelled nor received.'),
      ('reorder_point', 'Units at which to order again, by the policy valid then; null without a policy.'),
      ('days_of_cover', 'Days the units on hand last; null where that is not known.'),
      ('as_of', 'Event time of the newest movement.'),
      ('alert_id', 'store/sku@partition-offset of the event that began the episode: a replay gives the same.'),
      ('rule', 'low_stock, out_of_stock or oversold.'),
      ('rule_version', 'Version of the rule.'),
      ('severity', 'warning or critical.'),
      ('opened_at', 'Event time of the event that began the episode.'),
      ('resolved_at', 'Event time of the event that ended the episode; null while it lasts.'),
      ('raised_by', 'Path that raised the alert: stream or batch.'),
      ('suggested_units', 'Units to order up to the policy''s level; null where it has none.'),
      ('projected_stockout_at', 'When the units on hand run out at the present pace; null where that is not known.'),
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
comment on column reports.restock_alerts.state is 'open, acknowledged, snoozed or resolved.';
comment on column reports.completeness.state is 'complete, missing, different or awaiting journal.';
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

-- 0003_shop.sql
-- Who delivers what, at what cost and in which packs. A row holds from `valid_from` until the next of the same sku.
create table ref.suppliers (
  supplier text primary key,
  name text not null
);
create table ref.supply_terms (
  sku text not null,
  valid_from timestamptz not null,
  supplier text not null references ref.suppliers,
  -- 1/10,000 of `currency`
  unit_cost bigint not null check (unit_cost >= 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  -- a supplier sells whole packs only
  pack_size integer not null default 1 check (pack_size > 0),
  lead_time_days numeric(8, 2) not null check (lead_time_days >= 0),
  primary key (sku, valid_from)
);

-- What people ask of the processes from a page. A process takes a request by `for update skip locked`, so that
-- of several one does it; what it comes to is written back. Kept for the history of who asked for what.
create table live.job_requests (
  request bigint generated always as identity primary key,
  -- a job of `npm run jobs -- list`, or 'all'
  job text not null,
  -- both null for jobs that take no range; inclusive
  from_day date,
  to_day date,
  state text not null default 'requested' check (state in ('requested', 'running', 'succeeded', 'failed')),
  -- what came of it, for people
  detail text,
  requested_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  ended_at timestamptz,
  check ((from_day is null) = (to_day is null) and from_day <= to_day)
);
create index job_requests_waiting on live.job_requests (request) where state in ('requested', 'running');

create table live.scenario_runs (
  run bigint generated always as identity primary key,
  scenario text not null,
  state text not null default 'requested'
    check (state in ('requested', 'running', 'stopping', 'ended', 'failed')),
  -- what it did, or why it could not, for people
  detail text,
  requested_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  -- when it will end by itself
  ends_at timestamptz,
  ended_at timestamptz
);
create index scenario_runs_waiting on live.scenario_runs (run) where state in ('requested', 'running', 'stopping');
-- One row: the simulators say that they live, and what they play.
create table live.simulator_heartbeat (
  only_row boolean primary key default true check (only_row),
  beat_at timestamptz not null,
  scenario text not null,
  speed numeric(10, 2) not null,
  -- events in senders' outboxes
  waiting integer not null
);

-- 0006_scenario_minutes.sql
-- How long a scenario is to play; null: as long as it usually takes.
alter table live.scenario_runs add column minutes integer check (minutes between 1 and 1440);

-- 0007_jobs.sql
-- People may ask for runs from a page.
alter table batch.runs drop constraint runs_trigger_check;
alter table batch.runs add constraint runs_trigger_check
  check (trigger in ('schedule', 'manual', 'backfill', 'request'));
-- A request that is under way belongs to a backend, as a run does: when that is gone, another process takes it up.
alter table live.job_requests
  add column attempts integer not null default 0,
  add column backend_pid integer,
  add column backend_start timestamptz;

create schema tillstream;
create table tillstream.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint);
insert into tillstream.__drizzle_migrations (hash, created_at) values
  ('316e449a75dc685577f428d79893799c042f50e62b6291a1b7112e4046d34fe7', 1795200000000),
  ('218402cf75ed73ac63fff90572ca86e5ff2db5cc9a048aa3ff5d6e87151e95da', 1795200000001),
  ('b4255adf86157fd5c6da6c8f6d848550a41ad8983146386d5c29f98a098b14a7', 1795200000002),
  ('d794b4246fab2c8335cbe6ef9a90ddb5f8d7985b618337c408871e0723725684', 1795200000003),
  ('14a089997cc59ac3b94cb220e472f61c7d924be3c61eb46e73e93a5ae952e447', 1795200000006),
  ('3e2ca182cd138dbfd7b53058d8c5df2b2e2e59a4696984ecc182eca502aafccc', 1795200000007);
