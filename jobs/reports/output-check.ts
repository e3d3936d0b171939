import type { Fragment, Transaction } from '#db/transaction.ts'
import type { BusinessDay } from '#domain/calendar.ts'
import { keyColumns, type OutputCheck, type Report, type StagedRows } from './report.ts'

export interface Fault {
  store: string
  period: BusinessDay
  problem: string
}

/** Runs every check of a report. */
export async function findFaults(report: Report, staged: StagedRows): Promise<Fault[]> {
  const { sql } = staged
  const checks = [hasUniqueRows, ...(report.isGrowing ? [hasNoFewerRows] : []), ...(report.checks ?? [])]
  const faults: Fault[] = []
  for (const check of checks) faults.push(...(await sql<Fault[]>`${check(staged)}`))
  return faults
}

/** The table's key would refuse a second row too, but the whole set with it. */
function hasUniqueRows({ sql, report }: StagedRows): Fragment {
  const columns = sql(keyColumns(report))
  return sql`
    select store, ${sql(report.periodColumn)} as period, count(*) || ' rows of one key: ' || (${columns})::text as problem
    from staged group by ${columns} having count(*) > 1`
}

/**
 * The log only grows, and keys with it: fewer rows than the last run of the same code means a loss. Unless that
 * run covered days that this one does not: asked for by hand, a month takes in a day that has not ended.
 */
function hasNoFewerRows({ sql, report, slots }: StagedRows): Fragment {
  const coversAsMuch =
    report.grain === 'day'
      ? sql`true`
      : sql`not exists (
          select from jsonb_each(c.inputs) input, jsonb_object_keys(input.value) covered(day)
          where covered.day <> '' and not slot.days::jsonb ? covered.day)`
  return sql`
    with counted as (
      select store, ${sql(report.periodColumn)} as period, count(*) as rows from staged group by 1, 2
    )
    select slot.store, slot.period,
      coalesce(counted.rows, 0) || ' rows, where run ' || c.run_id || ' had ' || c.row_count as problem
    from ${slots()}
    join batch.current_runs c on c.job = ${report.name} and c.store = slot.store and c.period = slot.period
      and c.code_version = ${report.version}
    left join counted on counted.store = slot.store and counted.period = slot.period
    where coalesce(counted.rows, 0) < c.row_count and ${coversAsMuch}`
}

/**
 * Whether the rows add up to what another report says of the same days, channel by channel, when both have
 * read the same of them.
 * @param columns summed here, and stored under the same names there
 */
export function addsUpTo(other: string, columns: readonly string[]): OutputCheck {
  return ({ sql, report, slots }) => {
    const sums = columns.map(column => sql`sum(${sql(column)})::bigint as ${sql(column)}`)
    return sql`
      with comparable as (
        select slot.store, slot.period
        from ${slots()}
        join batch.current_runs r on r.job = ${other} and r.store = slot.store and r.period = slot.period
        left join batch.day_head h on h.store = slot.store and h.business_day = slot.period
        -- at equal offsets, or with nothing of the day between them
        where r.through_offset = slot.through_offset
          or h.last_offset <= least(r.through_offset, slot.through_offset)
      ),
      mine as (
        select store, ${sql(report.periodColumn)} as period, channel, currency, ${joined(sql, sums)}
        from staged group by 1, 2, 3, 4
      ),
      theirs as (
        select o.store, o.business_day as period, o.channel, o.currency, ${joined(
          sql,
          columns.map(column => sql`o.${sql(column)}`),
        )}
        from ${sql(`batch.${other}`)} o
        join comparable on comparable.store = o.store and comparable.period = o.business_day
      )
      select comparable.store, comparable.period, format(
        'does not add up to %s (%s, %s): %s here, %s there', ${other}::text, channel, currency, to_jsonb(mine) - ${KEY}::text[], to_jsonb(theirs) - ${KEY}::text[]) as problem
      from mine full join theirs using (store, period, channel, currency)
      join comparable using (store, period)
      where (${joined(
        sql,
        columns.map(column => sql`mine.${sql(column)}`),
      )})
        is distinct from (${joined(
          sql,
          columns.map(column => sql`theirs.${sql(column)}`),
        )})`
  }
}

const KEY = ['store', 'period', 'channel', 'currency']

function joined(sql: Transaction, parts: readonly Fragment[]): Fragment {
  return parts.reduce((left, right) => sql`${left}, ${right}`)
}
