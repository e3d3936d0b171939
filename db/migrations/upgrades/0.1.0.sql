-- Brings a database of version 0.1.0 to the schema that 0000 to 0007 make, in one transaction. Every change to
-- one of those files since then is here too; migrate.integration.test.ts compares the two catalogues.

-- Drizzle's own migrator kept its record here; from now on tillstream.migrations does.
drop table tillstream.__drizzle_migrations;

-- What a store is from a business day on, until its next row; the first also holds for all days before it.
create table ref.store_versions (
  store text not null references ref.stores on delete cascade,
  valid_from date not null default '1900-01-01',
  zone text not null,
  cut_over_hour smallint not null check (cut_over_hour between 0 and 23),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  tax_inclusive boolean not null,
  channel text not null check (channel in ('pos', 'online')),
  input text not null check (input in ('live', 'journal')),
  -- weekdays of the business days on which it trades, 1 is Monday; null: not known
  opening_days smallint[] check (opening_days <@ '{1,2,3,4,5,6,7}'::smallint[]),
  -- {"1": "09:00-20:00"} by weekday, of its own clock; null: not known
  opening_times jsonb,
  -- its first and its last business day; null: not known, and: it goes on
  opened date,
  closed date check (closed >= opened),
  -- where it stands, in degrees (WGS 84); null: not known. It decides no figure, only what rules say of distances.
  latitude double precision check (latitude between -90 and 90),
  longitude double precision check (longitude between -180 and 180),
  check ((latitude is null) = (longitude is null)),
  primary key (store, valid_from)
);
-- Every version with the days [valid_from, valid_to) it holds for: what was true of a store on a business day.
create view ref.store_validity as
select v.store, s.name, s.partition,
  case when lag(v.valid_from) over later is null then '-infinity' else v.valid_from end as valid_from,
  coalesce(lead(v.valid_from) over later, 'infinity') as valid_to,
  v.zone, v.cut_over_hour, v.currency, v.tax_inclusive, v.channel, v.input, v.opening_days, v.opening_times, v.opened,
  v.closed,
  -- changes with whatever decides a figure or what is expected
  md5(row(v.zone, v.cut_over_hour, v.currency, v.tax_inclusive, v.channel, v.input, v.opening_days, v.opened, v.closed)::text)
    as digest
from ref.store_versions v
join ref.stores s on s.store = v.store
window later as (partition by v.store order by v.valid_from);

-- Whether a store trades on a business day by what is known of it; null: its opening days are not known
-- (domain/expectations.ts says the same).
create function ref.trades_on(p_opening_days smallint[], p_opened date, p_closed date, p_day date) returns boolean
language sql immutable parallel safe as $$
  select case
    when p_day < p_opened or p_day > p_closed then false
    else extract(isodow from p_day)::smallint = any(p_opening_days)
  end
$$;

-- Changes of stores that were told to alter what reports say of days past (`stores -- add --restate`).
create table ref.store_restatements (
  restatement bigint generated always as identity primary key,
  store text not null,
  from_day date not null,
  to_day date not null,
  change text not null,
  restated_at timestamptz not null default clock_timestamp()
);

-- How far a zone's clocks are ahead of UTC, stretch by stretch. Where days begin and end is read from here and never
-- by "at time zone": Postgres takes CET, EET, MET and WET for abbreviations without summer time, takes the later of two
-- instants where clocks are set back, and its time zone data may be older than what the intake enriches by.
create table ref.zone_offsets (
  zone text not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null,
  offset_seconds integer not null,
  -- of the stretch before: a time that clocks skipped is read by it
  offset_before integer not null,
  -- what the clocks show as it ends
  local_ends_at timestamp not null,
  primary key (zone, local_ends_at)
);
create index zone_offsets_by_start on ref.zone_offsets (zone, starts_at);

-- A zone as Postgres knows it: the setting reads a name as a zone, where "at time zone" may read an abbreviation.
-- No zone has changed its clocks twice within less than seven days; changes are whole seconds.
create function ref.read_zone(p_zone text) returns table (starts_at timestamptz, offset_seconds integer)
language plpgsql volatile set timezone = 'UTC' as $$
declare
  v_change record;
  v_before timestamptz;
  v_after timestamptz;
  v_between timestamptz;
begin
  -- until the end of this function
  perform set_config('timezone', p_zone, true);
  starts_at := '-infinity';
  offset_seconds := extract(timezone from timestamptz '1899-12-01 00:00:00+00');
  return next;
  for v_change in
    select * from (
      select look.at, lag(look.at) over (order by look.at) as before, look.shift,
        lag(look.shift) over (order by look.at) as shift_before
      from (
        select at, extract(timezone from at)::integer as shift
        from generate_series(
          timestamptz '1899-12-01 00:00:00+00', timestamptz '2200-01-05 00:00:00+00', interval '120 hours') at
      ) look
    ) looks
    where shift <> shift_before order by at
  loop
    v_before := v_change.before;
    v_after := v_change.at;
    while v_after - v_before > interval '1 second' loop
      v_between := date_trunc('second', v_before + (v_after - v_before) / 2);
      if extract(timezone from v_between)::integer = v_change.shift_before then
        v_before := v_between;
      else
        v_after := v_between;
      end if;
    end loop;
    starts_at := v_after;
    offset_seconds := v_change.shift;
    return next;
  end loop;
end $$;

-- Puts the stretches of a zone in the place of those that are there; the first holds for all time before it.
create function ref.write_zone(p_zone text, p_starts_at timestamptz[], p_offset_seconds integer[]) returns void
language sql volatile as $$
  delete from ref.zone_offsets where zone = p_zone;
  insert into ref.zone_offsets (zone, starts_at, ends_at, offset_seconds, offset_before, local_ends_at)
  select p_zone, starts_at, ends_at, offset_seconds, offset_before,
    ends_at at time zone 'UTC' + make_interval(secs => offset_seconds)
  from (
    select case when lag(starts_at) over later is null then '-infinity' else starts_at end as starts_at,
      coalesce(lead(starts_at) over later, 'infinity') as ends_at, offset_seconds,
      coalesce(lag(offset_seconds) over later, offset_seconds) as offset_before
    from unnest(p_starts_at, p_offset_seconds) as shift(starts_at, offset_seconds)
    window later as (order by starts_at)
  ) stretch
$$;

-- A store may come by plain SQL too: what no one has written is as Postgres knows it. A name it does not know is left
-- to who adds the store.
create function ref.know_zone() returns trigger language plpgsql as $$
begin
  if not exists (select from ref.zone_offsets where zone = new.zone) then
    perform ref.write_zone(new.zone, array_agg(z.starts_at), array_agg(z.offset_seconds))
    from ref.read_zone(new.zone) z;
  end if;
  return null;
exception when invalid_parameter_value then
  return null;
end $$;
create trigger know_zone after insert or update of zone on ref.store_versions
  for each row execute function ref.know_zone();

-- The instant of a time that a zone's clocks show: of one that comes twice the earlier, and one that is skipped is
-- shifted forward (domain/zone.ts says the same).
create function ref.instant_of_local(p_zone text, p_local timestamp) returns timestamptz
language sql stable parallel safe as $$
  select (p_local - make_interval(secs =>
      case
        when (p_local - make_interval(secs => o.offset_seconds)) at time zone 'UTC' < o.starts_at then o.offset_before
        else o.offset_seconds
      end)) at time zone 'UTC'
  from ref.zone_offsets o
  where o.zone = p_zone and o.local_ends_at > p_local
  order by o.local_ends_at limit 1
$$;

