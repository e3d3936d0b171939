import { literal } from '#platform/duckdb.ts'
import { filesOf, linesOf } from '#server/log/archive/lines.ts'

/*
 * Sales from the archive, said for DuckDB. The sisters of the reports in jobs/reports, which say the same for Postgres; a
 * test holds the two together row by row. Views, each of the one before:
 *
 *   events ─┬─> documents ─> daily_totals ─> daily_sales ─> weekly_sales, monthly_sales
 *           ├─> hourly_sales
 *           └─> payments ──> monthly_tenders
 *   lines ───> daily_product_sales ─> monthly_product_sales ─> monthly_category_sales
 *
 * Amounts are integers of 1/10,000, sums of them exact (128 bits, taken back to 64, which fails rather than wraps).
 */

/** Reference data that figures are a function of beside the log; see report-reference.ts. */
export type ReportReference = 'rates' | 'clocks' | 'stores' | 'categories'

interface Source {
  /** Of a day's two files, which one it adds up: a row a document, or a row a line. */
  reads: 'documents' | 'lines'
  references: readonly ReportReference[]
  /** Its views, each after those it reads. */
  views: readonly ((files: ReportFiles) => string)[]
}

const SOURCES = {
  daily_sales: { reads: 'documents', references: ['rates'], views: [events, documents, dailySales] },
  hourly_sales: { reads: 'documents', references: ['clocks'], views: [events, hourlySales] },
  daily_product_sales: { reads: 'lines', references: [], views: [dailyProductSales] },
  weekly_sales: {
    reads: 'documents',
    references: ['rates'],
    views: [events, documents, dailySales, () => periodSales('week')],
  },
  monthly_sales: {
    reads: 'documents',
    references: ['rates'],
    views: [events, documents, dailySales, () => periodSales('month')],
  },
  monthly_product_sales: {
    reads: 'lines',
    references: ['rates'],
    views: [dailyProductSales, monthlyProductSales],
  },
  monthly_category_sales: {
    reads: 'lines',
    references: ['rates', 'categories'],
    views: [dailyProductSales, monthlyProductSales, monthlyCategorySales],
  },
  monthly_tenders: {
    reads: 'documents',
    references: ['rates', 'stores'],
    views: [events, payments, monthlyTenders],
  },
} as const satisfies Record<string, Source>

/** The reports that are computed from the archive. */
export type ArchiveReport = keyof typeof SOURCES
export const ARCHIVE_REPORTS = Object.keys(SOURCES) as ArchiveReport[]

export function sourceOf(report: ArchiveReport): Source {
  return SOURCES[report]
}

/** Where a report reads from. */
export interface ReportFiles {
  /** Files of events, of the days that are not read by their lines. */
  events: readonly string[]
  /** Files of lines. None of their events was set aside. */
  lines: readonly string[]
  reportingCurrency: string
  /** Business days, both included. */
  from: string
  to: string
}

/**
 * Makes the views that a report needs. Rows that a path cannot count are left out, as the batch path leaves them out.
 * Tables of its reference data, and `set_aside`, are there already.
 */
export function reportViews(report: ArchiveReport, files: ReportFiles): string {
  return [MACROS, ...sourceOf(report).views.map(view => view(files))].join(';')
}

// Rounded half even to 1/10,000, as ref.convert_amount does; and what is left of a whole hour, also before 1970.
const MACROS = `
  create macro convert_amount(amount, rate) as (
    case when abs(amount::decimal(18, 0) * rate) % 1 = 0.5
      then 2 * round((amount::decimal(18, 0) * rate * 0.5)::decimal(38, 11), 0) else round(amount::decimal(18, 0) * rate, 0) end
  )::bigint;
  create macro hour_part(us) as ((us % 3600000000 + 3600000000) % 3600000000)`

const sumIfKnown = (amount: string) =>
  `case when bool_and(${amount} is not null) then sum(${amount})::bigint end`

function events({ events, from, to }: ReportFiles): string {
  return `
  create view events as
  select *, case type when 'order.placed' then 1 when 'order.voided' then -1 else 0 end as sign,
    case type when 'order.returned' then 1 else 0 end as back
  from ${filesOf(events)} e anti join set_aside using (partition, "offset")
  where type in ('order.placed', 'order.voided', 'order.returned') and why_indigestible is null
    and business_day between ${literal(from)} and ${literal(to)}`
}

