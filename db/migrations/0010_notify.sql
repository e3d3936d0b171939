-- Who is told of alerts, by which way, and what was told. What is told of stands in the paths' own tables and in
-- live.alert_actions: a replay erases none of this, and meets the same alerts under the same names.
create schema notify;

create table notify.subscriptions (
  subscription bigint generated always as identity primary key,
  -- as they call themselves; null: everybody who looks at the dashboard
  person text,
  -- app: on the pages; browser: a notification of the system while a page is open; push: also while none is
  way text not null check (way in ('app', 'browser', 'push', 'email', 'webhook')),
  -- of push, email and webhook: where to
  address text,
  -- of push: the browser's public key and secret, { p256dh, auth }
  push_keys jsonb,
  -- of a webhook: what its messages are signed with (Standard Webhooks, whsec_…)
  secret text,
  -- what it is narrowed to; empty: all
  stores text[] not null default '{}',
  categories text[] not null default '{}',
  suppliers text[] not null default '{}',
  kinds text[] not null default '{}',
  least_severity text not null default 'warning' check (least_severity in ('warning', 'critical')),
  -- from and to by the clocks of a zone, over midnight where from is later; what is not critical waits for their end
  quiet_from time,
  quiet_to time,
  quiet_zone text,
  -- in quiet hours critical ones wait too
  quiet_for_critical boolean not null default false,
  -- between two messages that are not critical: what comes meanwhile is told in one
  digest_minutes integer not null default 0 check (digest_minutes between 0 and 1440),
  is_on boolean not null default true,
  -- why the worker has switched it off, for people
  off_because text,
  created_by text,
  created_at timestamptz not null default clock_timestamp(),
  changed_at timestamptz not null default clock_timestamp(),
  -- removed: kept for its deliveries
  ended_at timestamptz,
  check ((way in ('app', 'browser')) = (address is null)),
  check ((way = 'push') = (push_keys is not null)),
  check ((way = 'webhook') = (secret is not null)),
  check (num_nulls(quiet_from, quiet_to, quiet_zone) in (0, 3))
);
-- A browser has one address for push, whoever uses it.
create unique index subscriptions_of_browser on notify.subscriptions (address) where way = 'push' and ended_at is null;

-- What one subscription is told of one alert. The key is why nobody hears twice of an alert unless it became critical.
create table notify.messages (
  message bigint generated always as identity primary key,
  subscription bigint not null references notify.subscriptions,
  -- of stream.episodes, stream.alerts or batch.alerts
  alert_id text not null,
  severity text not null check (severity in ('warning', 'critical')),
  -- shortage, or as in stream.alerts
  kind text not null,
  rule text not null,
  store text not null,
  title text not null,
  detail text not null,
  -- a path of the dashboard
  href text not null,
  -- known: it was open before anybody asked to be told; withdrawn: over, or taken care of, before it was told
  state text not null check (state in ('known', 'waiting', 'told', 'withdrawn')),
  created_at timestamptz not null default clock_timestamp(),
  due_at timestamptz not null default clock_timestamp(),
  -- that it went with
  delivery bigint,
  constraint messages_once unique (subscription, alert_id, severity)
);
create index messages_waiting on notify.messages (subscription, due_at) where state = 'waiting';
create index messages_of_delivery on notify.messages (delivery) where delivery is not null;

-- One mail, one call, one push: with one message or several. Whoever sends it holds it until next_attempt_at; when that
-- passes without an outcome the process was ended in the middle, and it is sent again under the same number.
create table notify.deliveries (
  delivery bigint generated always as identity primary key,
  subscription bigint not null references notify.subscriptions,
  way text not null,
  state text not null default 'waiting' check (state in ('waiting', 'delivered', 'failed')),
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default clock_timestamp(),
  created_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  -- of the last attempt, for people
  outcome text,
  -- of app and browser: its place in live.ops_lane, by which pages know what they have shown
  sequence bigint,
  -- asked for on the page, to see whether it arrives
  is_test boolean not null default false
);
create index deliveries_waiting on notify.deliveries (next_attempt_at) where state = 'waiting';
create index deliveries_by_sequence on notify.deliveries (sequence) where sequence is not null;

create table notify.attempts (
  delivery bigint not null references notify.deliveries on delete cascade,
  attempt integer not null,
  at timestamptz not null default clock_timestamp(),
  took_ms integer not null,
  outcome text not null,
  primary key (delivery, attempt)
);

-- Mails of an installation without a mail server: what would have gone.
create table notify.outbox (
  delivery bigint primary key references notify.deliveries on delete cascade,
  recipient text not null,
  subject text not null,
  body text not null,
  written_at timestamptz not null default clock_timestamp()
);

-- One row: with which push services know this installation (VAPID, RFC 8292). Made when the first browser asks; whoever
-- deletes it ends every push subscription.
create table notify.push_keys (
  only_row boolean primary key default true check (only_row),
  public_key text not null,
  private_key text not null,
  made_at timestamptz not null default clock_timestamp()
);

-- Everybody is told on the pages, until they say themselves what they want to hear.
insert into notify.subscriptions (person, way, created_by) values (null, 'app', 'Tillstream');