-- The business days of stores (null: of all), both ends included, with what each store is on them. Day D begins at the
-- cut-over of the version valid on D and ends where D + 1 begins (domain/business-day.ts says the same).
create function ref.store_days(p_stores text[], p_from date, p_to date)
returns table (
  store text, partition smallint, business_day date, starts_at timestamptz, ends_at timestamptz, zone text,
  cut_over_hour smallint, currency text, tax_inclusive boolean, channel text, input text, opening_days smallint[],
  opened date, closed date
) language sql stable parallel safe as $$
  select store, partition, business_day, starts_at, ends_at, zone, cut_over_hour, currency, tax_inclusive, channel,
    input, opening_days, opened, closed
  from (
    select days.*, lead(starts_at) over (partition by store order by business_day) as ends_at
    from (
      select v.*, day::date as business_day,
        ref.instant_of_local(v.zone, day + make_interval(hours => v.cut_over_hour)) as starts_at
      from ref.store_validity v
      cross join lateral generate_series(
        greatest(p_from, v.valid_from)::timestamp, least(p_to + 1, v.valid_to - 1)::timestamp, interval '1 day') day
      where p_stores is null or v.store = any(p_stores)
    ) days
  ) spans
  where business_day <= p_to
$$;

-- Those days by how far their clocks are ahead of UTC: one stretch, or two on a day on which clocks are set.
create function ref.store_clocks(p_stores text[], p_from date, p_to date)
returns table (store text, business_day date, starts_at timestamptz, ends_at timestamptz, offset_seconds integer)
language sql stable parallel safe as $$
  select d.store, d.business_day, greatest(o.starts_at, d.starts_at), least(o.ends_at, d.ends_at), o.offset_seconds
  from ref.store_days(p_stores, p_from, p_to) d
  join ref.zone_offsets o on o.zone = d.zone and o.starts_at < d.ends_at and o.ends_at > d.starts_at
$$;

-- When the hour of an instant began, as the clocks of its stretch show it: at the earliest with the stretch, so that an
-- hour which comes twice is two, and where clocks move by half an hour one is half an hour.
create function ref.hour_start(p_at timestamptz, p_stretch_starts_at timestamptz, p_offset_seconds integer)
returns timestamptz language sql immutable parallel safe as $$
  select greatest(p_stretch_starts_at,
    date_bin('1 hour', p_at, timestamptz 'epoch' - make_interval(secs => p_offset_seconds)))
$$;

-- The hours of those days (domain/business-hours.ts says the same).
create function ref.store_hours(p_stores text[], p_from date, p_to date)
returns table (store text, business_day date, starts_at timestamptz, ends_at timestamptz, offset_seconds integer)
language sql stable parallel safe as $$
  select c.store, c.business_day, greatest(hour, c.starts_at), least(hour + interval '1 hour', c.ends_at),
    c.offset_seconds
  from ref.store_clocks(p_stores, p_from, p_to) c
  cross join lateral generate_series(
    date_bin('1 hour', c.starts_at, timestamptz 'epoch' - make_interval(secs => c.offset_seconds)),
    c.ends_at - interval '1 millisecond', interval '1 hour') hour
$$;

-- What every store is now, by the clock of the database.
create view ref.current_stores as
select store, name, partition, zone, cut_over_hour, currency, tax_inclusive, channel, input, opening_days, opened, closed
from (
  select begun.*, lead(starts_at, 1, 'infinity') over (partition by store order by valid_from) as ends_at
  from (
    select v.*, ref.instant_of_local(v.zone, v.valid_from + make_interval(hours => v.cut_over_hour)) as starts_at
    from ref.store_validity v
  ) begun
) spans
where starts_at <= now() and ends_at > now();

-- Bumped with every change of what enrichment looks up, stores and codes that are no merchandise: the append refuses
-- what was enriched before it.
create table ref.reference_revision (
  only_row boolean primary key default true check (only_row), revision bigint not null
);
insert into ref.reference_revision values (true, 1);
create function ref.bump_reference_revision() returns trigger language plpgsql as $$
begin
  update ref.reference_revision set revision = revision + 1;
  return null;
end $$;
create trigger bump_reference_revision after insert or update or delete or truncate on ref.stores
  for each statement execute function ref.bump_reference_revision();
create trigger bump_reference_revision after insert or update or delete or truncate on ref.store_versions
  for each statement execute function ref.bump_reference_revision();
create trigger bump_reference_revision after insert or update or delete or truncate on ref.zone_offsets
  for each statement execute function ref.bump_reference_revision();
create trigger bump_for_new_product after insert on ref.products
  for each row when (not new.holds_stock) execute function ref.bump_reference_revision();
create trigger bump_for_product after update on ref.products
  for each row when (old.holds_stock is distinct from new.holds_stock) execute function ref.bump_reference_revision();
create trigger bump_for_old_product after delete on ref.products
  for each row when (not old.holds_stock) execute function ref.bump_reference_revision();
-- What a store is now it has been for as long as there are events of it.
insert into ref.store_versions (store, zone, cut_over_hour, currency, tax_inclusive, channel, input)
select store, zone, cut_over_hour, currency, tax_inclusive, channel, input from ref.stores;
alter table ref.stores drop column zone, drop column cut_over_hour, drop column currency, drop column tax_inclusive,
  drop column channel, drop column input;

-- Who comes back, as the shops know them from cards and orders; events name them by `customer`. Nothing is counted
-- from here. Only who has something sent home has an address.
create table ref.customers (
  customer text primary key,
  name text not null,
  street text,
  postcode text,
  city text,
  country text check (country ~ '^[A-Z]{2}$')
);

-- Rows keep all that was sent from rules version 2 on: a line's gross where it is stated as such, and in details what
-- was left out before. What a row of before counts for is unchanged, so no figure of either path is another's.
alter table log.event_log add column amounts bigint[];
update stream.generations set rules_version = 2 where rules_version = 1;
update batch.current_runs set rules_version = 2 where rules_version = 1;

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

-- The legs of a transfer, and what a file's document holds beside its sale, have ids now that no sender can take: what
-- is sent again is recognised by that name too. The entries themselves are called what they were.
insert into log.event_keys (source, id, "offset", body_hash, partition)
select k.source, regexp_replace(k.id, '#([a-z]+)$', chr(31) || '\1'), k."offset", k.body_hash, k.partition
from log.event_log e
join log.event_keys k on k.source = e.source and k.id = e.id
where e.type = 'stock.transferred' and e.id ~ '#(out|in)$'
  or e.class = 'bulk' and (e.type = 'stock.adjusted' and e.id ~ '#adjust$' or e.type = 'order.returned' and e.id ~ '#return$')
on conflict do nothing;
-- Text is normalised at the door from now on. A key that was written otherwise is found by both spellings; the hash of
-- its body is over the old one, so that an event sent again is refused as a conflict and never counted twice.
insert into log.event_keys (source, id, "offset", body_hash, partition)
select normalize(source), normalize(id), "offset", body_hash, partition
from log.event_keys where source is not normalized or id is not normalized
on conflict do nothing;

drop function log.append(integer, text[], text[], uuid[], text[], text[], text[], text[], text[], bigint[], date[], text[], text[], text[], text[], bigint[], bigint[], bigint[], bigint[], bigint[], text[], text[], text[], text[], text[], text[], text[], text[], text[], bigint[]);
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

create or replace function log.take_partition(p_consumer text, p_partition integer, p_owner text) returns bigint
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

alter table batch.runs
  add column range_to date,
  add column depth text check (depth in ('figures', 'rows'));
