-- One schema per owner, so that "who writes this" can be read off a table's name, and one file a schema:
-- ref (reference data), log (the order log), intake (dead letters, files), stream, batch, live (the lane of
-- what people and jobs change), recon (reconciliation), reports (views for any BI tool).
-- What has been released is not edited: docs/decisions/011 says how migrations work.
create schema if not exists ref;

-- Who a store is; what it is has validity: ref.store_versions.
create table ref.stores (
  store text primary key,
  name text not null,
  partition smallint not null,
  created_at timestamptz not null default now()
);
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
create table ref.products (
  sku text primary key,
  name text,
  category text,
  holds_stock boolean not null default true,
  updated_at timestamptz not null default now()
);
create trigger bump_for_new_product after insert on ref.products
  for each row when (not new.holds_stock) execute function ref.bump_reference_revision();
create trigger bump_for_product after update on ref.products
  for each row when (old.holds_stock is distinct from new.holds_stock) execute function ref.bump_reference_revision();
create trigger bump_for_old_product after delete on ref.products
  for each row when (not old.holds_stock) execute function ref.bump_reference_revision();
-- A policy holds from `valid_from` until the next row of the same store and sku.
create table ref.stock_policies (
  store text not null,
  sku text not null,
  valid_from timestamptz not null,
  reorder_point bigint not null check (reorder_point >= 0),
  order_up_to bigint check (order_up_to >= reorder_point),
  lead_time_days numeric(8, 2),
  -- file: given by a person, whom the job replenishment never overrules; computed: its own, or what it may replace
  source text not null default 'file' check (source in ('file', 'computed')),
  -- of computed ones: the share of cycles without a stockout that it is made for, what it holds beyond the mean demand of
  -- a lead time, and the class of the product in its store
  service_level double precision check (service_level > 0 and service_level < 1),
  safety_stock bigint check (safety_stock >= 0),
  abc_class text check (abc_class in ('A', 'B', 'C')),
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
-- Bumped with every change of the two, or of who delivers what: readers that hold them compare one number.
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
-- One unit of `currency` is `rate` units of `reporting_currency` from `valid_from` on.
create table ref.exchange_rates (
  currency text not null,
  reporting_currency text not null,
  valid_from date not null,
  rate numeric(20, 10) not null check (rate > 0),
  -- when it was said so: figures of runs before it were converted by what was known then
  said_at timestamptz not null default clock_timestamp(),
  primary key (currency, reporting_currency, valid_from)
);
create table ref.settings (name text primary key, value jsonb not null);
insert into ref.settings values ('reporting_currency', '"EUR"');

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
create trigger bump_demand_revision after insert or update or delete or truncate on ref.supply_terms
  for each statement execute function ref.bump_demand_revision();
create trigger bump_demand_revision after insert or update or delete or truncate on ref.supplier_terms
  for each statement execute function ref.bump_demand_revision();

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

-- The currency that periods are also told in. A view, because the reader may not read the settings itself.
create view ref.reporting_currency as
select value #>> '{}' as currency from ref.settings where name = 'reporting_currency';

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
