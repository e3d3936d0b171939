-- What the intake keeps beside the log: dead letters, and the files it read.
create schema if not exists intake;

create table intake.dead_letters (
  dead_letter bigint generated always as identity primary key,
  met_at timestamptz not null default clock_timestamp(),
  -- where it was met: {"request": …, "index": …} | {"file": …, "row": …} | {"partition": …, "offset": …}
  met_in jsonb not null,
  source text,
  event_id text,
  store text,
  reason text not null,
  detail text not null,
  -- bytes, not text: what was refused may hold NUL or half characters
  payload bytea not null,
  state text not null default 'open' check (state in ('open', 'requeued', 'discarded')),
  settled_at timestamptz,
  settlement jsonb
);
create index dead_letters_open on intake.dead_letters (met_at desc) where state = 'open';

create table intake.files (
  file bigint generated always as identity primary key,
  mapping text not null,
  name text not null,
  sha256 text not null,
  state text not null check (state in ('loading', 'loaded', 'failed')),
  started_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  summary jsonb
);
create index files_recent on intake.files (started_at desc);
