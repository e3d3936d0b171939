-- The order log: appended to, never changed.
create schema if not exists log;

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
  attributes jsonb,
  -- a line's gross where it was stated as such (3 for 10.00); null: units × unit price
  amounts bigint[]
) partition by range (appended_at);
-- The only index: append time first, so that the last row and a poll from a checkpoint touch one day.
create index event_log_seek on log.event_log (partition, appended_at, "offset");

-- Why a path cannot count an event of the log, as a sentence; null where nothing stands against it. The intake refuses
-- such events; an old log may hold them, and a hand may have written them. The batch path asks this of every row it
-- meets, the stream asks domain/digestible.ts; worked examples hold the two together. One expression without a
-- subquery, so that it is inlined: a function call a row costs twenty times as much.
create function log.why_indigestible(e log.event_log) returns text language sql stable parallel safe as $$
  select case
    when e.type = 'tick' then null
    when e.type not in ('order.placed', 'order.voided', 'order.returned', 'till.closed', 'stock.received',
      'stock.counted', 'stock.adjusted', 'stock.transferred', 'purchase.placed', 'purchase.confirmed',
      'purchase.cancelled', 'review.posted', 'price.changed')
      then 'its type ' || to_json(e.type)::text || ' is unknown'
    when coalesce(e.store, '') = '' then 'it names no store'
    when e.business_day is null or e.business_day < '1900-01-01' or e.business_day > '2199-12-31'
      then 'its business day ' || coalesce(e.business_day::text, 'is missing') || ' is none between 1900-01-01 and 2199-12-31'
    when e.event_time in ('infinity', '-infinity') then 'its event time is no instant'
    -- 2^53 - 1: what every reader, whatever its number type, holds exactly
    when greatest(e.total_units, e.total_gross, e.total_discounts, e.total_returns, e.total_tax) > 9007199254740991
      or least(e.total_units, e.total_gross, e.total_discounts, e.total_returns, e.total_tax) < -9007199254740991
      then 'a total of it is larger than any sum is exact'
    when jsonb_typeof(e.details) not in ('object', 'null') then 'its details are no object'
    when e.type = 'till.closed' then case
      when coalesce(e.register, '') = '' then 'it names no register'
      when e.details ->> 'zBusinessDay' is null or e.details ->> 'zBusinessDay' !~ '^\d{4}-\d\d-\d\d$'
        or not pg_input_is_valid(e.details ->> 'zBusinessDay', 'date')
        then 'the day its Z report is about, ' || coalesce(to_json(e.details ->> 'zBusinessDay')::text, 'none') || ', is no date'
      when (e.details ->> 'zBusinessDay')::date not between e.business_day - 400 and e.business_day + 2
        or (e.details ->> 'zBusinessDay')::date not between '1900-01-01' and '2199-12-31'
        then 'its Z report is about ' || (e.details ->> 'zBusinessDay') || ', more than 400 days before or 2 days after its own business day '
          || e.business_day
      when coalesce(e.details ->> 'zOrders', '') !~ '^-?\d{1,15}$' or coalesce(e.details ->> 'zNet', '') !~ '^-?\d{1,15}$'
        then 'its Z report has no orders or no net'
      end
    when e.type = 'review.posted' then case
      when coalesce(e.details ->> 'sku', '') = '' or coalesce(e.details ->> 'rating', '') !~ '^[1-5]$'
        then 'its review names no product or no rating from 1 to 5'
      end
    when e.type = 'price.changed' then case
      when coalesce(jsonb_typeof(e.details -> 'prices'), '') <> 'array' or e.details -> 'prices' = '[]'
        or jsonb_path_exists(e.details, '$.prices[*] ? (!(@.sku.type() == "string" && @.sku != "" && @.price.type() == "number"
          && @.price.floor() == @.price && @.price >= 0 && @.price <= 9007199254740991
          && @.from like_regex "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z$"
          && (!exists(@.to) || @.to like_regex "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z$")))')
        then 'a price of it has no product, no amount or no beginning'
      end
    when e.type in ('order.placed', 'order.voided', 'order.returned')
      and (coalesce(e.channel, '') = '' or coalesce(e.currency, '') = '') then 'it names no channel or no currency'
    when coalesce(cardinality(e.skus), 0) = 0 or e.units is null then 'it has no lines'
    when array_ndims(e.skus) > 1 or array_ndims(e.units) > 1 then 'its lines are no list'
    when cardinality(e.skus) <> cardinality(e.units)
      or e.stocked is not null and cardinality(e.stocked) <> cardinality(e.skus)
      then 'its skus, units and stocked differ in number'
    when array_position(e.skus, null) is not null or array_position(e.skus, '') is not null
      or array_position(e.units, null) is not null then 'a line of it has no product or no units'
    when e.details ? 'tenders' and (jsonb_typeof(e.details -> 'tenders') <> 'array'
      or jsonb_path_exists(e.details, '$.tenders[*] ? (!(@.type.type() == "string" && @.amount.type() == "number"
        && @.amount.floor() == @.amount && @.amount <= 9007199254740991 && @.amount >= -9007199254740991))'))
      then 'a tender of it has no type or no amount'
  end
