-- Who buys, and what they mean to buy. Only web writes here. What was ordered and what has come are events of the log:
-- an order is a draft until its `purchase.placed` is on its way to the intake, and from then on stream.purchases says
-- how it stands. Nothing is typed twice.
create schema purchasing;

-- Who works here. A viewer looks; a buyer handles alerts, drafts, orders, receives; a manager also mutes and sets what
-- orders by itself. Where nobody is entered, whoever uses the page may do all of it, without a name.
create table purchasing.people (
  person text primary key check (person ~ '^[a-z0-9-]{1,64}$'),
  name text not null,
  role text not null check (role in ('buyer', 'manager', 'viewer')),
  email text
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
  changed_at timestamptz not null default clock_timestamp(),
  unique nulls not distinct (supplier, store)
);

create sequence purchasing.order_numbers;
create table purchasing.orders (
  -- as its events call it
  purchase_order text primary key
    default 'PO-B' || lpad(nextval('purchasing.order_numbers')::text, 5, '0'),
  supplier text not null references ref.suppliers,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  is_express boolean not null default false,
  -- what express costs on top, 1/10,000 of the currency; as of when it was placed
  express_fee bigint not null default 0 check (express_fee >= 0),
  -- what it may cost at most, 1/10,000 of the currency; null: nobody said
  budget bigint check (budget > 0),
  note text,
  -- names of people; null: nobody was chosen. What a rule orders names the rule.
  created_by text,
  auto_rule bigint references purchasing.auto_rules,
  created_at timestamptz not null default clock_timestamp(),
  -- from here on its lines stay as they are: its events are in the outbox
  placed_by text,
  placed_at timestamptz,
  -- what was asked for; what the supplier says since is in stream.purchases
  expected_at timestamptz
);
create index orders_drafts on purchasing.orders (supplier) where placed_at is null;
create index orders_placed on purchasing.orders (placed_at);

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

-- Events that people's acts came to, written in the transaction of the act and sent to the intake after it, until it has
-- taken them: a web process that is killed, or an intake that is away, loses none, and what is sent twice is recognised.
create table purchasing.outbox (
  message bigint generated always as identity primary key,
  -- null: a transfer between stores
  purchase_order text references purchasing.orders on delete cascade,
  body jsonb not null,
  written_by text,
  written_at timestamptz not null default clock_timestamp(),
  sent_at timestamptz,
  -- why the intake will never take it
  refusal text
);
create unique index outbox_events on purchasing.outbox ((body ->> 'id'));
create index outbox_waiting on purchasing.outbox (message) where sent_at is null and refusal is null;
create index outbox_of_order on purchasing.outbox (purchase_order);

-- Shortages that nobody wants to hear of: of a product, a supplier, a store, or of what all that is given names together.
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

-- Prices that people set, with what was expected of them then: what is measured later is measured against that. The price
-- itself is an event (`price.changed`, in the outbox with the act), and so is its end.
create sequence purchasing.price_numbers;
create table purchasing.price_changes (
  price_change text primary key default 'PR-' || lpad(nextval('purchasing.price_numbers')::text, 5, '0'),
  -- names the act: pressing twice is once
  request text not null unique,
  store text not null references ref.stores,
  sku text not null,
  -- why: a hint of the night, one of the stream, or a thought of one's own
  kind text not null check (kind in ('dead', 'overstocked', 'leaving', 'end offer', 'raise', 'flash', 'own')),
  -- of the store; the prices are 1/10,000 of it
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  old_price bigint not null check (old_price >= 0),
  new_price bigint not null check (new_price >= unit_cost),
  unit_cost bigint not null check (unit_cost >= 0),
  valid_from timestamptz not null,
  -- exclusive; null: until it is ended
  valid_to timestamptz check (valid_to > valid_from),
  -- as of when it was applied: units by weekday (Monday first) and the deviation of a day, null without a forecast; units a
  -- day of the four weeks before; what lay there; elasticity with its deviation and the groups it was learned from
  units_by_weekday double precision[] check (cardinality(units_by_weekday) = 7),
  spread double precision,
  units_before double precision,
  on_hand bigint,
  elasticity double precision not null,
  elasticity_deviation double precision not null,
  offers integer not null,
  applied_by text,
  applied_at timestamptz not null,
  -- from when on it holds no more, though it was to
  ended_at timestamptz,
  ended_by text
);
create index price_changes_of_shelf on purchasing.price_changes (store, sku, valid_from);