-- Until then the beginning of a sentence said that every row had been audited.
update batch.runs set depth = case when reason like 'every row of%' then 'rows' else 'figures' end
where job = 'reconciliation';
-- Its last day stood in a sentence alone. Whatever is under way belongs to a process that has ended.
update batch.runs set range_to = period where job = 'reconciliation';
update batch.runs set state = 'abandoned', finished_at = clock_timestamp(), error = 'its process ended before the run did'
where state = 'running';
create unique index runs_without_days on batch.runs (job) where state = 'running' and store = 'all' and range_to is null;

-- Where nobody has traded, no journal and no register's report is expected.
alter table batch.day_head add column documents bigint not null default 0;

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

-- How fast the demo's shops trade: the last row holds, and without any it is 1. What was sold while it was not is no
-- measure of the days before.
create table live.demo_speeds (
  since timestamptz primary key default clock_timestamp(),
  speed numeric(6, 2) not null check (speed >= 0.01 and speed <= 1000),
  -- who set it: a person on the page, or 'npm run simulate'
  set_by text not null
);

create table live.sessions (
  hash text primary key,
  began_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null default clock_timestamp() + interval '7 days'
);

-- Guesses of a secret, by the door that asks for it and by sender (an address, a browser that was let in before, or
-- '*' for all strangers), so that neither a restart nor another process begins anew. Rows of whom nobody was heard
-- for a month are deleted as others come.
create table live.guesses (
  door text not null check (door in ('password', 'key')),
  sender text not null,
  -- wrong ones that are not forgiven yet, as of failed_at: one is forgiven every ten minutes
  failures double precision not null default 0,
  failed_at timestamptz,
  -- last known to have had the secret
  known_at timestamptz,
  primary key (door, sender)
);

-- The windows of a store's business day added up: every measure once, for whoever compares days.
create view stream.store_days as
select generation, store, business_day, currency, count(*) as windows, sum(orders) as orders, sum(units) as units,
  sum(gross) as gross, sum(discounts) as discounts, sum(returns) as returns, sum(return_documents) as return_documents,
  sum(units_returned) as units_returned, sum(late_net) as late_net, sum(revision) as revisions,
  sum(bulk_events) as bulk_events
from stream.windows
group by generation, store, business_day, currency;

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

comment on column reports.restock_alerts.raised_by is 'Path that raised the alert: always the stream. The batch path raises none.';

-- Until then every finding was a row of a live or report table that an audit had named.
alter table recon.findings
  alter column stored type text,
  alter column expected type text,
  add column kind text not null default 'audit row',
  add column detail text,
  drop constraint findings_path_check,
  add constraint findings_path_check check (path in ('log', 'batch', 'stream')),
  add constraint findings_kind_check check (
    kind in ('audit row', 're-derived', 'z report', 'report not published', 'cannot be digested'));
alter table recon.findings alter column kind drop default;

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

alter table stream.changes add column detections jsonb not null default '[]';

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

-- Rules of the stream as people set them; what a version leaves out is as the rule comes, and version 1 is the rule as
-- it comes. A version holds from valid_from on, which is past every clock when it is written: no event was judged
-- before it was there, and a replay judges as the first run did.
create table ref.rule_versions (
  rule text not null,
  version integer not null check (version >= 2),
  valid_from timestamptz not null,
  is_on boolean not null,
  parameters jsonb not null check (jsonb_typeof(parameters) = 'object'),
  changed_by text,
  changed_at timestamptz not null default clock_timestamp(),
  primary key (rule, version),
  unique (rule, valid_from)
);
-- What a store's habits let expect: orders in each hour of its week (local clock, from Monday 00:00), from an instant on.
create table ref.expected_orders (
  store text not null,
  valid_from timestamptz not null,
  orders double precision[] not null check (cardinality(orders) = 168),
  primary key (store, valid_from)
);
-- Sizes of a store's orders by class of hours (0: before 10:00 of its clock, 1: to 14:00, 2: to 18:00, 3: later): the
-- middle of ln(net in 1/10,000), and its spread (1.4826 × median absolute deviation).
create table ref.order_sizes (
  store text not null,
  currency text not null,
  hour_class smallint not null check (hour_class between 0 and 3),
  valid_from timestamptz not null,
  median double precision not null,
  spread double precision not null check (spread >= 0),
  documents bigint not null,
  primary key (store, currency, hour_class, valid_from)
);
-- Bumped with every change of what operators join with: readers that hold it compare one number.
create table ref.operator_revision (only_row boolean primary key default true check (only_row), revision bigint not null);
insert into ref.operator_revision values (true, 0);
create function ref.bump_operator_revision() returns trigger language plpgsql as $$
begin
  update ref.operator_revision set revision = revision + 1;
  return null;
end $$;
create trigger bump_operator_revision after insert or update or delete or truncate on ref.rule_versions
  for each statement execute function ref.bump_operator_revision();
create trigger bump_operator_revision after insert or update or delete or truncate on ref.expected_orders
  for each statement execute function ref.bump_operator_revision();
create trigger bump_operator_revision after insert or update or delete or truncate on ref.order_sizes
  for each statement execute function ref.bump_operator_revision();

do $$
declare
  v_generation integer;
  v_table text;
begin
  for v_generation in select generation from stream.generations loop
    foreach v_table in array array['operator_states', 'panes', 'sessions', 'alerts'] loop
      execute format('create table stream.%I partition of stream.%I for values in (%s) with (fillfactor = %s)',
        v_table || '_g' || v_generation, v_table, v_generation,
        case when v_table in ('operator_states', 'panes') then 60 else 100 end);
    end loop;
  end loop;
end $$;

create or replace function stream.create_generation(p_generation integer, p_rules_version integer) returns void language plpgsql as $$
declare
  v_table text;
begin
  perform pg_advisory_xact_lock(hashtext('tillstream.stream.generations'));
  if exists (select from stream.generations where generation = p_generation) then
    return;
  end if;
  insert into stream.generations (generation, state, rules_version)
  values (p_generation, 'building', p_rules_version);
  foreach v_table in array array['sources', 'windows', 'stock', 'purchases', 'episodes', 'operator_states', 'panes', 'sessions', 'alerts', 'changes'] loop
    -- Hot rows are updated in place: room on the page keeps those updates out of the indexes.
    execute format('create table stream.%I partition of stream.%I for values in (%s) with (fillfactor = %s)',
      v_table || '_g' || p_generation, v_table, p_generation,
      case when v_table in ('windows', 'stock', 'sources', 'operator_states', 'panes') then 60 else 100 end);
  end loop;
end $$;

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

create or replace function stream.drop_generation(p_generation integer) returns void language plpgsql as $$
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

-- What the log told so far, order by order, for every generation as far as it has read; and the units on order from it.
do $$
declare
  v_generation integer;
begin
  for v_generation in select generation from stream.generations loop
    execute format('create table stream.%I partition of stream.purchases for values in (%s) with (fillfactor = 100)',
      'purchases_g' || v_generation, v_generation);
  end loop;
end $$;
insert into stream.purchases
select c.generation, line.store, line.purchase_order, line.sku, c.partition,
  coalesce(sum(units) filter (where type = 'purchase.placed'), 0),
  coalesce(sum(units) filter (where type = 'purchase.cancelled'), 0),
  coalesce(sum(units) filter (where type = 'stock.received'), 0),
  min(line.event_time) filter (where type = 'purchase.placed'),
  null,
  max(line.event_time) filter (where type = 'purchase.placed'),
  (array_agg(supplier order by line.event_time desc, line."offset" desc) filter (where type = 'purchase.placed'))[1],
  (array_agg(expected_at order by line.event_time desc, line."offset" desc) filter (where type = 'purchase.placed'))[1],
  max(line.event_time), max(line."offset"), c.processed_at
