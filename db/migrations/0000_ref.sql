-- One schema per owner, so that "who writes this" can be read off a table's name, and one file a schema:
-- ref (reference data), log (the order log), intake (dead letters, files), stream, batch, live (the lane of
-- what people and jobs change), recon (reconciliation), reports (views for any BI tool).
-- What has been released is not edited: docs/decisions/011 says how migrations work.
create schema if not exists ref;

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