$$;

-- Prices that events say stand in ref.prices from the same transaction on, whatever writes the log: the append, a history
-- by COPY, a sink of another log. In whatever order they are written the same stands there, and twice is once.
create function log.keep_prices() returns trigger language plpgsql as $$
begin
  if log.why_indigestible(new) is null then
    insert into ref.prices as known (store, sku, valid_from, valid_to, price, said_at, "offset", source, id)
    select new.store, p.sku, p."from", p."to", p.price, new.event_time, new."offset", new.source, new.id
    from jsonb_to_recordset(new.details -> 'prices') as p(sku text, price bigint, "from" timestamptz, "to" timestamptz)
    on conflict (store, sku, valid_from) do update
    set valid_to = excluded.valid_to, price = excluded.price, said_at = excluded.said_at, "offset" = excluded."offset",
      source = excluded.source, id = excluded.id
    where (known.said_at, known."offset") < (excluded.said_at, excluded."offset");
  end if;
  return null;
end $$;
-- Of other events the condition alone is looked at.
create trigger keep_prices after insert on log.event_log for each row when (new.type = 'price.changed')
  execute function log.keep_prices();

-- Every sales document of the log with what it adds to every measure (domain/measures.ts): an order adds, its void is
-- the exact negative, a return leaves orders and gross as they are. The one place where SQL says so; only the audits
-- say it again. Conditions on appended_at leave out days here as on the log itself.
create view log.sales as
select e.partition, e."offset", e.appended_at, e.event_time, e.business_day, e.source, e.id, e.type, e.class, e.store,
  e.channel, e.register, e.currency, e.order_id, e.customer, e.tender, e.details,
  effect.sign as orders,
  effect.sign * e.total_units as units,
  effect.sign * e.total_gross as gross,
  effect.sign * e.total_discounts as discounts,
  effect.back * e.total_returns as returns,
  effect.back as return_documents,
  effect.back * e.total_units as units_returned,
  effect.sign * (e.total_gross - e.total_discounts) - effect.back * e.total_returns as net,
  effect.sign * e.total_tax as tax,
  -- shipping, tips, fees, deposits: paid on top, part of no measure
  (effect.sign - effect.back) * coalesce((
    select sum((charge ->> 'amount')::bigint) from jsonb_array_elements(e.details -> 'charges') charge
  ), 0)::bigint as charges,
  cardinality(e.skus) as lines
from log.event_log e
cross join lateral (
  select case e.type when 'order.placed' then 1 when 'order.voided' then -1 else 0 end as sign,
    case e.type when 'order.returned' then 1 else 0 end as back
) effect
where e.type in ('order.placed', 'order.voided', 'order.returned');

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

-- Which log this is. Its archive names it, so that no day of another log is taken for one of this.
create table log.identity (
  only_row boolean primary key default true check (only_row),
  log_id uuid not null default gen_random_uuid()
);
insert into log.identity default values;