function documents(): string {
  return `
  create view documents as
  select store, business_day, channel, currency, customer,
    sum(sign) as orders, sum(sign * total_units) as units, sum(sign * total_gross) as gross,
    sum(sign * total_discounts) as discounts, sum(back * total_returns) as returns, sum(back) as return_documents,
    sum(back * total_units) as units_returned, sum(sign * total_tax) as tax
  from events group by store, business_day, channel, currency, customer`
}

function dailySales({ reportingCurrency }: ReportFiles): string {
  return `
  create view daily_totals as
  select store, business_day, channel, currency, sum(orders) as orders, sum(units) as units, sum(gross) as gross,
    sum(discounts) as discounts, sum(returns) as returns, sum(return_documents) as return_documents,
    sum(units_returned) as units_returned, sum(tax) as tax,
    count(*) filter (where customer is not null and orders > 0) as customers
  from documents group by store, business_day, channel, currency;
  create view daily_sales as
  select t.store, t.business_day, t.channel, t.currency, t.orders::bigint as orders, t.units::bigint as units,
    t.gross::bigint as gross, t.discounts::bigint as discounts, t.returns::bigint as returns,
    t.return_documents::bigint as return_documents, t.units_returned::bigint as units_returned, t.tax::bigint as tax,
    t.customers, ${literal(reportingCurrency)} as reporting_currency,
    convert_amount(t.gross - t.discounts - t.returns, r.rate) as net_in_reporting_currency, r.rate as exchange_rate
  from daily_totals t asof left join rates r on r.currency = t.currency and r.valid_from <= t.business_day`
}

function hourlySales(): string {
  return `
  create view hourly_sales as
  select e.store, e.business_day,
    -- the hour that the store's clocks show, at the earliest with their stretch; none of them shows it: the hour of UTC
    coalesce(
      greatest(c.starts_at, make_timestamptz(epoch_us(e.event_time) - hour_part(epoch_us(e.event_time) + c.offset_seconds * 1000000))),
      make_timestamptz(epoch_us(e.event_time) - hour_part(epoch_us(e.event_time)))) as hour_start,
    e.channel, e.currency, json_extract(e.details, '$.dateOnly') is null as hour_known, sum(sign)::bigint as orders,
    sum(sign * total_units)::bigint as units, sum(sign * total_gross)::bigint as gross,
    sum(sign * total_discounts)::bigint as discounts, sum(back * total_returns)::bigint as returns
  from events e
  left join clocks c on c.store = e.store and c.business_day = e.business_day
    and e.event_time >= c.starts_at and e.event_time < c.ends_at
  group by 1, 2, 3, 4, 5, 6`
}

/** A document counts once, however many cards paid it. */
function payments(): string {
  return `
  create view payments as
  select e.store, e.business_day, e.channel, coalesce(e.tender, 'unspecified') as tender, e.currency,
    sign + back as documents,
    sign * (total_gross - total_discounts) - back * total_returns
      + (sign - back) * coalesce(list_sum(list_transform(
          from_json(json_extract(details, '$.charges'), '[{"amount":"BIGINT"}]'), lambda charge: charge.amount)), 0)
      + case when s.tax_inclusive then 0 else sign * total_tax end as amount
  from events e
  join stores s on s.store = e.store and e.business_day >= s.valid_from and e.business_day < s.valid_to
  where e.tender is not null or json_extract(e.details, '$.tenders') is null
  union all
  select store, business_day, channel, part.type, currency, max(sign + back), max(sign - back) * sum(part.amount)
  from (
    select partition, "offset", store, business_day, channel, currency, sign, back,
      unnest(from_json(json_extract(details, '$.tenders'), '[{"type":"VARCHAR","amount":"BIGINT"}]')) as part
    from events where tender is null and json_extract(details, '$.tenders') is not null
  )
  group by partition, "offset", store, business_day, channel, currency, part.type`
}