from (
  select e.partition, e."offset", e.type, e.store, e.event_time, e.details ->> 'purchaseOrderId' as purchase_order,
    e.details ->> 'supplier' as supplier, (e.details ->> 'expectedAt')::timestamptz as expected_at,
    unnest(e.skus) as sku, unnest(e.units) as units, unnest(e.stocked) as is_stocked
  from log.event_log e
  where e.type in ('purchase.placed', 'purchase.cancelled', 'stock.received') and e.details ? 'purchaseOrderId'
) line
join stream.checkpoints c on c.partition = line.partition and c."offset" >= line."offset"
where coalesce(line.is_stocked, true) and line.store is not null and line.purchase_order is not null
  and line.sku is not null
group by c.generation, c.partition, c.processed_at, line.store, line.purchase_order, line.sku;
update stream.stock s
set on_order = coalesce((
  select sum(greatest(p.ordered - p.cancelled - p.received, 0)) from stream.purchases p
  where p.generation = s.generation and p.store = s.store and p.sku = s.sku), 0);
update stream.episodes e
set on_order = s.on_order,
  suggested_units = case when e.suggested_units is null then null else (
    select greatest(p.order_up_to - (e.on_hand + s.on_order), 0) from ref.stock_policies p
    where p.store = s.store and p.sku = s.sku and p.valid_from <= s.as_of order by p.valid_from desc limit 1) end
from stream.stock s
where e.state = 'open' and s.generation = e.generation and s.store = e.store and s.sku = e.sku
  and s.on_order <> e.on_order;

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

comment on view reports.purchase_orders is 'Every product of every purchase order, as the stream path has it now.';
do $$
declare
  v_comment record;
begin
  for v_comment in
    select * from (values
      ('store', 'Store id.'),
      ('purchase_order', 'Number of the purchase order, as the events name it.'),
      ('sku', 'Product code.'),
      ('ordered', 'Units that were ordered.'),
      ('cancelled', 'Units that were cancelled.'),
      ('received', 'Units that were received for the order.'),
      ('open', 'Units still to come: ordered - cancelled - received, never below zero.'),
      ('over_delivered', 'Units received beyond those ordered and not cancelled.'),
      ('state', 'open, settled, over-delivered (more has come than was ordered and not cancelled) or not ordered (it came for an order that was never seen).'),
      ('as_of', 'Event time of the newest movement.'),
      ('supplier', 'Who delivers, as the newest placement or confirmation says; null where none was seen.'),
      ('placed_at', 'Event time of the first placement; null where none was seen.'),
      ('confirmed_at', 'Event time of the supplier''s first confirmation; null before.'),
      ('expected_at', 'When it is to come, as the newest placement or confirmation says; null where it does not.'),
      ('through', 'Offsets of the order log read, by partition.'),
      ('watermark', 'Event time up to which the partition is complete, late events aside.')
    ) as meaning(name, text)
  loop
    execute format('comment on column reports.purchase_orders.%I is %L', v_comment.name, v_comment.text);
  end loop;
end $$;
comment on column reports.live_stock.on_order is 'Over the purchase orders, units open of each: ordered, neither cancelled nor received, never below zero.';
comment on column reports.restock_alerts.on_order is 'Over the purchase orders, units open of each: ordered, neither cancelled nor received, never below zero.';
-- Each store-day is converted by the rate of its day, which stays with its figures; weeks and months are sums of days.
alter table ref.exchange_rates add column said_at timestamptz not null default clock_timestamp();

-- The rate by which amounts of a business day are converted: the newest that holds on that day, 1 within the reporting
-- currency, null where none is known. One row; in FROM it is planned as one step into the key.
create function ref.rate_on(p_currency text, p_reporting_currency text, p_day date) returns table (rate numeric)
language sql stable rows 1 as $$
  select case when p_currency = p_reporting_currency then 1 else (
    select x.rate from ref.exchange_rates x
    where x.currency = p_currency and x.reporting_currency = p_reporting_currency and x.valid_from <= p_day
    order by x.valid_from desc limit 1
  ) end
$$;
-- An amount of 1/10,000 at a rate, rounded half even to 1/10,000: halves go up as often as down, so that sums of many
-- days do not drift. Null without a rate.
create function ref.convert_amount(p_amount bigint, p_rate numeric) returns bigint
language sql immutable parallel safe as $$
  select case when abs(p_amount * p_rate) % 1 = 0.5 then 2 * round(p_amount * p_rate * 0.5)
    else round(p_amount * p_rate) end::bigint
$$;

alter table batch.daily_sales
  add column reporting_currency text,
  add column exchange_rate numeric(20, 10),
  add column net_in_reporting_currency bigint;
alter table batch.weekly_sales
  add column reporting_currency text,
  add column net_in_reporting_currency bigint;
alter table batch.monthly_sales
  add column reporting_currency text,
  add column net_in_reporting_currency bigint;
alter table batch.monthly_product_sales
  add column reporting_currency text,
  add column net_in_reporting_currency bigint;
alter table batch.monthly_category_sales
  add column reporting_currency text,
  add column net_in_reporting_currency bigint;
alter table batch.monthly_tenders
  add column reporting_currency text,
  add column amount_in_reporting_currency bigint;
-- Days as they will be computed, so that nothing is taken for restated. Their weeks and months are computed again, as
-- all reports of an older code are; until then those of the reporting currency itself alone are known.
update batch.daily_sales s
set reporting_currency = c.currency, exchange_rate = r.rate,
  net_in_reporting_currency = ref.convert_amount(s.gross - s.discounts - s.returns, r.rate)
from ref.reporting_currency c, batch.daily_sales d cross join lateral (
  select rate from ref.reporting_currency, ref.rate_on(d.currency, currency, d.business_day)) r
where d.store = s.store and d.business_day = s.business_day and d.channel = s.channel and d.currency = s.currency;
update batch.weekly_sales s set reporting_currency = c.currency,
  net_in_reporting_currency = case when s.currency = c.currency then s.gross - s.discounts - s.returns end
from ref.reporting_currency c;
update batch.monthly_sales s set reporting_currency = c.currency,
  net_in_reporting_currency = case when s.currency = c.currency then s.gross - s.discounts - s.returns end
from ref.reporting_currency c;
update batch.monthly_product_sales s set reporting_currency = c.currency,
  net_in_reporting_currency = case when s.currency = c.currency then s.gross - s.discounts - s.returns end
from ref.reporting_currency c;
update batch.monthly_category_sales s set reporting_currency = c.currency,
  net_in_reporting_currency = case when s.currency = c.currency then s.gross - s.discounts - s.returns end
from ref.reporting_currency c;
update batch.monthly_tenders s set reporting_currency = c.currency,
  amount_in_reporting_currency = case when s.currency = c.currency then s.amount end
from ref.reporting_currency c;
alter table batch.daily_sales alter column reporting_currency set not null;
alter table batch.weekly_sales alter column reporting_currency set not null;
alter table batch.monthly_sales alter column reporting_currency set not null;
alter table batch.monthly_product_sales alter column reporting_currency set not null;
alter table batch.monthly_category_sales alter column reporting_currency set not null;
alter table batch.monthly_tenders alter column reporting_currency set not null;
alter table batch.restatements
  alter column old_value drop not null,
  alter column new_value drop not null;

-- Store-days that were converted by another rate than holds now, or into another currency: they are converted again.
create view batch.rate_changes as
select s.store, s.business_day, s.currency, s.reporting_currency as old_reporting_currency, s.exchange_rate as old_rate,
  c.currency as reporting_currency, r.rate
