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

-- The folders in which files arrive, as the intake that watches one saw it last.
create table intake.drop_folders (
  drop_dir text primary key,
  looked_at timestamptz not null,
  -- why it could not be read; null: it could
  problem text,
  untaken bigint not null default 0
);

-- What lies in a drop folder and is not taken, and why: the one place that says so. At most 1,000 a folder.
create table intake.untaken_files (
  drop_dir text not null references intake.drop_folders on delete cascade,
  -- path below the folder; bytes that are no UTF-8 stand as \xHH
  place text not null,
  reason text not null,
  detail text not null,
  -- when it was first told for this reason
  since timestamptz not null default clock_timestamp(),
  -- null: it is not tried again by itself
  next_try_at timestamptz,
  primary key (drop_dir, place)
);

-- Tries of complete files, from the first until the file is moved away.
create table intake.drop_attempts (
  drop_dir text not null,
  place text not null,
  -- of the file and its mark: another file, or a mark set anew, begins anew
  fingerprint text not null,
  tries integer not null,
  -- null: given up
  next_try_at timestamptz,
  problem text,
  -- the last row of intake.files before the first try: a result after it is of this file
  after_file bigint not null,
  -- the result is known and only the move is left
  is_moving boolean not null default false,
  primary key (drop_dir, place)
);
