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

-- Whatever keeps "every cent explained" from being true (server/serving/reconcile/findings.ts): rows that differ from
-- what the log says, rows of the log that differ from what was sent, tills that differ, reports that are not there.
create table recon.findings (
  finding bigint generated always as identity primary key,
  run_id bigint not null,
  path text not null,
  relation text not null,
  row_key jsonb not null,
  metric text not null,
  -- as text, money as decimals
  stored text,
  expected text,
  found_at timestamptz not null default clock_timestamp(),
  kind text not null,
  -- for people, where the values do not say it
  detail text,
  constraint findings_path_check check (path in ('log', 'batch', 'stream')),
  constraint findings_kind_check check (
    kind in ('audit row', 're-derived', 'z report', 'report not published', 'cannot be digested'))
);
