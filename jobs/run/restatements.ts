import type { BusinessDay } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import { type Position, RULES_VERSION } from '#domain/log-event.ts'
import { MEASURE_COLUMNS, MEASURES_BY_COLUMN } from '#domain/measures.ts'
import { formatAmount } from '#domain/money.ts'
import { WITHDRAWN } from '#jobs/planner/set-aside.ts'
import type { StagedRows } from '#jobs/reports/report.ts'

/** What a row's figures were told under: no figures themselves. */
const CONDITIONS = new Set(['reporting_currency', 'exchange_rate'])

const COUNTS = new Set<string>([
  'customers',
  ...MEASURE_COLUMNS.filter(column => MEASURES_BY_COLUMN[column].kind === 'count'),
])

interface Change {
  runId: number
  store: string
  businessDay: BusinessDay
  channel: string
  currency: string
  metric: string
  /** Null: not known, for want of an exchange rate. */
  oldValue: number | null
  newValue: number | null
  conversions: Conversions
  /** Of the run that stood. */
  codeVersion: string
  rulesVersion: number
  throughOffset: number
  throughAppendedAt: Instant
}

/** How a published row was converted, and how it is now; null where there was none, or is none. */
interface Conversions {
  before: Conversion | null
  now: Conversion | null
}

interface Conversion {
  into: string
  /** As text, without zeros at its end; null: none was known. */
  rate: string | null
}

const CONVERTED = 'net_in_reporting_currency'

/** Sales documents that a published day did not have when it was published, by how they came and what they are. */
interface Arrivals {
  /** Live events, which came after the day's figures were out. */
  late: number
  /** From files and journals. */
  bulk: number
  orders: number
  voids: number
  returns: number
}

/** Writes down, figure by figure, how the staged rows differ from what closed days have published, and why. */
export async function recordRestatements(
  staged: StagedRows,
  { basis }: { basis: readonly Position[] },
): Promise<void> {
  const changes = await findChanges(staged)
  if (changes.length === 0) return
  const arrivals = await countArrivals(staged, { changes, basis })
  const causes = changes.map(change =>
    describeCause({
      arrivals: arrivals.get(cellOf(change)),
      codeVersions: [change.codeVersion, staged.report.version],
      rulesVersions: [change.rulesVersion, RULES_VERSION],
      // The rate moves what is converted and nothing else.
      rateChange: change.metric === CONVERTED ? describeRateChange(change) : null,
    }),
  )
  await staged.sql`
    insert into batch.restatements (business_day, store, channel, currency, metric, old_value, new_value, cause, run_id)
    select * from unnest(
      ${changes.map(change => change.businessDay)}::date[], ${changes.map(change => change.store)}::text[],
      ${changes.map(change => change.channel)}::text[], ${changes.map(change => change.currency)}::text[],
      ${changes.map(change => change.metric)}::text[],
      ${changes.map(change => decimal(change.metric, change.oldValue))}::numeric[],
      ${changes.map(change => decimal(change.metric, change.newValue))}::numeric[],
      ${causes}::text[], ${changes.map(change => change.runId)}::bigint[])`
}

async function findChanges({ sql, report, slots }: StagedRows): Promise<Change[]> {
  const metrics = report.values
    .filter(column => !CONDITIONS.has(column))
    // Net after those that make it up.
    .flatMap(column => (column === 'returns' ? ['returns', 'net'] : [column]))
  return sql<Change[]>`
    with closed as (
      select slot.run_id, slot.store as of_store, slot.period as of_day, c.code_version, c.rules_version, c.through_offset,
        c.through_appended_at
      from ${slots()}
      join batch.closed_days d on d.store = slot.store and d.business_day = slot.period
      join batch.current_runs c on c.job = ${report.name} and c.store = slot.store and c.period = slot.period
    ),
    published as (
      select p.*, p.gross - p.discounts - p.returns as net
      from closed join batch.daily_sales p on p.store = of_store and p.business_day = of_day
    ),
    computed as (
      select s.*, s.gross - s.discounts - s.returns as net
      from closed join staged s on s.store = of_store and s.business_day = of_day
    )
    select closed.run_id as "runId", store, business_day as "businessDay", channel, currency, figure.metric,
      figure.old_value as "oldValue", figure.new_value as "newValue",
      jsonb_build_object(
        'before', case when p.store is not null then
          jsonb_build_object('into', p.reporting_currency, 'rate', trim_scale(p.exchange_rate)::text) end,
        'now', case when c.store is not null then
          jsonb_build_object('into', c.reporting_currency, 'rate', trim_scale(c.exchange_rate)::text) end
      ) as conversions, closed.code_version as "codeVersion",
      closed.rules_version as "rulesVersion", closed.through_offset as "throughOffset",
      closed.through_appended_at as "throughAppendedAt"
    from published p full join computed c using (store, business_day, channel, currency)
    join closed on of_store = store and of_day = business_day
    cross join lateral (
      -- A row that is not there sold nothing; one without an exchange rate sold something that is not known.
      select metric, case when p.store is null then 0 else (to_jsonb(p) ->> metric)::bigint end,
        case when c.store is null then 0 else (to_jsonb(c) ->> metric)::bigint end
      from unnest(${metrics}::text[]) metric
    ) as figure(metric, old_value, new_value)
    where figure.old_value is distinct from figure.new_value
      -- Within the reporting currency it is net itself, which is told.
      and not (figure.metric = ${CONVERTED} and currency = coalesce(p.reporting_currency, c.reporting_currency)
        and currency = coalesce(c.reporting_currency, p.reporting_currency))
    order by store, business_day, channel, currency`
}

