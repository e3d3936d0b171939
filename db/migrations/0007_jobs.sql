-- People may ask for runs from a page.
alter table batch.runs drop constraint runs_trigger_check;
alter table batch.runs add constraint runs_trigger_check
  check (trigger in ('schedule', 'manual', 'backfill', 'request'));
-- A request that is under way belongs to a backend, as a run does: when that is gone, another process takes it up.
alter table live.job_requests
  add column attempts integer not null default 0,
  add column backend_pid integer,
  add column backend_start timestamptz;
