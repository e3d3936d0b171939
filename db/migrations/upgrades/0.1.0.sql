-- Brings a database of version 0.1.0 to the schema that 0000 to 0007 make, in one transaction. Every change to
-- one of those files since then is here too; migrate.integration.test.ts compares the two catalogues.

-- Drizzle's own migrator kept its record here; from now on tillstream.migrations does.
drop table tillstream.__drizzle_migrations;

-- Who comes back, as the shops know them from cards and orders; events name them by `customer`. Nothing is counted
-- from here. Only who has something sent home has an address.
create table ref.customers (
  customer text primary key,
  name text not null,
  street text,
  postcode text,
  city text,
  country text check (country ~ '^[A-Z]{2}$')
);

-- Every sales document of the log with what it adds to every measure (domain/measures.ts): an order adds, its void is
-- the exact negative, a return leaves orders and gross as they are. The one place where SQL says so; only the audits
-- say it again. Conditions on appended_at leave out days here as on the log itself.
create view log.sales as
select e.partition, e."offset", e.appended_at, e.event_time, e.business_day, e.source, e.id, e.type, e.class, e.store,
  e.channel, e.register, e.currency, e.order_id, e.customer, e.tender, e.details,
  effect.sign as orders,
  effect.sign * e.total_units as units,
  effect.sign * e.total_gross as gross,
  effect.sign * e.total_discounts as discounts,
  effect.back * e.total_returns as returns,
  effect.back as return_documents,
  effect.back * e.total_units as units_returned,
  effect.sign * (e.total_gross - e.total_discounts) - effect.back * e.total_returns as net,
  effect.sign * e.total_tax as tax,
  cardinality(e.skus) as lines
from log.event_log e
cross join lateral (
  select case e.type when 'order.placed' then 1 when 'order.voided' then -1 else 0 end as sign,
    case e.type when 'order.returned' then 1 else 0 end as back
) effect
where e.type in ('order.placed', 'order.voided', 'order.returned');

-- The legs of a transfer, and what a file's document holds beside its sale, have ids now that no sender can take: what
-- is sent again is recognised by that name too. The entries themselves are called what they were.
insert into log.event_keys (source, id, "offset", body_hash, partition)
select k.source, regexp_replace(k.id, '#([a-z]+)$', chr(31) || '\1'), k."offset", k.body_hash, k.partition
from log.event_log e
join log.event_keys k on k.source = e.source and k.id = e.id
where e.type = 'stock.transferred' and e.id ~ '#(out|in)$'
  or e.class = 'bulk' and (e.type = 'stock.adjusted' and e.id ~ '#adjust$' or e.type = 'order.returned' and e.id ~ '#return$')
on conflict do nothing;
-- Text is normalised at the door from now on. A key that was written otherwise is found by both spellings; the hash of
-- its body is over the old one, so that an event sent again is refused as a conflict and never counted twice.
insert into log.event_keys (source, id, "offset", body_hash, partition)
select normalize(source), normalize(id), "offset", body_hash, partition
from log.event_keys where source is not normalized or id is not normalized
on conflict do nothing;

create or replace function log.take_partition(p_consumer text, p_partition integer, p_owner text) returns bigint
language plpgsql volatile as $$
declare
  v_epoch bigint;
begin
  -- pid and start together: a pid alone may have been given to somebody else since, even to us.
  perform pg_terminate_backend(a.pid) from log.owners o
  join pg_stat_activity a on a.pid = o.backend_pid and a.backend_start = o.backend_start
  where o.consumer = p_consumer and o.partition = p_partition and a.pid <> pg_backend_pid();
  insert into log.owners (consumer, partition, epoch, owner, backend_pid, backend_start)
  select p_consumer, p_partition, 1, p_owner, a.pid, a.backend_start
  from pg_stat_activity a where a.pid = pg_backend_pid()
  on conflict (consumer, partition) do update
  set epoch = log.owners.epoch + 1, owner = excluded.owner, backend_pid = excluded.backend_pid,
      backend_start = excluded.backend_start, taken_at = clock_timestamp()
  returning epoch into v_epoch;
  return v_epoch;
end $$;

-- The planner's verdict on every slot that is not settled, written anew at each tick and after each run by hand; of a
-- slot without a row there is nothing to do. due: it runs as soon as the planner may. waiting: for a report it is
-- computed from. early: its days go on. A verdict is past once another run than run_id stands.
create table batch.open_slots (
  job text not null,
  store text not null,
  period date not null,
  partition smallint not null,
  state text not null check (state in ('due', 'waiting', 'early')),
  reason text not null,
  -- the run that stood; null: none
  run_id bigint,
  judged_at timestamptz not null,
  primary key (job, store, period)
);

alter table batch.runs
  add column range_to date,
  add column depth text check (depth in ('figures', 'rows'));
-- Until then the beginning of a sentence said that every row had been audited.
update batch.runs set depth = case when reason like 'every row of%' then 'rows' else 'figures' end
where job = 'reconciliation';
-- Its last day stood in a sentence alone. Whatever is under way belongs to a process that has ended.
update batch.runs set range_to = period where job = 'reconciliation';
update batch.runs set state = 'abandoned', finished_at = clock_timestamp(), error = 'its process ended before the run did'
where state = 'running';
create unique index runs_without_days on batch.runs (job) where state = 'running' and store = 'all' and range_to is null;

create table live.sessions (
  hash text primary key,
  began_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null default clock_timestamp() + interval '7 days'
);

-- The windows of a store's business day added up: every measure once, for whoever compares days.
create view stream.store_days as
select generation, store, business_day, currency, count(*) as windows, sum(orders) as orders, sum(units) as units,
  sum(gross) as gross, sum(discounts) as discounts, sum(returns) as returns, sum(return_documents) as return_documents,
  sum(units_returned) as units_returned, sum(late_net) as late_net, sum(revision) as revisions,
  sum(bulk_events) as bulk_events
from stream.windows
group by generation, store, business_day, currency;

-- A store's business day over all channels: every measure once, for whoever compares days.
create view batch.store_days as
select store, business_day, currency, sum(orders) as orders, sum(units) as units, sum(gross) as gross,
  sum(discounts) as discounts, sum(returns) as returns, sum(return_documents) as return_documents,
  sum(units_returned) as units_returned
from batch.daily_sales
group by store, business_day, currency;

comment on column reports.restock_alerts.raised_by is 'Path that raised the alert: always the stream. The batch path raises none.';

-- Until then every finding was a row of a live or report table that an audit had named.
alter table recon.findings
  alter column stored type text,
  alter column expected type text,
  add column kind text not null default 'audit row',
  add column detail text,
  drop constraint findings_path_check,
  add constraint findings_path_check check (path in ('log', 'batch', 'stream')),
  add constraint findings_kind_check check (
    kind in ('audit row', 're-derived', 'z report', 'report not published', 'cannot be digested'));
alter table recon.findings alter column kind drop default;