-- Append days (UTC) that stand in the archive, one Parquet file each. Offsets by partition, the first at index 1; 0
-- where the partition had no entry on that day.
create table log.archived_days (
  append_day date primary key,
  -- a folder, or s3://bucket/prefix
  archive text not null,
  file text not null,
  sha256 text not null,
  rows bigint not null,
  -- the sum of a digest of every row: the same in whatever order
  contents text not null,
  first_offsets bigint[] not null,
  last_offsets bigint[] not null,
  archived_at timestamptz not null default clock_timestamp(),
  -- when it was last read back and held against the log
  verified_at timestamptz,
  -- since when the log has the day no longer; null: it has it
  dropped_at timestamptz
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
-- p_revision: of the reference data that enriched the events; null: whichever it was.
-- duplicates: ordinals (from 1) of known keys with the same body; conflicts: with another body.
create function log.append(
  p_partition integer, p_revision bigint,
  p_source text[], p_id text[], p_body_hash uuid[], p_type text[], p_class text[], p_store text[],
  p_channel text[], p_register text[], p_event_time bigint[], p_business_day date[], p_currency text[],
  p_order_id text[], p_customer text[], p_tender text[], p_total_units bigint[], p_total_gross bigint[],
  p_total_discounts bigint[], p_total_returns bigint[], p_total_tax bigint[], p_skus text[],
  p_line_units text[], p_unit_prices text[], p_discounts text[], p_taxes text[], p_refunds text[],
  p_stocked text[], p_details text[], p_attributes text[], p_rules_version bigint[], p_amounts text[],
  out first_offset bigint,
  out appended integer,
  out appended_at timestamptz,
  out duplicates integer[],
  out conflicts integer[]
) language plpgsql volatile as $$
declare
  v_last bigint;
  v_last_at timestamptz;
  v_revision bigint;
  v_is_elsewhere boolean;
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
  select l."offset", l.appended_at, r.revision, exists (select from log.kafka)
  into v_last, v_last_at, v_revision, v_is_elsewhere
  from log.last_position(p_partition) l, ref.reference_revision r;
  -- Who changes a store holds this lock: what was enriched before is enriched again, or it would stand on the old day.
  if v_is_elsewhere then
    raise exception 'the log of this database is in Kafka' using errcode = 'TS002', hint = 'Append through openOrderLog.';
  end if;
  if p_revision <> v_revision then
    raise exception 'the reference data has changed since these events were enriched' using errcode = 'TS001';
  end if;
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
    order_id, customer, tender, skus, units, unit_prices, discounts, taxes, refunds, stocked, details, attributes, amounts)
  select i."offset", append.appended_at, 'epoch'::timestamptz + event_time * interval '1 millisecond',
    coalesce(total_units, 0), coalesce(total_gross, 0), coalesce(total_discounts, 0), coalesce(total_returns, 0),
    coalesce(total_tax, 0), business_day, p_partition, rules_version, type, class, source, id, store, channel,
    register, currency, order_id, customer, tender, string_to_array(skus, chr(31)), line_units::integer[],
    unit_prices::bigint[], line_discounts::bigint[], taxes::bigint[], refunds::bigint[], stocked::boolean[],
    details::jsonb, attributes::jsonb, amounts::bigint[]
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
      unnest(p_attributes) as attributes, unnest(p_rules_version) as rules_version,
      unnest(p_amounts) as amounts
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
  if exists (select from log.kafka) then
    raise exception 'the log of this database is in Kafka' using errcode = 'TS002', hint = 'Append through openOrderLog.';
  end if;
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
  v_epoch bigint;
begin
  -- pid and start together: a pid alone may have been given to somebody else since, even to us.
  perform pg_terminate_backend(a.pid) from log.owners o
  join pg_stat_activity a on a.pid = o.backend_pid and a.backend_start = o.backend_start
  where o.consumer = p_consumer and o.partition = p_partition and a.pid <> pg_backend_pid();
  insert into log.owners (consumer, partition, epoch, owner, backend_pid, backend_start)
  select p_consumer, p_partition, 1, p_owner, a.pid, a.backend_start
  from pg_stat_activity a where a.pid = pg_backend_pid()
  on conflict (consumer, partition) do update
  set epoch = log.owners.epoch + 1, owner = excluded.owner, backend_pid = excluded.backend_pid,
      backend_start = excluded.backend_start, taken_at = clock_timestamp()
  returning epoch into v_epoch;
  return v_epoch;
end $$;

-- Whether a backend works for its client: it was asked for something lately, or computes an answer. A process that
-- stands still, frozen or caught in a loop, asks for nothing and takes no answer; it does not matter what its timers say.
create function log.is_at_work(p_pid integer, p_start timestamptz, p_patience interval) returns boolean
language sql volatile as $$
  select exists (
    select from pg_stat_activity a
    where a.pid = p_pid and a.backend_start = p_start and (
      a.state_change > clock_timestamp() - p_patience
      or a.state = 'active' and a.wait_event_type is distinct from 'Client')
  )
$$;

-- Takes a partition unless somebody works on it: of two who ask at once one has it. Answers the epoch, or null.
create function log.take_free_partition(p_consumer text, p_partition integer, p_owner text, p_patience interval)
returns bigint language plpgsql volatile as $$
begin
  perform pg_advisory_xact_lock(hashtext('tillstream.log.owners'), p_partition);
  -- A new statement, hence a new snapshot: it sees whom the holder of the lock before us has let in.
  if exists (
    select from log.owners o
    where o.consumer = p_consumer and o.partition = p_partition and o.backend_pid <> pg_backend_pid()
      and log.is_at_work(o.backend_pid, o.backend_start, p_patience)
  ) then
    return null;
  end if;
  return log.take_partition(p_consumer, p_partition, p_owner);
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