function monthlyTenders({ reportingCurrency }: ReportFiles): string {
  return `
  create view monthly_tenders as
  select store, date_trunc('month', business_day)::date as month, channel, tender, currency,
    sum(documents)::bigint as documents, sum(amount)::bigint as amount,
    ${literal(reportingCurrency)} as reporting_currency,
    ${sumIfKnown('converted')} as amount_in_reporting_currency
  from (
    select p.*, convert_amount(p.amount, r.rate) as converted
    from (
      select store, business_day, channel, tender, currency, sum(documents) as documents, sum(amount) as amount
      from payments group by all
    ) p
    asof left join rates r on r.currency = p.currency and r.valid_from <= p.business_day
  )
  group by 1, 2, 3, 4, 5`
}

/** The days' figures added up; but customers, who may come on several days, counted over the whole period. */
function periodSales(grain: 'week' | 'month'): string {
  const name = `${grain}ly_sales`
  return `
  create view ${name} as
  with visitors as (
    select store, period, channel, currency, count(*) as customers
    from (
      select store, date_trunc('${grain}', business_day)::date as period, channel, currency, customer
      from documents where customer is not null
      group by all having sum(orders) > 0
    )
    group by all
  )
  select s.store, date_trunc('${grain}', s.business_day)::date as "${grain}", s.channel, s.currency,
    sum(s.orders)::bigint as orders, sum(s.units)::bigint as units, sum(s.gross)::bigint as gross,
    sum(s.discounts)::bigint as discounts, sum(s.returns)::bigint as returns,
    sum(s.return_documents)::bigint as return_documents, sum(s.units_returned)::bigint as units_returned,
    max(s.reporting_currency) as reporting_currency,
    ${sumIfKnown('s.net_in_reporting_currency')} as net_in_reporting_currency,
    coalesce(max(v.customers), 0) as customers
  from daily_sales s
  left join visitors v on v.store = s.store and v.period = date_trunc('${grain}', s.business_day)
    and v.channel = s.channel and v.currency = s.currency
  group by 1, 2, 3, 4`
}

const LINE_SUMS = `sum(units)::bigint as units, sum(gross)::bigint as gross, sum(discounts)::bigint as discounts,
    sum("returns")::bigint as "returns", sum(units_returned)::bigint as units_returned`

function dailyProductSales({ events, lines, from, to }: ReportFiles): string {
  const parts = [
    ...(lines.length > 0 ? [`select * from ${filesOf(lines)}`] : []),
    ...(events.length > 0
      ? [linesOf(`(select * from ${filesOf(events)} anti join set_aside using (partition, "offset"))`)]
      : []),
  ]
  return `
  create view daily_product_sales as
  select store, business_day, channel, sku, currency, ${LINE_SUMS}
  from (${parts.join(' union all ')})
  where business_day between ${literal(from)} and ${literal(to)}
  group by store, business_day, channel, sku, currency`
}

function monthlyProductSales({ reportingCurrency }: ReportFiles): string {
  return `
  create view monthly_product_sales as
  select store, date_trunc('month', business_day)::date as month, channel, sku, currency, ${LINE_SUMS},
    ${literal(reportingCurrency)} as reporting_currency, ${sumIfKnown('net')} as net_in_reporting_currency
  from (
    select p.*, convert_amount(p.gross - p.discounts - p."returns", r.rate) as net
    from daily_product_sales p asof left join rates r on r.currency = p.currency and r.valid_from <= p.business_day
  )
  group by 1, 2, 3, 4, 5`
}

function monthlyCategorySales(): string {
  return `
  create view monthly_category_sales as
  select p.store, p.month, p.channel, coalesce(c.category, 'uncategorised') as category, p.currency, ${LINE_SUMS},
    max(p.reporting_currency) as reporting_currency,
    ${sumIfKnown('p.net_in_reporting_currency')} as net_in_reporting_currency
  from monthly_product_sales p left join categories c on c.sku = p.sku
  group by 1, 2, 3, 4, 5`
}

/** A report's rows, their columns as text, ordered by those that tell them apart. */
export function reportRows(
  report: ArchiveReport,
  { columns, keys }: { columns: readonly string[]; keys: readonly string[] },
): string {
  const list = columns.map(column => `"${column}"::varchar as "${column}"`).join(', ')
  return `select ${list} from ${report} order by ${keys.map(key => `"${key}"`).join(', ')}`
}
