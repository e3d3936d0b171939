-- The heart of the stream path as somebody would write it in Flink SQL: sales by minute, store, channel and currency, and
-- stock by store and product, upserted into the tables of a generation by the JDBC connector. It has no sources, verdicts on
-- lateness, counts, shortages, panes, sessions or rules, and keeps no offset beside its rows: less than ours and our job do.
-- FlinkSql.java fills in ${…}.

create table orders (
  `type` string, store string, channel string, currency string, `businessDay` string, `eventTime` bigint,
  `totalUnits` bigint, `totalGross` bigint, `totalDiscounts` bigint, lines row<skus array<string>, units array<int>>,
  log_offset bigint metadata from 'offset' virtual, log_partition int metadata from 'partition' virtual
) with (
  'connector' = 'kafka', 'topic' = '${TOPIC}', 'properties.bootstrap.servers' = '${BROKERS}',
  'properties.group.id' = 'bench-flink-sql', 'properties.isolation.level' = 'read_committed',
  'properties.max.poll.records' = '2000', 'scan.startup.mode' = 'earliest-offset',
  'scan.bounded.mode' = 'latest-offset', 'format' = 'json'
);

create table windows (
  generation int, `partition` smallint, store string, channel string, currency string, window_start timestamp(3),
  business_day date, orders bigint, units bigint, gross bigint, discounts bigint, `returns` bigint,
  return_documents bigint, units_returned bigint, late_net bigint, revision bigint, bulk_events bigint,
  last_offset bigint, processed_at timestamp(3),
  primary key (generation, store, window_start, channel, currency) not enforced
) with (
  'connector' = 'jdbc', 'url' = '${DATABASE}', 'table-name' = 'stream.windows_g${GENERATION}',
  'sink.buffer-flush.max-rows' = '5000', 'sink.buffer-flush.interval' = '1 s'
);

create table stock (
  generation int, `partition` smallint, store string, sku string, on_hand bigint, on_order bigint,
  max_delta_time timestamp(3), as_of timestamp(3), last_offset bigint, processed_at timestamp(3),
  primary key (generation, store, sku) not enforced
) with (
  'connector' = 'jdbc', 'url' = '${DATABASE}', 'table-name' = 'stream.stock_g${GENERATION}',
  'sink.buffer-flush.max-rows' = '5000', 'sink.buffer-flush.interval' = '1 s'
);

insert into windows
select ${GENERATION}, cast(max(log_partition) as smallint), store, channel, currency,
  cast(to_timestamp_ltz(window_start, 3) as timestamp(3)), cast(max(`businessDay`) as date),
  sum(case `type` when 'order.placed' then 1 else -1 end),
  sum(case `type` when 'order.placed' then `totalUnits` else -`totalUnits` end),
  sum(case `type` when 'order.placed' then `totalGross` else -`totalGross` end),
  sum(case `type` when 'order.placed' then `totalDiscounts` else -`totalDiscounts` end),
  cast(0 as bigint), cast(0 as bigint), cast(0 as bigint), cast(0 as bigint), cast(0 as bigint), cast(0 as bigint),
  max(log_offset) + 1, cast(current_timestamp as timestamp(3))
from (
  select *, `eventTime` - mod(`eventTime`, 60000) as window_start from orders
  where `type` in ('order.placed', 'order.voided')
)
group by store, channel, currency, window_start;

create temporary view documents as
select `type`, store, `eventTime`, log_offset, log_partition, lines.skus as skus, lines.units as line_units
from orders where `type` in ('order.placed', 'order.voided');

insert into stock
select ${GENERATION}, cast(max(log_partition) as smallint), store, sku,
  sum(cast(case `type` when 'order.placed' then -line_units[n] else line_units[n] end as bigint)), cast(0 as bigint),
  cast(to_timestamp_ltz(max(`eventTime`), 3) as timestamp(3)), cast(to_timestamp_ltz(max(`eventTime`), 3) as timestamp(3)),
  max(log_offset) + 1, cast(current_timestamp as timestamp(3))
from documents cross join unnest(skus) with ordinality as line(sku, n)
group by store, sku;
