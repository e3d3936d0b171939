import type { Reading } from '#db/transaction.ts'
import { addDays } from '#domain/calendar.ts'
import { inStores } from '#server/serving/scope.ts'
import type { AuditScope, FoundRow } from './findings.ts'

/**
 * Restricts `e`, the log, to the business days and stores of the scope. No event is appended before it
 * happened (two minutes of clock skew aside), and a business day begins at most a day before its date does
 * in UTC: earlier days of the log are left out.
 */
export function inLogOf(reading: Reading, scope: AuditScope) {
  return reading`
    e.business_day between ${scope.from} and ${scope.to}
    and e.appended_at >= ${Date.parse(`${addDays(scope.from, -2)}T00:00:00Z`)}
    ${inStores(reading, scope, 'e.store')}`
}

/**
 * Leaves out of `e`, the log, what a path has set aside: its rows are to be those of the other events. That the event is
 * not in them is a finding of its own (set-aside.ts). A condition on the row as it is read, not a join: nothing is worked
 * out of a row that nobody can count.
 * @param generation of the stream's; null: the active one
 */
export function isCounted(reading: Reading, path: 'batch' | 'stream', generation: number | null = null) {
  return path === 'batch'
    ? reading`(e.partition, e."offset") not in (select partition, "offset" from batch.set_aside)`
    : reading`(e.partition, e."offset") not in (
        select partition, "offset" from stream.set_aside
        where generation = coalesce(${generation}::integer, (select generation from stream.active_generation)))`
}

/** The sales of the scope that a path counts, with `sign` (+1 placed, -1 voided, 0 returned) and `returned`. */
export function salesOf(
  reading: Reading,
  scope: AuditScope,
  path: 'batch' | 'stream',
  generation: number | null = null,
) {
  return reading`${allSalesOf(reading, scope)} and ${isCounted(reading, path, generation)}`
}

/** `salesOf`, whatever either path makes of them. */
export function allSalesOf(reading: Reading, scope: AuditScope) {
  return reading`
    select e.*, case e.type when 'order.placed' then 1 when 'order.voided' then -1 else 0 end as sign,
      e.type = 'order.returned' as returned
    from log.event_log e
    where e.type in ('order.placed', 'order.voided', 'order.returned') and ${inLogOf(reading, scope)}`
}

/**
 * The figures that add up, from the header totals of `salesOf`, named `e`. Added up as bigint, which
 * fails rather than wraps: sum() would keep a numeric state per group, which took half of an audit's time.
 */
export function salesSums(reading: Reading) {
  return reading`
    batch.exact_sum(e.sign) as orders, batch.exact_sum(e.sign * e.total_units) as units,
    batch.exact_sum(e.sign * e.total_gross) as gross, batch.exact_sum(e.sign * e.total_discounts) as discounts,
    batch.exact_sum(e.total_returns) as returns, count(*) filter (where e.returned) as return_documents,
    batch.exact_sum(e.total_units) filter (where e.returned) as units_returned`
}

/** `salesSums` of rows that have been added up before, by customer. */
export function sumsOfSums(reading: Reading) {
  return reading`
    batch.exact_sum(orders) as orders, batch.exact_sum(units) as units, batch.exact_sum(gross) as gross,
    batch.exact_sum(discounts) as discounts, batch.exact_sum(returns) as returns,
    batch.exact_sum(return_documents) as return_documents, batch.exact_sum(units_returned) as units_returned`
}

/** The columns of `salesSums`. */
export const SALES_COUNTS = ['orders', 'units', 'return_documents', 'units_returned'] as const
export const SALES_MONEY = ['gross', 'discounts', 'returns'] as const

/** The runs whose rows stand in a job's report for the days of the scope. */
export function runsOf(reading: Reading, scope: AuditScope, job: string) {
  return reading`
    select r.store, r.period as business_day, r.through_offset as through
    from batch.current_runs r
    where r.job = ${job} and r.period between ${scope.from} and ${scope.to} ${inStores(reading, scope, 'r.store')}`
}

/** The rows of a daily report table in the scope. */
export function storedRows(reading: Reading, scope: AuditScope, table: string) {
  return reading`
    select * from ${reading(table)} t
    where t.business_day between ${scope.from} and ${scope.to} ${inStores(reading, scope, 't.store')}`
}

export interface Comparison {
  /** Columns that name a row in both `stored` and `expected`. */
  key: readonly string[]
  counts: readonly string[]
  /** In 1/10,000; told as decimals. */
  money: readonly string[]
  /** The stored rows decide which there are: what `expected` has no row of is expected to be 0. */
  absentIsZero?: boolean
}

/**
 * Compares the common table expressions `stored` and `expected` of a statement row by row: one answer per
 * column that differs, or one for the whole row where only one side has it. All names are constants of this
 * folder, so they go into the statement as text.
 */
export function compareRows(reading: Reading, { key, counts, money, absentIsZero = false }: Comparison) {
  const first = key[0]
  const expected = (name: string) => (absentIsZero ? `coalesce(e.${name}, 0)` : `e.${name}`)
  const hasBoth = absentIsZero ? 'true' : `s.${first} is not null and e.${first} is not null`
  const wholeRow = `('row', case when s.${first} is not null then 1 end::numeric, case when e.${first} is not null then 1 end::numeric)`
  const values = [
    ...(absentIsZero ? [] : [wholeRow]),
    ...counts.map(name => `('${name}', s.${name}::numeric, ${expected(name)}::numeric)`),
    ...money.map(name => `('${name}', s.${name} * 0.0001, ${expected(name)} * 0.0001)`),
  ]
  const differing = [...counts, ...money].map(name => `s.${name} is distinct from ${expected(name)}`)
  return reading.unsafe(`
    select jsonb_build_object(${key.map(name => `'${name}', coalesce(s.${name}, e.${name})`).join(', ')}) as "rowKey",
      m.metric, m.stored, m.expected
    from stored s ${absentIsZero ? 'left' : 'full'} join expected e on ${key.map(name => `s.${name} = e.${name}`).join(' and ')}
    cross join lateral (values ${values.join(', ')}) m(metric, stored, expected)
    -- Nearly all rows agree: they are not taken apart.
    where (${[`not (${hasBoth})`, ...differing].join(' or ')})
      and case when ${hasBoth} then m.stored is distinct from m.expected else m.metric = 'row' end
    order by ${key.map(name => `coalesce(s.${name}, e.${name})`).join(', ')}, m.metric
    limit ${MAX_FOUND}`)
}

/** What an audit's statement answers; values are numeric text, money as decimals. */
export type FoundColumns = Pick<FoundRow, 'rowKey' | 'metric' | 'stored' | 'expected'>

/** Most rows one relation is reported with: whoever has more has lost the table, not a row. */
export const MAX_FOUND = 1_000

/** The metric that stands for the row itself: stored 1 where it is there, expected 1 where it should be. */
export const WHOLE_ROW = 'row'

export function found(path: FoundRow['path'], relation: string, rows: readonly FoundColumns[]): FoundRow[] {
  return rows.map(({ rowKey, metric, stored, expected }) => ({
    kind: 'audit row',
    path,
    relation,
    rowKey,
    metric,
    stored,
    expected,
    detail: null,
  }))
}