/** The sales documents that came since the published runs, by cell. Reads the log from the oldest of those runs on. */
async function countArrivals(
  { sql }: StagedRows,
  { changes, basis }: { changes: readonly Change[]; basis: readonly Position[] },
): Promise<Map<string, Arrivals>> {
  const days = [...new Map(changes.map(change => [`${change.store} ${change.businessDay}`, change])).values()]
  const since = Math.min(...days.map(day => day.throughAppendedAt))
  const rows = await sql<(Arrivals & Pick<Change, 'store' | 'businessDay' | 'channel' | 'currency'>)[]>`
    select e.store, e.business_day as "businessDay", e.channel, e.currency,
      count(*) filter (where e.class = 'live') as late, count(*) filter (where e.class = 'bulk') as bulk,
      count(*) filter (where e.type = 'order.placed') as orders,
      count(*) filter (where e.type = 'order.voided') as voids,
      count(*) filter (where e.type = 'order.returned') as returns
    from log.event_log e
    join unnest(
      ${days.map(day => day.store)}::text[], ${days.map(day => day.businessDay)}::date[],
      ${days.map(day => day.throughOffset)}::bigint[]
    ) as day(store, business_day, through_offset) on day.store = e.store and day.business_day = e.business_day
    where e.appended_at >= ${since} and e."offset" > day.through_offset
      and e."offset" <= (${basis.map(({ offset }) => offset)}::bigint[])[e.partition + 1]
      and e.type in ('order.placed', 'order.voided', 'order.returned')
    group by e.store, e.business_day, e.channel, e.currency`
  return new Map(rows.map(row => [cellOf(row), row]))
}

function cellOf(cell: Pick<Change, 'store' | 'businessDay' | 'channel' | 'currency'>): string {
  return [cell.store, cell.businessDay, cell.channel, cell.currency].join('\n')
}

function decimal(metric: string, value: number | null): string | null {
  if (value === null) return null
  return COUNTS.has(metric) ? String(value) : formatAmount(value)
}

/**
 * Why a published figure changed, as a sentence: '2 late, 1 bulk (2 orders, 1 return)'.
 * @param codeVersions of the report before and now; rules versions likewise
 * @param rateChange how the exchange rate of its day has changed, where the figure depends on it
 */
export function describeCause(change: {
  arrivals: Arrivals | undefined
  codeVersions: readonly [before: string, now: string]
  rulesVersions: readonly [before: number, now: number]
  rateChange?: string | null
}): string {
  const { arrivals, codeVersions, rulesVersions, rateChange } = change
  const causes: string[] = []
  if (arrivals) {
    const ways = [count(arrivals.late, 'late'), count(arrivals.bulk, 'bulk')].filter(text => text !== '')
    const kinds = [
      count(arrivals.orders, plural(arrivals.orders, 'order')),
      count(arrivals.voids, plural(arrivals.voids, 'void')),
      count(arrivals.returns, plural(arrivals.returns, 'return')),
    ].filter(text => text !== '')
    if (ways.length > 0) causes.push(`${ways.join(', ')} (${kinds.join(', ')})`)
  }
  if (rateChange) causes.push(rateChange)
  if (codeVersions[0] === WITHDRAWN) causes.push('an event was set aside or taken back')
  else if (codeVersions[0] !== codeVersions[1])
    causes.push(`code version ${codeVersions[0]} → ${codeVersions[1]}`)
  if (rulesVersions[0] !== rulesVersions[1])
    causes.push(`rules version ${rulesVersions[0]} → ${rulesVersions[1]}`)
  return causes.length > 0 ? causes.join('; ') : 'the stored rows did not match the log'
}

function describeRateChange({ currency, conversions: { before, now } }: Change): string | null {
  if (before === null || now === null) return null
  if (before.into !== now.into) return `reporting currency ${before.into} → ${now.into}`
  if (before.rate === now.rate) return null
  return `exchange rate ${currency} → ${now.into}: ${before.rate ?? 'none'} → ${now.rate ?? 'none'}`
}

function count(number: number, name: string): string {
  return number > 0 ? `${number} ${name}` : ''
}

function plural(number: number, name: string): string {
  return number === 1 ? name : `${name}s`
}