from batch.daily_sales s
cross join ref.reporting_currency c
cross join lateral ref.rate_on(s.currency, c.currency, s.business_day) r
where s.reporting_currency <> c.currency or s.exchange_rate is distinct from r.rate;

create or replace view reports.daily_sales as
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
create or replace view reports.weekly_sales as
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
create or replace view reports.monthly_sales as
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
create or replace view reports.monthly_product_sales as
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
create or replace view reports.monthly_category_sales as
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
create or replace view reports.monthly_tenders as
select s.month, s.store, s.channel, s.tender, s.currency, s.documents,
  (s.amount * 0.0001)::numeric(20, 4) as amount,
  (s.amount_in_reporting_currency * 0.0001)::numeric(20, 4) as amount_in_reporting_currency,
  s.reporting_currency,
  r.run_id, r.computed_at, jsonb_build_object(r.partition::text, r.through_offset) as through
from batch.monthly_tenders s
join batch.current_runs r on r.job = 'monthly_tenders' and r.store = s.store and r.period = s.month;
comment on column reports.daily_sales.net_in_reporting_currency is 'net, each business day at the exchange rate of that day and rounded half even to 1/10,000; null where a day has no rate.';
comment on column reports.daily_sales.reporting_currency is 'Currency of the column before; npm run rates names it.';
comment on column reports.weekly_sales.net_in_reporting_currency is 'net, each business day at the exchange rate of that day and rounded half even to 1/10,000; null where a day has no rate.';
comment on column reports.weekly_sales.reporting_currency is 'Currency of the column before; npm run rates names it.';
comment on column reports.monthly_sales.net_in_reporting_currency is 'net, each business day at the exchange rate of that day and rounded half even to 1/10,000; null where a day has no rate.';
comment on column reports.monthly_sales.reporting_currency is 'Currency of the column before; npm run rates names it.';
comment on column reports.monthly_product_sales.net_in_reporting_currency is 'net, each business day at the exchange rate of that day and rounded half even to 1/10,000; null where a day has no rate.';
comment on column reports.monthly_product_sales.reporting_currency is 'Currency of the column before; npm run rates names it.';
comment on column reports.monthly_category_sales.net_in_reporting_currency is 'net, each business day at the exchange rate of that day and rounded half even to 1/10,000; null where a day has no rate.';
comment on column reports.monthly_category_sales.reporting_currency is 'Currency of the column before; npm run rates names it.';
comment on column reports.monthly_tenders.amount_in_reporting_currency is 'amount, each business day at the exchange rate of that day and rounded half even to 1/10,000; null where a day has no rate.';
comment on column reports.monthly_tenders.reporting_currency is 'Currency of the column before; npm run rates names it.';
comment on column reports.daily_sales.exchange_rate is 'What one unit of currency was in reporting_currency on that day; null where no rate was known.';
comment on column reports.restatements.old_value is 'Published before; null: not known, for want of an exchange rate.';
comment on column reports.restatements.new_value is 'Published now; null: not known, for want of an exchange rate.';

-- From its first receipt or count on, stock of a store is known, and only from then on reported.
alter table batch.day_head add column stock_anchors bigint not null default 0;
update batch.day_head h
set stock_anchors = found.anchors, documents = found.documents, bulk_events = found.of_journals
from (
  select e.store, e.business_day, count(*) filter (where e.type in ('stock.received', 'stock.counted')) as anchors,
    count(*) filter (where e.type in ('order.placed', 'order.voided', 'order.returned')) as documents,
    count(*) filter (where e.class = 'bulk' and (e.type in ('order.placed', 'order.voided', 'order.returned')
      or e.type = 'till.closed' and e.details ->> 'zBusinessDay' = e.business_day::text)) as of_journals
  from log.event_log e
  join batch.planner_checkpoints c on c.partition = e.partition and e."offset" <= c."offset"
  where e.type <> 'tick'
  group by e.store, e.business_day
) found
where found.store = h.store and found.business_day = h.business_day;


-- The folders in which files arrive, as the intake that watches one saw it last.
create table intake.drop_folders (
  drop_dir text primary key,
  looked_at timestamptz not null,
  -- why it could not be read; null: it could
  problem text,
  untaken bigint not null default 0
);

-- What lies in a drop folder and is not taken, and why: the one place that says so. At most 1,000 a folder.
create table intake.untaken_files (
  drop_dir text not null references intake.drop_folders on delete cascade,
  -- path below the folder; bytes that are no UTF-8 stand as \xHH
  place text not null,
  reason text not null,
  detail text not null,
  -- when it was first told for this reason
  since timestamptz not null default clock_timestamp(),
  -- null: it is not tried again by itself
  next_try_at timestamptz,
  primary key (drop_dir, place)
);

-- Tries of complete files, from the first until the file is moved away.
create table intake.drop_attempts (
  drop_dir text not null,
  place text not null,
  -- of the file and its mark: another file, or a mark set anew, begins anew
  fingerprint text not null,
  tries integer not null,
  -- null: given up
  next_try_at timestamptz,
  problem text,
  -- the last row of intake.files before the first try: a result after it is of this file
  after_file bigint not null,
  -- the result is known and only the move is left
  is_moving boolean not null default false,
  primary key (drop_dir, place)
);

create or replace view reports.hourly_sales as
select s.business_day, s.hour_start, s.store, s.channel, s.currency, s.orders, s.units,
  (s.gross * 0.0001)::numeric(20, 4) as gross,
  (s.discounts * 0.0001)::numeric(20, 4) as discounts,
  (s.returns * 0.0001)::numeric(20, 4) as returns,
  ((s.gross - s.discounts - s.returns) * 0.0001)::numeric(20, 4) as net,
  r.run_id, r.computed_at, jsonb_build_object(r.partition::text, r.through_offset) as through,
  -- with the offset, by which the two hours that are called alike in autumn are told apart
  to_char(s.hour_start at time zone 'UTC' + make_interval(secs => o.offset_seconds), 'HH24:MI')
    || case when o.offset_seconds < 0 then ' -' else ' +' end
    || to_char(make_interval(secs => abs(o.offset_seconds)), 'HH24:MI') as local_hour
from batch.hourly_sales s
join batch.current_runs r on r.job = 'hourly_sales' and r.store = s.store and r.period = s.business_day
left join ref.store_validity v on v.store = s.store and s.business_day >= v.valid_from and s.business_day < v.valid_to
left join lateral (
  select z.offset_seconds from ref.zone_offsets z
  where z.zone = v.zone and z.starts_at <= s.hour_start order by z.starts_at desc limit 1
) o on true;

alter table batch.completeness
  add column z_units bigint,
  add column log_units bigint not null default 0,
  add column tenders jsonb,
  add column opening_float bigint,
  add column counted_cash bigint,
  add column log_cash bigint,
  add column first_receipt text,
  add column last_receipt text,
  add column missing_receipts bigint[];

create or replace view reports.completeness as
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

