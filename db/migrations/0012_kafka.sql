-- The order log in Kafka (decision 023). Recognition of (source, id) stays here: a batch reserves its keys, is produced in
-- a transaction of Kafka, and is settled.

-- Which log this database has: a row when its log is a topic, none when it is log.event_log itself.
create table log.kafka (
  singleton boolean primary key default true check (singleton),
  topic text not null,
  -- of the cluster that has the topic: another one that answers at the same address is refused
  cluster_id text not null,
  adopted_at timestamptz not null default clock_timestamp()
);

-- How far log.event_log holds the topic's records, by partition.
create table log.archived (
  partition smallint primary key,
  "offset" bigint not null,
  appended_at timestamptz not null
);

-- One number for each process that appends: batches and transactional ids are called after it.
create sequence log.kafka_writers;

-- The batch that reserved the key; null where log.append wrote it. While its batch has a row in log.kafka_batches nobody
-- knows yet whether the event is in the log; afterwards it is, and "offset" says from which offset on it is found.
alter table log.event_keys add column batch bigint;
-- Keys come in the order of their batches, so this takes a few bytes a hundred pages. Only who takes a batch back asks.
create index event_keys_batch on log.event_keys using brin (batch) with (autosummarize = on) where batch is not null;

-- Batches whose keys are reserved and of which nobody has said yet whether they are in the log. Short-lived: one row a
-- batch under way, and those of processes that died.
create table log.kafka_batches (
  batch bigint primary key,
  -- under which it is written: whoever ends it ends all that its writer may still have under way
  session text not null,
  partitions smallint[] not null,
  -- its first key, and where to look for it: what is in the log of a batch is all of it
  partition smallint not null,
  from_offset bigint not null,
  source text not null,
  id text not null,
  backend_pid integer not null,
  backend_start timestamptz not null,
  made_at timestamptz not null default clock_timestamp()
);

-- What is known of the keys of a batch; called when some are. Index lookups only, as log.judge_keys.
-- fresh: ordinals (from 1) of the first with each unknown key; pending: batches that nobody has settled.
create function log.judge_reserved(
  p_source text[], p_id text[], p_body_hash uuid[],
  out fresh integer[],
  out duplicates integer[],
  out conflicts integer[],
  out pending bigint[]
) language plpgsql volatile set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
begin
  with judged as (
    select i.ord::integer, i.body_hash, b.batch as pending_batch,
           coalesce(k.body_hash, first_value(i.body_hash) over same_key) as first_hash,
           k.source is null and row_number() over same_key = 1 as is_new
    from unnest(p_source, p_id, p_body_hash) with ordinality as i(source, id, body_hash, ord)
    left join log.event_keys k on k.source = i.source and k.id = i.id
    left join log.kafka_batches b on b.batch = k.batch
    window same_key as (partition by i.source collate "C", i.id collate "C" order by i.ord)
  )
  select coalesce(array_agg(ord order by ord) filter (where is_new), '{}'),
         coalesce(array_agg(ord order by ord) filter (where not is_new and body_hash = first_hash), '{}'),
         coalesce(array_agg(ord order by ord) filter (where not is_new and body_hash <> first_hash), '{}'),
         coalesce(array_agg(distinct pending_batch) filter (where pending_batch is not null), '{}')
  into fresh, duplicates, conflicts, pending
  from judged;
end $$;

