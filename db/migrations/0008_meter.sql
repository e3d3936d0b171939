-- What processes measure of themselves: what figures cost, how long they take, what waits. Each process adds its own rows
-- in its own rhythm, apart from any other transaction. Nothing is computed from them but what the pages and /metrics say.
create schema if not exists meter;

-- What an operator of a path took, per process and five minutes. Kept for a week.
create table meter.costs (
  interval_start timestamptz not null,
  path text not null constraint costs_path_check check (path in ('intake', 'stream', 'batch', 'serving')),
  -- of the stream a rule, a metric, windows …; of the batch path a job; 'process': all that the process took
  operator text not null,
  -- as in log.owners
  process text not null,
  -- sales documents (orders, voids, returns) that the figures beside are of: of operators that are timed now and then
  -- only those of the timed batches
  orders bigint not null,
  -- rows written
  row_count bigint not null,
  -- of the process itself; what Postgres takes is none of it
  cpu_micros bigint not null,
  -- waited for the database
  database_micros bigint not null,
  primary key (interval_start, path, operator, process)
);

-- How long things took, per process and five minutes, as counts by the bounds of platform/histogram.ts. Kept for a week.
create table meter.latencies (
  interval_start timestamptz not null,
  path text not null constraint latencies_path_check check (path in ('intake', 'stream', 'batch', 'serving')),
  measure text not null,
  process text not null,
  counts bigint[] not null,
  primary key (interval_start, path, measure, process)
);

-- What waits at each bounded stage, as its process said last.
create table meter.stages (
  stage text not null,
  process text not null,
  waiting bigint not null,
  bound bigint not null,
  -- the most that waited since the process said so before
  peak bigint not null,
  -- null: nothing waits
  waiting_since timestamptz,
  -- how often the bound was met since the process began: refused, coalesced, disconnected
  met bigint not null,
  told_at timestamptz not null default clock_timestamp(),
  primary key (stage, process)
);
