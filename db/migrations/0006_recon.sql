-- Reconciliation, written by server/serving, which reads both paths.
create schema if not exists recon;

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