-- Reserves the keys of a batch and settles batches that are in the log: one autocommit round trip.
-- p_partition, p_from_offset: of each event, as log.event_keys keeps them.
-- state: 'reserved'; 'known' when none is new; 'pending' when some belong to batches that are not settled (pending), and
-- 'held' when somebody keeps appends out: nothing is reserved then, and what p_settled names is settled all the same.
create function log.reserve(
  p_batch bigint, p_session text, p_revision bigint, p_settled bigint[],
  p_partition smallint[], p_from_offset bigint[], p_source text[], p_id text[], p_body_hash uuid[],
  out state text,
  out duplicates integer[],
  out conflicts integer[],
  out pending bigint[]
) language plpgsql volatile as $$
declare
  v_revision bigint;
  v_fresh integer[];
  v_partition smallint;
  v_partitions smallint[];
  v_keys integer;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'log.reserve runs under READ COMMITTED only, not %', current_setting('transaction_isolation')
      using errcode = 'invalid_transaction_state', hint = 'Call it as a single autocommit statement.';
  end if;
  delete from log.kafka_batches where batch = any(p_settled);
  duplicates := '{}';
  conflicts := '{}';
  pending := '{}';
  select array_agg(distinct p order by p) into v_partitions from unnest(p_partition) p;
  -- Shared: who appends does not keep others from it. Not waited for: who holds it alone waits for what we settle here.
  foreach v_partition in array v_partitions loop
    if not pg_try_advisory_xact_lock_shared(7411, v_partition) then
      state := 'held';
      return;
    end if;
  end loop;
  select r.revision into v_revision from ref.reference_revision r;
  if p_revision <> v_revision then
    raise exception 'the reference data has changed since these events were enriched' using errcode = 'TS001';
  end if;
  begin
    insert into log.event_keys (source, id, "offset", body_hash, partition, batch)
    select source, id, from_offset, body_hash, partition, p_batch
    from (select unnest(p_source) as source, unnest(p_id) as id, unnest(p_body_hash) as body_hash,
                 unnest(p_partition) as partition, unnest(p_from_offset) as from_offset) i
    order by source collate "C", id collate "C";
    v_fresh := '{1}';
  exception when unique_violation then
    select j.fresh, j.duplicates, j.conflicts, j.pending into v_fresh, duplicates, conflicts, pending
    from log.judge_reserved(p_source, p_id, p_body_hash) j;
    if cardinality(pending) > 0 then
      state := 'pending';
      return;
    end if;
    insert into log.event_keys (source, id, "offset", body_hash, partition, batch)
    select p_source[f], p_id[f], p_from_offset[f], p_body_hash[f], p_partition[f], p_batch
    from unnest(v_fresh) f
    order by p_source[f] collate "C", p_id[f] collate "C"
    on conflict do nothing;
    get diagnostics v_keys = row_count;
    -- Somebody else reserved one between our look and our insert.
    if v_keys <> cardinality(v_fresh) then
      raise exception 'another batch took one of the keys first' using errcode = 'serialization_failure';
    end if;
  end;
  if cardinality(v_fresh) = 0 then
    state := 'known';
    return;
  end if;
  insert into log.kafka_batches (batch, session, partitions, partition, from_offset, source, id,
    backend_pid, backend_start)
  select p_batch, p_session, v_partitions, p_partition[v_fresh[1]], p_from_offset[v_fresh[1]],
    p_source[v_fresh[1]], p_id[v_fresh[1]], a.pid, a.backend_start
  from pg_stat_get_activity(pg_backend_pid()) a;
  state := 'reserved';
end $$;

-- Takes back a batch that is not in the log and never will be.
create function log.release(p_batch bigint) returns void language plpgsql volatile set enable_seqscan = off as $$
begin
  delete from log.event_keys where batch = p_batch;
  delete from log.kafka_batches where batch = p_batch;
end $$;

-- Waits until no batch of some partitions is under way any more. For who holds their locks alone: nothing was enriched by
-- what he changes once this has returned.
create function log.await_settled(p_partitions smallint[], p_patience interval) returns void
language plpgsql volatile as $$
declare
  v_until timestamptz := clock_timestamp() + p_patience;
begin
  while exists (select from log.kafka_batches where partitions && p_partitions) loop
    if clock_timestamp() > v_until then
      raise exception 'an append to the log is under way and does not end' using errcode = 'lock_not_available';
    end if;
    perform pg_sleep(0.005);
  end loop;
end $$;
