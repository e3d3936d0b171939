-- What people do, and what they ask of the processes from a page.
create schema if not exists live;

-- What people do with an alert is kept apart from what a path decides: a replay never erases it. Of a shortage it is
-- acknowledged, snoozed, dismissed for a reason, reopened; of what a rule found it is assigned, judged, reopened.
create table live.alert_actions (
  action bigint generated always as identity primary key,
  alert_id text not null,
  kind text not null constraint alert_actions_kind_check
    check (kind in ('acknowledge', 'snooze', 'dismiss', 'reopen', 'assign', 'verdict')),
  snoozed_until timestamptz,
  acted_by text,
  acted_at timestamptz not null default clock_timestamp(),
  -- of `assign`; null: nobody any more
  assignee text,
  -- of `verdict`: fraud (it was so), false (it was nothing), unsure
  verdict text,
  note text,
  constraint alert_actions_verdict_check check (
    (kind = 'verdict') = (verdict is not null) and verdict in ('fraud', 'false', 'unsure')),
  -- whoever looks away for good says why
  constraint alert_actions_dismiss_check check (kind <> 'dismiss' or note is not null)
);
create index alert_actions_latest on live.alert_actions (alert_id, action desc);

-- The lane of what people and jobs change: dense, commit order = sequence order.
create table live.ops_lane (
  sequence bigint primary key,
  kind text not null,
  payload jsonb not null,
  at timestamptz not null
);
create function live.append_ops(p_kind text, p_payload jsonb) returns bigint language plpgsql volatile as $$
declare
  v_sequence bigint;
begin
  -- Held until commit: call it last in a transaction.
  perform pg_advisory_xact_lock(hashtext('tillstream.live.ops_lane'));
  insert into live.ops_lane (sequence, kind, payload, at)
  select coalesce(max(sequence), 0) + 1, p_kind, p_payload, clock_timestamp() from live.ops_lane
  returning sequence into v_sequence;
  return v_sequence;
end $$;

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
  -- a request under way belongs to a backend, as a run does: when that is gone, another process takes it up
  attempts integer not null default 0,
  backend_pid integer,
  backend_start timestamptz,
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
  ended_at timestamptz,
  -- how long it is to play; null: as long as it usually takes
  minutes integer check (minutes between 1 and 1440)
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

-- How fast the demo's shops trade: the last row holds, and without any it is 1. What was sold while it was not is no
-- measure of the days before.
create table live.demo_speeds (
  since timestamptz primary key default clock_timestamp(),
  speed numeric(6, 2) not null check (speed >= 0.01 and speed <= 1000),
  -- who set it: a person on the page, or 'npm run simulate'
  set_by text not null
);

-- Logins of the dashboard. A row knows the session only by a hash (HMAC-SHA256 of the password under the random
-- token of the cookie), so that it tells nothing of either. Deleting a row ends its session; all rows, everybody's.
create table live.sessions (
  hash text primary key,
  began_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null default clock_timestamp() + interval '7 days'
);

-- Guesses of a secret, by the door that asks for it and by sender (an address, a browser that was let in before, or
-- '*' for all strangers), so that neither a restart nor another process begins anew. Rows of whom nobody was heard
-- for a month are deleted as others come.
create table live.guesses (
  door text not null check (door in ('password', 'key')),
  sender text not null,
  -- wrong ones that are not forgiven yet, as of failed_at: one is forgiven every ten minutes
  failures double precision not null default 0,
  failed_at timestamptz,
  -- last known to have had the secret
  known_at timestamptz,
  primary key (door, sender)
);

-- What people say of the events that a path goes on without. Kept apart from what the path decides: a replay and the
-- planner set aside anew, and erase none of it. The newest of an event counts, all are kept.
create table live.set_aside_actions (
  action bigint generated always as identity primary key,
  path text not null check (path in ('batch', 'stream')),
  partition smallint not null,
  "offset" bigint not null,
  kind text not null check (kind in ('accept', 'withdraw')),
  -- what the path had against the event then: set aside for another reason it has been accepted by nobody
  reason text not null,
  -- why somebody goes on without it; null where that is withdrawn
  because text,
  acted_by text,
  acted_at timestamptz not null default clock_timestamp(),
  check ((kind = 'accept') = (because is not null))
);
create index set_aside_actions_of_event on live.set_aside_actions (path, partition, "offset", action);

