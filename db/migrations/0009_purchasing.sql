-- Who buys, and what they mean to buy. Only web writes here. What was ordered and what has come are events of the log:
-- an order is a draft until its `purchase.placed` went through the intake, and from then on stream.purchases says how it
-- stands. Nothing is typed twice.
create schema purchasing;

-- Who works here. A viewer looks; a buyer handles alerts, drafts, orders, receives; a manager also sets what orders by
-- itself. Where nobody is entered, whoever uses the page may do all of it, without a name.
create table purchasing.people (
  person text primary key check (person ~ '^[a-z0-9-]{1,64}$'),
  name text not null,
  role text not null check (role in ('buyer', 'manager', 'viewer')),
  email text
);

create sequence purchasing.order_numbers;
create table purchasing.orders (
  -- as its events call it
  purchase_order text primary key
    default 'PO-B' || lpad(nextval('purchasing.order_numbers')::text, 5, '0'),
  supplier text not null references ref.suppliers,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  is_express boolean not null default false,
  -- what express costs on top, 1/10,000 of the currency
  express_fee bigint not null default 0 check (express_fee >= 0),
  -- what it may cost at most, 1/10,000 of the currency; null: nobody said
  budget bigint check (budget > 0),
  note text,
  -- a person; null: nobody was chosen. An order of a rule names it.
  created_by text,
  auto_rule bigint,
  created_at timestamptz not null default clock_timestamp(),
  -- from here on its lines stay as they are: the event may have been sent
  placed_by text,
  placed_at timestamptz,
  expected_at timestamptz,
  -- the intake has taken its events
  sent_at timestamptz,
  -- the supplier said yes
  confirmed_at timestamptz,
  confirmed_by text,
  cancelled_at timestamptz,
  cancelled_by text,
  check (sent_at is null or placed_at is not null),
  check (confirmed_at is null or placed_at is not null)
);
create index orders_waiting on purchasing.orders (placed_at) where sent_at is null and placed_at is not null;

create table purchasing.order_lines (
  purchase_order text not null references purchasing.orders on delete cascade,
  store text not null references ref.stores,
  sku text not null,
  units bigint not null check (units between 1 and 1000000),
  -- of one, 1/10,000 of the order's currency; null: not known
  unit_cost bigint check (unit_cost >= 0),
  note text,
  primary key (purchase_order, store, sku)
);
create index order_lines_of_product on purchasing.order_lines (store, sku);

-- What came of an order, as somebody at the door entered it or a supplier of the demo brought it: written before its
-- `stock.received` is sent, under a lock of the order, so that nothing is received twice however late the stream is.
create table purchasing.receipts (
  receipt uuid primary key,
  purchase_order text not null references purchasing.orders,
  store text not null,
  skus text[] not null,
  units bigint[] not null check (cardinality(units) = cardinality(skus)),
  -- a person; null: nobody was chosen, or the supplier's driver
  received_by text,
  received_at timestamptz not null default clock_timestamp(),
  sent_at timestamptz
);
create index receipts_of_order on purchasing.receipts (purchase_order);
create index receipts_newest on purchasing.receipts (received_at);

-- From a store with more than it needs to one that is short: `stock.transferred` once it was sent.
create table purchasing.transfers (
  transfer uuid primary key,
  from_store text not null references ref.stores,
  to_store text not null references ref.stores check (to_store <> from_store),
  sku text not null,
  units bigint not null check (units between 1 and 1000000),
  created_by text,
  created_at timestamptz not null default clock_timestamp(),
  sent_at timestamptz
);

-- Shortages that nobody wants to hear of: of a product, a supplier, a store, or what all that is given says together.
create table purchasing.mutes (
  mute bigint generated always as identity primary key,
  store text,
  sku text,
  supplier text,
  reason text not null,
  muted_by text,
  muted_at timestamptz not null default clock_timestamp(),
  -- null: until somebody ends it
  until timestamptz,
  ended_at timestamptz,
  ended_by text,
  check (num_nonnulls(store, sku, supplier) > 0)
);

-- What orders by itself: off until a manager switches it on, and never for more than its cap in a day.
create table purchasing.auto_rules (
  rule bigint generated always as identity primary key,
  supplier text not null references ref.suppliers,
  -- null: every store
  store text references ref.stores,
  is_on boolean not null default false,
  -- of all its orders of 24 hours, 1/10,000 of the currency
  daily_cap bigint not null check (daily_cap > 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  changed_by text,
  changed_at timestamptz not null default clock_timestamp()
);
alter table purchasing.orders add constraint orders_of_rule foreign key (auto_rule) references purchasing.auto_rules;
