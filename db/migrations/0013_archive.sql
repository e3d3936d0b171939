-- Where the log is Kafka, an archiver copies its records into log.event_log, with Kafka's offsets: batch, audits and
-- pages read them there (server/log/archiver). Rows and checkpoint move in one transaction, under the owner's epoch.
-- Its checkpoint is log.archived: the last entry that is in log.event_log, or in log.set_aside.
alter table log.archived
  -- where the log ended as the archiver saw it last
  add column end_offset bigint not null default 0,
  -- when it last moved, or said that there is nothing to do
  add column seen_at timestamptz not null default clock_timestamp();

-- How many rows the archiver has written, by the day of log.event_log that they are in. Offsets of a topic have gaps, so
-- that a row which somebody takes away leaves no hole to be seen: the audit counts instead.
create table log.archived_rows (
  partition smallint not null,
  append_day date not null,
  rows bigint not null,
  primary key (partition, append_day)
);

-- Entries of the log that are no rows of log.event_log: nobody can read them, or Postgres takes no such values. No
-- path counts them; the bytes stay in Kafka and here.
create table log.set_aside (
  partition smallint not null,
  "offset" bigint not null,
  appended_at timestamptz not null,
  -- a sentence
  reason text not null,
  payload bytea not null,
  met_at timestamptz not null default clock_timestamp(),
  primary key (partition, "offset")
);

-- Waits until the archive has come as far as an offset. No result is committed that stands on events the archive does
-- not have: then whoever reads figures and log in one snapshot, as every page and audit does, finds every event that a
-- figure stands on. First statement of a transaction that writes results, before it holds any lock. The archiver has
-- usually been there already: it copies what the others have yet to work out.
-- Answers what in (p_after, p_through] is no row of log.event_log and counts for nobody.
create function log.await_archive(p_partition integer, p_after bigint, p_through bigint, p_patience interval)
returns table ("offset" bigint, reason text) language plpgsql volatile as $$
declare
  v_until timestamptz := clock_timestamp() + p_patience;
  v_offset bigint;
begin
  loop
    -- each turn is a statement of its own, hence a snapshot of its own
    select a."offset" into v_offset from log.archived a where a.partition = p_partition;
    exit when v_offset >= p_through;
    if clock_timestamp() > v_until then
      raise exception 'partition %: the archive ends at offset %, before %', p_partition, coalesce(v_offset, 0), p_through
        using errcode = 'TS003', hint = 'Does the archiver run?';
    end if;
    perform pg_sleep(0.002);
  end loop;
  return query select u."offset", u.reason from log.set_aside u
    where u.partition = p_partition and u."offset" > p_after and u."offset" <= p_through;
end $$;

-- What both paths go on without, with what the archive could not take over: that counts on neither.
create or replace view recon.set_aside as
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
  union all
  select 'log', partition, "offset", appended_at, '', null, 'unreadable', '', '', reason, null, met_at
  from log.set_aside
) aside
left join lateral (
  select * from (
    select kind, reason, because, acted_by, acted_at from live.set_aside_actions a
    where a.path = aside.path and a.partition = aside.partition and a."offset" = aside."offset"
    order by a.action desc limit 1
  ) newest
  where newest.kind = 'accept' and newest.reason = aside.reason
) said on true;

alter table live.set_aside_actions drop constraint set_aside_actions_path_check;
alter table live.set_aside_actions add constraint set_aside_actions_path_check check (path in ('batch', 'stream', 'log'));
