-- Brings a database of version 0.1.0 to the schema that 0000 to 0007 make, in one transaction. Every change to
-- one of those files since then is here too; migrate.integration.test.ts compares the two catalogues.

-- Drizzle's own migrator kept its record here; from now on tillstream.migrations does.
drop table tillstream.__drizzle_migrations;

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
