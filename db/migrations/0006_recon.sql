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

-- The same of the generations that give an answer beside the active one (another engine's, or ours while that is active).
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
