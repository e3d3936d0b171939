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
--> statement-breakpoint

-- What people ask of the processes from a page. A process takes a request by `for update skip locked`, so that
-- of several one does it; what it comes to is written back. Kept for the history of who asked for what.
create table live.job_requests (
  request bigint generated always as identity primary key,
  -- a job of `npm run jobs -- list`, or 'all'
  job text not null,
  -- both null for jobs that take no range; inclusive
  from_day date,
  to_day date,
  state text not null default 'requested' check (state in ('requested', 'running', 'succeeded', 'failed')),
  -- what came of it, for people
  detail text,
  requested_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  ended_at timestamptz,
  check ((from_day is null) = (to_day is null) and from_day <= to_day)
);
create index job_requests_waiting on live.job_requests (request) where state in ('requested', 'running');

create table live.scenario_runs (
  run bigint generated always as identity primary key,
  scenario text not null,
  state text not null default 'requested'
    check (state in ('requested', 'running', 'stopping', 'ended', 'failed')),
  -- what it did, or why it could not, for people
  detail text,
  requested_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  -- when it will end by itself
  ends_at timestamptz,
  ended_at timestamptz
);
create index scenario_runs_waiting on live.scenario_runs (run) where state in ('requested', 'running', 'stopping');
-- One row: the simulators say that they live, and what they play.
create table live.simulator_heartbeat (
  only_row boolean primary key default true check (only_row),
  beat_at timestamptz not null,
  scenario text not null,
  speed numeric(10, 2) not null,
  -- events in senders' outboxes
  waiting integer not null
);