create or replace view reports.restatements as
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
comment on view reports.hourly_sales is 'Sales per hour of a business day, as the store''s clocks show it; a day has 23 to 25 hours, of which two may be called alike.';
comment on column reports.hourly_sales.local_hour is 'What the store''s clocks show as the hour begins, with how far they are ahead of UTC.';

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
comment on view reports.over_short is 'What a till says it took in against what was counted, per business day, register and means of payment. Cash: opening float and what was taken in, against the cash counted in the evening; other means: the till''s own total against the documents of the log.';
comment on view reports.missing_receipts is 'Receipts that a till has printed and the log does not hold, per business day and register, where any is missing.';
comment on column reports.completeness.z_units is 'Units the till reports: of orders placed less those of orders voided.';
comment on column reports.completeness.log_units is 'The same of the documents in the log.';
comment on column reports.over_short.declared is 'What the till says. Of cash: its opening float and what it took in.';
comment on column reports.over_short.counted is 'Of cash: what was counted at closing. Of other means: what the documents of the log add up to.';
comment on column reports.over_short.difference is 'counted - declared: over where positive, short where negative.';
comment on column reports.missing_receipts.first is 'First receipt of the day, as the till reports it.';
comment on column reports.missing_receipts.last is 'Last receipt of the day, as the till reports it.';
comment on column reports.missing_receipts.missing is 'Receipts between them that no document of the log bears.';
comment on column reports.missing_receipts.missing_count is 'How many they are.';
comment on column reports.over_short.business_day is 'Business day of the store: from its cut-over hour to the next, in its time zone.';
comment on column reports.over_short.store is 'Store id.';
comment on column reports.over_short.register is 'Till of the store.';
comment on column reports.over_short.tender is 'Means of payment.';
comment on column reports.over_short.currency is 'ISO 4217 code; amounts of different currencies never share a row.';
comment on column reports.over_short.run_id is 'Run that wrote the row, see job_runs.';
comment on column reports.over_short.computed_at is 'When that run committed.';
comment on column reports.over_short.through is 'Offsets of the order log read, by partition.';
comment on column reports.missing_receipts.business_day is 'Business day of the store: from its cut-over hour to the next, in its time zone.';
comment on column reports.missing_receipts.store is 'Store id.';
comment on column reports.missing_receipts.register is 'Till of the store.';
comment on column reports.missing_receipts.run_id is 'Run that wrote the row, see job_runs.';
comment on column reports.missing_receipts.computed_at is 'When that run committed.';
comment on column reports.missing_receipts.through is 'Offsets of the order log read, by partition.';

-- Sales known by their date alone are of no hour, and stand apart.
alter table batch.hourly_sales
  add column hour_known boolean not null default true,
  drop constraint hourly_sales_pkey,
  add primary key (store, business_day, hour_start, channel, currency, hour_known);
create or replace view reports.hourly_sales as
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
comment on column reports.hourly_sales.hour_known is 'False: sales known by their date alone. They are of that business day and of no hour.';
-- The rows have a column more, and so have their checksums.
set local timezone = 'UTC';
update batch.current_runs r
set checksum = coalesce((
  select md5(string_agg(line, chr(10) order by line collate "C"))
  from (
    select (t.hour_start, t.channel, t.currency, t.hour_known, t.orders, t.units, t.gross, t.discounts, t.returns)::text
      as line
    from batch.hourly_sales t where t.store = r.store and t.business_day = r.period
  ) lines), md5(''))
where r.job = 'hourly_sales';

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

-- What people say of the events that a path goes on without. Kept apart from what the path decides: a replay and the
-- planner set aside anew, and erase none of it. The newest of an event counts, all are kept.
create table live.set_aside_actions (
  action bigint generated always as identity primary key,
  path text not null check (path in ('batch', 'stream')),
  partition smallint not null,
  "offset" bigint not null,
  kind text not null check (kind in ('accept', 'withdraw')),
  -- what the path had against the event then: set aside for another reason it has been accepted by nobody
  reason text not null,
  -- why somebody goes on without it; null where that is withdrawn
  because text,
  acted_by text,
  acted_at timestamptz not null default clock_timestamp(),
  check ((kind = 'accept') = (because is not null))
);
create index set_aside_actions_of_event on live.set_aside_actions (path, partition, "offset", action);

-- What both paths go on without, and who goes on with that; accepted_because is null where nobody has said so.
create view recon.set_aside as
select aside.path, aside.partition, aside."offset", aside.appended_at, aside.store, aside.business_day, aside.type,
  aside.source, aside.id, aside.reason, aside.job, aside.set_aside_at,
  said.because as accepted_because, said.acted_by as accepted_by, said.acted_at as accepted_at
from (
  select 'batch' as path, partition, "offset", appended_at, store, business_day, type, source, id, reason, job,
    set_aside_at
  from batch.set_aside
  union all
  select 'stream', partition, "offset", appended_at, store, business_day, type, source, id, reason, null, set_aside_at
  from stream.set_aside
  where generation = (select generation from stream.active_generation)
) aside
left join lateral (
  select * from (
    select kind, reason, because, acted_by, acted_at from live.set_aside_actions a
    where a.path = aside.path and a.partition = aside.partition and a."offset" = aside."offset"
    order by a.action desc limit 1
  ) newest
  where newest.kind = 'accept' and newest.reason = aside.reason
) said on true;

-- What the planner knows of the log it learned without that question. Where the answer is not always null, it follows
-- the log anew, in its next tick.
do $$
begin
  if exists (select from log.event_log e where log.why_indigestible(e) is not null) then
    delete from batch.planner_checkpoints;
    delete from batch.day_head;
    delete from batch.till_head;
  end if;
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

alter table batch.heartbeat
  add column tick_began_at timestamptz,
  add column tick_succeeded_at timestamptz,
  add column tick_overdue_at timestamptz,
  add column tick_error text;

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

-- What people do with what a rule found: whose it is, and what they think of it.
alter table live.alert_actions
  add column assignee text,
  add column verdict text,
  add column note text,
  drop constraint alert_actions_kind_check,
  add constraint alert_actions_kind_check check (kind in ('acknowledge', 'snooze', 'dismiss', 'reopen', 'assign', 'verdict')),
  add constraint alert_actions_dismiss_check check (kind <> 'dismiss' or note is not null),
  add constraint alert_actions_verdict_check check (
    (kind = 'verdict') = (verdict is not null) and verdict in ('fraud', 'false', 'unsure'));

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
comment on view reports.alerts is 'What rules found (fraud, anomaly, silence, pace), of both paths, one row an episode, with what people said of it.';
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

-- Replays and switches back, asked for on a page or begun by a command; kept for good. Whoever does one holds it by its
-- backend: one that is running and whose backend is gone was killed, and has switched nothing.
create table live.replays (
  replay bigint generated always as identity primary key,
  -- rebuild: a new generation from offset 0; switch_back: to the one that was active before
  kind text not null check (kind in ('rebuild', 'switch_back')),
  -- kept: the generations differ, and that was not accepted
  state text not null default 'requested'
    check (state in ('requested', 'running', 'switched', 'kept', 'failed', 'abandoned')),
  -- as they call themselves, or the command; null: they did not say
  asked_by text,
  accepts_differences boolean not null default false,
  requested_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  ended_at timestamptz,
  from_generation integer,
  to_generation integer,
  from_rules smallint,
  to_rules smallint,
  -- of the generation it brings forward: [{ partition, offset, target }]
  progress jsonb not null default '[]',
  events bigint,
  build_ms bigint,
  difference_count integer,
  -- the first of them: [{ of, figure, active, rebuilt }]
  differences jsonb,
  -- by rule: [{ rule, versions, before, after, more, fewer, changed }]
  alerts jsonb,
  detail text,
  backend_pid integer,
  backend_start timestamptz
);
create index replays_waiting on live.replays (replay) where state in ('requested', 'running');

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