-- Replays and switches back, asked for on a page or begun by a command; kept for good. Whoever does one holds it by its
-- backend: one that is running and whose backend is gone was killed, and has switched nothing.
create table live.replays (
  replay bigint generated always as identity primary key,
  -- rebuild: a new generation from offset 0; switch_back: to the one that was active before; certify: to_generation is
  -- held against the active one, nothing is switched; switch: to to_generation, of another engine
  kind text not null check (kind in ('rebuild', 'switch_back', 'certify', 'switch')),
  -- kept: the generations differ, and that was not accepted; refused: likewise, by a certificate
  state text not null default 'requested'
    check (state in ('requested', 'running', 'switched', 'kept', 'certified', 'refused', 'failed', 'abandoned')),
  -- as they call themselves, or the command; null: they did not say
  asked_by text,
  accepts_differences boolean not null default false,
  requested_at timestamptz not null default clock_timestamp(),
  started_at timestamptz,
  ended_at timestamptz,
  from_generation integer,
  to_generation integer,
  from_rules smallint,
  to_rules smallint,
  -- of the generation it brings forward: [{ partition, offset, target }]
  progress jsonb not null default '[]',
  events bigint,
  build_ms bigint,
  difference_count integer,
  -- the first of them: [{ of, figure, active, rebuilt }]
  differences jsonb,
  -- by rule: [{ rule, versions, before, after, more, fewer, changed }]
  alerts jsonb,
  detail text,
  backend_pid integer,
  backend_start timestamptz,
  -- in stream.certificates; null: nothing was certified
  certificate bigint,
  -- for how long nobody wrote the active generation
  pause_ms bigint
);
create index replays_waiting on live.replays (replay) where state in ('requested', 'running');

-- Faults that people cause from a page, and what followed; kept for good. The demo's supervisor does them: it alone may
-- signal its processes.
create table live.faults (
  fault bigint generated always as identity primary key,
  -- of domain/fault.ts
  name text not null,
  state text not null default 'requested' check (state in ('requested', 'running', 'recovered', 'failed')),
  -- as they call themselves; null: they did not say
  asked_by text,
  requested_at timestamptz not null default clock_timestamp(),
  -- just before the signal
  struck_at timestamptz,
  -- of a freeze: when it was let go on
  released_at timestamptz,
  -- by what the process itself wrote
  again_at timestamptz,
  ended_at timestamptz,
  -- the process that was struck: a supervisor that begins lets it go on where the one before it could not
  pid integer,
  process_identity text,
  -- { lost, twice, events, rows, differing }: the log held against what counts, around the fault
  figures jsonb,
  -- why it failed, for people
  detail text
);
create unique index faults_one_at_a_time on live.faults ((true)) where state in ('requested', 'running');
-- One row: the demo's supervisor says that it lives, and what it can do to its processes.
create table live.supervisor (
  only_row boolean primary key default true check (only_row),
  beat_at timestamptz not null,
  faults text[] not null
);

-- How far behind each path was, once a minute: written by whichever of web and jobs comes first. Kept for two days.
create table live.lag_samples (
  minute timestamptz primary key,
  sampled_at timestamptz not null default clock_timestamp(),
  -- not read yet, and how long the oldest of them has waited
  stream_events bigint not null,
  stream_ms bigint not null,
  batch_events bigint not null,
  batch_ms bigint not null
);

-- What the nightly plan alone calls short: the stream has no shortage of it open. Stock is as the stream has it now.
create view live.planned_shortages as
select 'plan/' || s.store || '/' || s.sku || '@' || (extract(epoch from s.since) * 1000)::bigint as alert_id, s.store, s.sku,
  'stockout_before_delivery' as rule, 1 as rule_version, 'warning' as severity, s.since, a.generation,
  coalesce(k.on_hand, r.on_hand) as on_hand, coalesce(k.on_order, r.on_order) as on_order, r.reorder_point,
  r.suggested_units, r.runs_out_at, r.runs_out_early, r.runs_out_late, r.next_delivery_at, r.order_arrives_at
from batch.shortages s
join batch.replenishment r on r.store = s.store and r.sku = s.sku
cross join stream.active_generation a
left join stream.stock k on k.generation = a.generation and k.store = s.store and k.sku = s.sku
-- Goods that came since the plan, or a count, say more than it knew.
where s.ended_at is null and coalesce(k.on_hand, r.on_hand) <= r.on_hand and not exists (
  select from stream.episodes e
  where e.generation = a.generation and e.store = s.store and e.sku = s.sku and e.state = 'open');
