-- What only a made world knows of itself, beside what its shops tell. The seeder writes it, and benchmarks hold estimates
-- against it; nothing else reads it.
create schema if not exists truth;

-- Units that customers wanted of a product on a business day and did not find, where the shop wants to have it.
create table truth.missed_sales (
  store text not null,
  sku text not null,
  business_day date not null,
  units bigint not null check (units > 0),
  primary key (store, sku, business_day)
);