-- Faults that people cause from a page, and what followed; kept for good. The demo's supervisor does them: it alone may
-- signal its processes.
create table live.faults (
  fault bigint generated always as identity primary key,
  -- of domain/fault.ts
  name text not null,
  state text not null default 'requested' check (state in ('requested', 'running', 'recovered', 'failed')),
  -- as they call themselves; null: they did not say
  asked_by text,
  requested_at timestamptz not null default clock_timestamp(),
  -- just before the signal
  struck_at timestamptz,
  -- of a freeze: when it was let go on
  released_at timestamptz,
  -- by what the process itself wrote
  again_at timestamptz,
  ended_at timestamptz,
  -- the process that was struck: a supervisor that begins lets it go on where the one before it could not
  pid integer,
  process_identity text,
  -- { lost, twice, events, rows, differing }: the log held against what counts, around the fault
  figures jsonb,
  -- why it failed, for people
  detail text
);
create unique index faults_one_at_a_time on live.faults ((true)) where state in ('requested', 'running');
-- One row: the demo's supervisor says that it lives, and what it can do to its processes.
create table live.supervisor (
  only_row boolean primary key default true check (only_row),
  beat_at timestamptz not null,
  faults text[] not null
);

-- How far behind each path was, once a minute: written by whichever of web and jobs comes first. Kept for two days.
create table live.lag_samples (
  minute timestamptz primary key,
  sampled_at timestamptz not null default clock_timestamp(),
  -- not read yet, and how long the oldest of them has waited
  stream_events bigint not null,
  stream_ms bigint not null,
  batch_events bigint not null,
  batch_ms bigint not null
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

-- What holds for every order of a supplier. A row holds from `valid_from` until the next of the same supplier; without
-- one it delivers on any day, takes any order, and has no express.
create table ref.supplier_terms (
  supplier text not null references ref.suppliers,
  valid_from timestamptz not null,
  -- weekdays on which it delivers, 1 is Monday; null: any
  delivery_days smallint[] check (delivery_days <@ '{1,2,3,4,5,6,7}'::smallint[] and cardinality(delivery_days) > 0),
  -- least value of an order, 1/10,000 of `currency`; null: none
  minimum_value bigint check (minimum_value > 0),
  -- an order that comes within so many minutes costs so much more, 1/10,000 of `currency`; null: it has none
  express_minutes integer check (express_minutes > 0),
  express_fee bigint check (express_fee >= 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  check ((express_minutes is null) = (express_fee is null)),
  primary key (supplier, valid_from)
);

-- Policies say who made them.
alter table ref.stock_policies
  add column source text not null default 'file' check (source in ('file', 'computed')),
  add column service_level double precision check (service_level > 0 and service_level < 1),
  add column safety_stock bigint check (safety_stock >= 0),
  add column abc_class text check (abc_class in ('A', 'B', 'C'));

-- What a store will sell of a product on a day, by weekday of its business days (Monday first), promotions aside, from an
-- instant on that lies past every clock when it is written: stream and pages read what held at their time.
create table ref.demand_forecasts (
  store text not null,
  sku text not null,
  valid_from timestamptz not null,
  -- of domain/replenishment/method.ts
  method text not null,
  units_by_weekday double precision[] not null check (cardinality(units_by_weekday) = 7),
  -- standard deviation of a day's units around it
  spread double precision not null check (spread >= 0),
  -- business days that it was learned from
  days integer not null check (days >= 0),
  primary key (store, sku, valid_from)
);
-- Days from an order to its goods, by supplier: mean and standard deviation of what came, drawn towards what the supplier
-- says where little has come.
create table ref.lead_times (
  supplier text not null,
  valid_from timestamptz not null,
  mean_days double precision not null check (mean_days >= 0),
  spread_days double precision not null check (spread_days >= 0),
  deliveries integer not null check (deliveries >= 0),
  primary key (supplier, valid_from)
);
-- Bumped with every change of the two: readers that hold them compare one number.
create table ref.demand_revision (only_row boolean primary key default true check (only_row), revision bigint not null);
insert into ref.demand_revision values (true, 0);
create function ref.bump_demand_revision() returns trigger language plpgsql as $$
begin
  update ref.demand_revision set revision = revision + 1;
  return null;
end $$;
create trigger bump_demand_revision after insert or update or delete or truncate on ref.demand_forecasts
  for each statement execute function ref.bump_demand_revision();
create trigger bump_demand_revision after insert or update or delete or truncate on ref.lead_times
  for each statement execute function ref.bump_demand_revision();
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

create view reports.replenishment as
select r.store, r.sku, r.supplier, r.on_hand, r.on_order, r.position as inventory_position, r.demand_per_day,
  round(r.days_of_cover::numeric, 4)::numeric(20, 4) as days_of_cover, r.reorder_point, r.order_up_to, r.suggested_units,
  r.runs_out_at, r.runs_out_early, r.runs_out_late, r.next_delivery_at, r.order_arrives_at, r.verdict, r.missed_units,
  r.missed_spread, r.shortage_since, p.business_day, p.as_of, r.run_id, p.computed_at,
  jsonb_build_object(p.partition::text, p.through_offset) as through
from batch.replenishment r
join batch.replenishment_plans p on p.store = r.store;

comment on view reports.replenishment is 'The nightly plan: stock, demand, when a shelf runs out and what to order, per store and product, as of the end of a business day.';
comment on column reports.replenishment.store is 'Store id.';
comment on column reports.replenishment.sku is 'Product code.';
comment on column reports.replenishment.on_hand is 'Units on hand; below zero is kept. Null: unknown, there was no count and no receipt yet.';
comment on column reports.replenishment.on_order is 'Over the purchase orders, units open of each: ordered, neither cancelled nor received, never below zero.';
comment on column reports.replenishment.days_of_cover is 'Days the units on hand last; null where that is not known.';
comment on column reports.replenishment.reorder_point is 'Units at which to order again, by the policy valid then; null without a policy.';
comment on column reports.replenishment.business_day is 'Business day of the store: from its cut-over hour to the next, in its time zone.';
comment on column reports.replenishment.run_id is 'Run that wrote the row, see job_runs.';
comment on column reports.replenishment.computed_at is 'When that run committed.';
comment on column reports.replenishment.through is 'Offsets of the order log read, by partition.';
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

-- What is cheaper for a while, and days on which shops are full whatever they offer, by name: charts tell of them, and
-- what they move is no ordinary demand. Both days included.
create table ref.promotions (
  promotion text primary key,
  title text not null,
  first_day date not null,
  last_day date not null check (last_day >= first_day),
  -- off the price, as a fraction; null: nothing is cheaper for it
  discount numeric(5, 4) check (discount > 0 and discount < 1),
  -- null: all products
  skus text[]
);
create index promotions_by_day on ref.promotions (last_day, first_day);

-- Shortages can be dismissed, for a reason.
create or replace view reports.restock_alerts as
select e.alert_id, e.store, e.sku, e.rule, e.rule_version, e.severity,
  case
    when e.state = 'resolved' then 'resolved'
    when latest.kind = 'dismiss' then 'dismissed'
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

-- What the stream judges shelves by: how fast they sell, and when time alone may change what is said of them.
alter table stream.stock add column pace_at timestamptz, add column pace_units double precision not null default 0,
  add column judged_at timestamptz, add column look_at timestamptz;
alter table stream.episodes drop constraint episodes_rule_check;
alter table stream.episodes add constraint episodes_rule_check
  check (rule in ('low_stock', 'stockout_before_delivery', 'out_of_stock', 'oversold'));
alter table stream.episodes add column stockout_early_at timestamptz, add column stockout_late_at timestamptz,
  add column next_delivery_at timestamptz, add column order_arrives_at timestamptz;
create trigger bump_demand_revision after insert or update or delete or truncate on ref.supply_terms
  for each statement execute function ref.bump_demand_revision();
create trigger bump_demand_revision after insert or update or delete or truncate on ref.supplier_terms
  for each statement execute function ref.bump_demand_revision();

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

-- What the nightly plan alone calls short: the stream has no shortage of it open. Stock is as the stream has it now.
create view live.planned_shortages as
select 'plan/' || s.store || '/' || s.sku || '@' || (extract(epoch from s.since) * 1000)::bigint as alert_id, s.store, s.sku,
  'stockout_before_delivery' as rule, 1 as rule_version, 'warning' as severity, s.since, a.generation,
  coalesce(k.on_hand, r.on_hand) as on_hand, coalesce(k.on_order, r.on_order) as on_order, r.reorder_point,
  r.suggested_units, r.runs_out_at, r.runs_out_early, r.runs_out_late, r.next_delivery_at, r.order_arrives_at
from batch.shortages s
join batch.replenishment r on r.store = s.store and r.sku = s.sku
cross join stream.active_generation a
left join stream.stock k on k.generation = a.generation and k.store = s.store and k.sku = s.sku
-- Goods that came since the plan, or a count, say more than it knew.
where s.ended_at is null and coalesce(k.on_hand, r.on_hand) <= r.on_hand and not exists (
  select from stream.episodes e
  where e.generation = a.generation and e.store = s.store and e.sku = s.sku and e.state = 'open');

-- Shortages of both paths, and when each said so.
drop view reports.restock_alerts;
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
comment on view reports.restock_alerts is 'Shortages, of both paths, one row an episode of the stream or what the nightly plan alone has found, with what people did about them.';
comment on column reports.restock_alerts.alert_id is 'store/sku@partition-offset of the event that began the episode: a replay gives the same.';
comment on column reports.restock_alerts.store is 'Store id.';
comment on column reports.restock_alerts.sku is 'Product code.';
comment on column reports.restock_alerts.rule is 'low_stock, stockout_before_delivery, out_of_stock or oversold.';
comment on column reports.restock_alerts.rule_version is 'Version of the rule.';
comment on column reports.restock_alerts.severity is 'warning or critical.';
comment on column reports.restock_alerts.opened_at is 'Event time of the event that began the episode.';
comment on column reports.restock_alerts.raised_by is 'Path that was the first to say so.';
comment on column reports.restock_alerts.on_hand is 'Units on hand; below zero is kept. Null: unknown, there was no count and no receipt yet.';
comment on column reports.restock_alerts.on_order is 'Over the purchase orders, units open of each: ordered, neither cancelled nor received, never below zero.';
comment on column reports.restock_alerts.reorder_point is 'Units at which to order again, by the policy valid then; null without a policy.';
comment on column reports.restock_alerts.suggested_units is 'Units to order up to the policy''s level; null where it has none.';
comment on column reports.restock_alerts.projected_stockout_at is 'When the units on hand run out if nothing comes; null where no demand is forecast.';
comment on column reports.restock_alerts.resolved_at is 'Event time of the event that ended the episode; null while it lasts.';
comment on column reports.restock_alerts.through is 'Offsets of the order log read, by partition.';
comment on column reports.restock_alerts.watermark is 'Event time up to which the partition is complete, late events aside.';
comment on column reports.restock_alerts.stream_at is 'When the stream said so: event time; null where it has not.';
comment on column reports.restock_alerts.batch_at is 'When the first nightly plan that said so was there to be read; null where none has.';
comment on column reports.restock_alerts.state is 'open, acknowledged, snoozed or resolved.';

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

-- What a product costs the customers of a store and when, as `price.changed` events say (domain/price.ts). Written by the
-- log itself as it takes such an event in (log.keep_prices), so nobody else writes here, and a replay writes nothing.
create table ref.prices (
  store text not null,
  sku text not null,
  valid_from timestamptz not null,
  -- exclusive; null: until something else is said; equal to valid_from: withdrawn
  valid_to timestamptz check (valid_to >= valid_from),
  -- 1/10,000 of the store's currency
  price bigint not null check (price >= 0),
  -- event time and place of the word that stands: what is said later of the same beginning replaces it
  said_at timestamptz not null,
  "offset" bigint not null,
  source text not null,
  id text not null,
  primary key (store, sku, valid_from)
);
create index prices_by_end on ref.prices (valid_to);
-- The price that holds at a moment: of those that do, the one that began last. No row where none does: the list's is asked.
create function ref.price_at(p_store text, p_sku text, p_at timestamptz)
returns table (price bigint, valid_from timestamptz, valid_to timestamptz) language sql stable rows 1 as $$
  select p.price, p.valid_from, p.valid_to from ref.prices p
  where p.store = p_store and p.sku = p_sku and p.valid_from <= p_at and (p.valid_to is null or p.valid_to > p_at)
  order by p.valid_from desc limit 1
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

-- A log in Kafka takes no tick here.
create or replace function log.append_tick(p_partition integer, p_quiet interval) returns bigint language plpgsql volatile as $$
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

alter table stream.generations add column engine text not null default 'tillstream' check (engine in ('tillstream', 'flink'));

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

drop function stream.create_generation(integer, integer);
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

alter table live.replays drop constraint replays_kind_check;
alter table live.replays add constraint replays_kind_check
  check (kind in ('rebuild', 'switch_back', 'certify', 'switch'));
alter table live.replays drop constraint replays_state_check;
alter table live.replays add constraint replays_state_check
  check (state in ('requested', 'running', 'switched', 'kept', 'certified', 'refused', 'failed', 'abandoned'));
alter table live.replays add column certificate bigint;
alter table live.replays add column pause_ms bigint;
-- By how many percent fewer of a category are bought where a price is one percent higher, with its standard deviation, as the
-- nightly job price_hints learns it from offers (0 groups: nothing was seen, it is that of consumer goods at large).
create table ref.price_elasticities (
  category text not null,
  valid_from timestamptz not null,
  mean double precision not null,
  deviation double precision not null check (deviation > 0),
  offers integer not null check (offers >= 0),
  primary key (category, valid_from)
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


create table recon.answers (
  generation integer not null,
  engine text not null,
  business_day date not null,
  store text not null,
  currency text not null,
  metric text not null,
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
  primary key (generation, store, business_day, currency, metric)
);

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

comment on view reports.answers is 'As reconciliation, of every generation of the stream''s tables that gives an answer beside the active one.';
comment on column reports.answers.business_day is 'Business day of the store: from its cut-over hour to the next, in its time zone.';
comment on column reports.answers.store is 'Store id.';
comment on column reports.answers.currency is 'ISO 4217 code; amounts of different currencies never share a row.';
comment on column reports.answers.metric is 'Name of the figure.';
comment on column reports.answers.generation is 'Number of the generation.';
comment on column reports.answers.engine is 'What follows the log with it: tillstream or flink.';
comment on column reports.answers.batch is 'Figure of the batch path; money for gross, discounts, returns and net, pieces for the others.';
comment on column reports.answers.stream is 'Its figure.';
comment on column reports.answers.difference is 'stream - batch.';
comment on column reports.answers.after_batch is 'Effects of events that only the stream has read.';
comment on column reports.answers.before_stream is 'Effects of events that only the batch path has read.';
comment on column reports.answers.rule_version is 'Difference that comes from paths computed under different versions of the rules.';
comment on column reports.answers.unexplained is 'What is left: always 0, or something is wrong.';
comment on column reports.answers.after_batch_events is 'Number of events behind after_batch.';
comment on column reports.answers.before_stream_events is 'Number of events behind before_stream.';
comment on column reports.answers.run_id is 'Run that wrote the row, see job_runs.';
comment on column reports.answers.computed_at is 'When that run committed.';
comment on column reports.answers.through is 'Offsets of the order log read, by path and partition.';

-- Products that all stores together had on offer on a business day, as the nightly job replenishment found out: of the sales
-- whose checksums basis is of. Where those are others it finds out again.
create table batch.offer_days (
  business_day date primary key,
  basis text not null,
  skus text[] not null
);
