import { connect } from '#db/client.ts'
import { migrate } from '#db/migrate.ts'
const root = 'postgres://postgres@127.0.0.1:54999/'
const admin = connect(root + 'postgres', { max: 1 })
await admin.unsafe('drop database if exists batch_dev with (force)')
await admin.unsafe('create database batch_dev')
await admin.end()
await migrate(root + 'batch_dev')
const sql = connect(root + 'batch_dev', { max: 1 })
await sql`select log.ensure_days('2026-11-01', '2026-11-30')`
for (let i = 0; i < 8; i++) await sql`insert into ref.stores (store,name,zone,cut_over_hour,currency,tax_inclusive,channel,input,partition) values (${'store-' + i},'S','Europe/Berlin',4,'EUR',true,'pos','live',${i % 4})`
const skus = Number(process.argv[2] ?? 500)
await sql.unsafe(`
insert into log.event_log ("offset", appended_at, event_time, total_units, total_gross, total_discounts, business_day, partition, rules_version, type, class, source, id, store, channel, currency, order_id, customer, tender, skus, units, unit_prices, discounts)
select row_number() over (partition by n % 4 order by n), t, t - interval '1 second', 6, 60000, 100, d, n % 4, 1, 'order.placed','live','pos-'||(n%8), 'id-'||n, 'store-'||(n%8), 'pos','EUR','o-'||n, case when n%3=0 then 'c-'||(n%50000) end, 'card',
 array['sku-'||(random()*${skus})::int, 'sku-'||(random()*${skus})::int, 'sku-'||(random()*${skus})::int], array[1,2,3], array[10000,10000,10000]::bigint[], array[100,0,0]::bigint[]
from (select n, '2026-11-10'::date + (n/333333)::int as d, date_trunc('milliseconds', '2026-11-10 06:00+00'::timestamptz + (n/333333) * interval '1 day' + (n%333333) * interval '150 milliseconds') as t from generate_series(0, 999998) n) g`)
await sql`vacuum analyze log.event_log`
console.log(await sql`select business_day, count(*), sum(cardinality(skus)) from log.event_log group by 1 order by 1`)
await sql.end()
