import { literal } from '#platform/duckdb.ts'

/*
 * Sales of days and months from the archive, said for DuckDB. The sisters of the reports in jobs/reports, which say the
 * same for Postgres; a test holds the two together row by row. Views, each of the one before:
 *
 *   events ──> documents ──> daily_sales ─────────> monthly_sales
 *         └──> lines ──────> daily_product_sales ─> monthly_product_sales
 *
 * Amounts are integers of 1/10,000, sums of them exact (128 bits, taken back to 64, which fails rather than wraps).
 */

/** The reports that are computed from the archive. */
export const ARCHIVE_REPORTS = [
  'daily_sales',
  'daily_product_sales',
  'monthly_sales',
  'monthly_product_sales',
] as const
export type ArchiveReport = (typeof ARCHIVE_REPORTS)[number]

/** Where a report reads from. */
export interface ReportFiles {
  /** Parquet files of append days. */
  events: readonly string[]
  /** CSV: currency, reporting_currency, valid_from, rate. */
  rates: string
  /** CSV: partition, offset of the events that the batch path goes on without. */
  setAside: string
  reportingCurrency: string
  /** Business days, both included. */
  from: string
  to: string
}

/** Makes the views. Rows that a path cannot count are left out, as the batch path leaves them out. */
export function reportViews({ events, rates, setAside, reportingCurrency, from, to }: ReportFiles): string {
  const files = events.map(literal).join(', ')
  return `
  create view rates as select * from read_csv(${literal(rates)}, header = false, auto_detect = false, columns = {
    currency: 'VARCHAR', reporting_currency: 'VARCHAR', valid_from: 'DATE', rate: 'DECIMAL(20,10)' });
  create view set_aside as select * from read_csv(${literal(setAside)}, header = false, auto_detect = false,
    columns = { partition: 'INTEGER', "offset": 'BIGINT' });
  create view events as
  select *, case type when 'order.placed' then 1 when 'order.voided' then -1 else 0 end as sign,
    case type when 'order.returned' then 1 else 0 end as back
  from read_parquet([${files}], hive_partitioning = false) e
  where type in ('order.placed', 'order.voided', 'order.returned') and why_indigestible is null
    and business_day between ${literal(from)} and ${literal(to)};
  create view documents as
  select store, business_day, channel, currency, customer,
    sum(sign) as orders, sum(sign * total_units) as units, sum(sign * total_gross) as gross,
    sum(sign * total_discounts) as discounts, sum(back * total_returns) as returns, sum(back) as return_documents,
    sum(back * total_units) as units_returned, sum(sign * total_tax) as tax
  from events anti join set_aside using (partition, "offset")
  group by store, business_day, channel, currency, customer;
  create view daily_totals as
  select store, business_day, channel, currency, sum(orders) as orders, sum(units) as units, sum(gross) as gross,
    sum(discounts) as discounts, sum(returns) as returns, sum(return_documents) as return_documents,
    sum(units_returned) as units_returned, sum(tax) as tax,
    count(*) filter (where customer is not null and orders > 0) as customers
  from documents group by store, business_day, channel, currency;
  create view daily_rates as
  select currency, business_day, ${literal(reportingCurrency)} as reporting_currency,
    case when currency = ${literal(reportingCurrency)} then 1::decimal(20, 10) else (
      select x.rate from rates x
      where x.currency = d.currency and x.reporting_currency = ${literal(reportingCurrency)} and x.valid_from <= d.business_day
      order by x.valid_from desc limit 1
    ) end as exchange_rate
  from (select distinct currency, business_day from daily_totals) d;
  -- Rounded half even to 1/10,000, as ref.convert_amount does.
  create macro convert_amount(amount, rate) as (
    case when abs(amount::decimal(18, 0) * rate) % 1 = 0.5
      then 2 * round((amount::decimal(18, 0) * rate * 0.5)::decimal(38, 11), 0) else round(amount::decimal(18, 0) * rate, 0) end
  )::bigint;
  create view daily_sales as
  select t.store, t.business_day, t.channel, t.currency, t.orders::bigint as orders, t.units::bigint as units,
    t.gross::bigint as gross, t.discounts::bigint as discounts, t.returns::bigint as returns,
    t.return_documents::bigint as return_documents, t.units_returned::bigint as units_returned, t.tax::bigint as tax,
    t.customers, r.reporting_currency,
    convert_amount(t.gross - t.discounts - t.returns, r.exchange_rate) as net_in_reporting_currency, r.exchange_rate
  from daily_totals t join daily_rates r on r.currency = t.currency and r.business_day = t.business_day;
  create view lines as
  select store, business_day, channel, currency, sign, back, unnest(skus) as sku, unnest(units) as units,
    unnest(unit_prices) as unit_price, unnest(amounts) as amount, unnest(coalesce(discounts, refunds)) as deduction
  from events anti join set_aside using (partition, "offset");
  create view daily_product_sales as
  select store, business_day, channel, sku, currency,
    coalesce(sum(sign * units), 0)::bigint as units,
    coalesce(sum(sign * coalesce(amount, units * unit_price)), 0)::bigint as gross,
    coalesce(sum(sign * deduction), 0)::bigint as discounts,
    coalesce(sum(deduction) filter (where back = 1), 0)::bigint as returns,
    coalesce(sum(units) filter (where back = 1), 0)::bigint as units_returned
  from lines group by store, business_day, channel, sku, currency;
  create view monthly_sales as
  with visitors as (
    select store, date_trunc('month', business_day)::date as month, channel, currency, count(*) as customers
    from (
      select store, date_trunc('month', business_day)::date as business_day, channel, currency, customer
      from documents where customer is not null
      group by all having sum(orders) > 0
    )
    group by all
  )
  select s.store, date_trunc('month', s.business_day)::date as month, s.channel, s.currency,
    sum(s.orders)::bigint as orders, sum(s.units)::bigint as units, sum(s.gross)::bigint as gross,
    sum(s.discounts)::bigint as discounts, sum(s.returns)::bigint as returns,
    sum(s.return_documents)::bigint as return_documents, sum(s.units_returned)::bigint as units_returned,
    max(s.reporting_currency) as reporting_currency,
    case when bool_and(s.net_in_reporting_currency is not null) then sum(s.net_in_reporting_currency)::bigint end
      as net_in_reporting_currency,
    coalesce(max(v.customers), 0) as customers
  from daily_sales s
  left join visitors v on v.store = s.store and v.month = date_trunc('month', s.business_day)
    and v.channel = s.channel and v.currency = s.currency
  group by 1, 2, 3, 4;
  create view monthly_product_sales as
  select p.store, date_trunc('month', p.business_day)::date as month, p.channel, p.sku, p.currency,
    sum(p.units)::bigint as units, sum(p.gross)::bigint as gross, sum(p.discounts)::bigint as discounts,
    sum(p.returns)::bigint as returns, sum(p.units_returned)::bigint as units_returned,
    max(s.reporting_currency) as reporting_currency,
    case when bool_and(convert_amount(p.gross - p.discounts - p.returns, s.exchange_rate) is not null)
      then sum(convert_amount(p.gross - p.discounts - p.returns, s.exchange_rate))::bigint end as net_in_reporting_currency
  from daily_product_sales p
  join daily_sales s on s.store = p.store and s.business_day = p.business_day and s.channel = p.channel
    and s.currency = p.currency
  group by 1, 2, 3, 4, 5`
}

/** Sales that the columns do not hold as they are, although a path counts them: of those nothing can be said here. */
export function unreadableRows({ events }: Pick<ReportFiles, 'events'>): string {
  return `
  select count(*) as rows from read_parquet([${events.map(literal).join(', ')}], hive_partitioning = false)
  where as_json is not null and why_indigestible is null
    and type in ('order.placed', 'order.voided', 'order.returned')`
}

/** A report's rows, their columns as text: store, period, then key and values of the catalogue. */
export function reportRows(report: ArchiveReport, columns: readonly string[]): string {
  const list = columns.map(column => `${column}::varchar as ${column}`).join(', ')
  return `select ${list} from ${report} order by ${columns.map((_, index) => index + 1).join(', ')}`
}
