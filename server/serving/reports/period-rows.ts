import type { Reading } from '#db/transaction.ts'
import type { FigureName } from '#domain/report-views.ts'
import { changeOf, compareDecimals } from '#server/serving/reports/change.ts'
import { figureExpression, type SumName } from '#server/serving/reports/figure-expressions.ts'
import { type DayRange, periodsIn } from '#server/serving/reports/periods.ts'
import type { ReportPlan } from '#server/serving/reports/report-plan.ts'
import { type RunsOfPeriod, runsByPeriod, storeBounds } from '#server/serving/reports/report-runs.ts'
import type { Figures, ReportRow } from '#server/serving/reports/report-shapes.ts'
import { type StoreDayState, settleBy } from '#server/serving/reports/settlement.ts'
import { knownSum, storePeriods } from '#server/serving/reports/store-periods.ts'

/** The figures of one range: each period's, and of all of it. Null where no run has covered a period. */
export interface PeriodFigures {
  periods: ReadonlyMap<string, Figures | null>
  totals: Figures
}

type Row = Record<string, string | null> & { period: string | null }

/** Reads a report by period. A period that a run has covered and that has no rows sold nothing: zero. */
export async function readPeriods(
  reading: Reading,
  plan: ReportPlan,
  { range, runs }: { range: DayRange; runs: readonly RunsOfPeriod[] },
): Promise<PeriodFigures> {
  const { source, request, figures } = plan
  const { grain } = request
  const periods = periodsIn(range, grain)
  const bounds = storeBounds(runs)
  const rows = await reading<Row[]>`
    with ${storePeriods(reading, plan, { range })},
    bounds as (
      select * from unnest(
        ${bounds.map(({ store }) => store)}::text[], ${bounds.map(own => own.range.from)}::date[],
        ${bounds.map(own => own.range.to)}::date[]
      ) as bounds(store, first_period, last_period)
    ),
    sums as (
      select s.period, grouping(s.period) = 1 as is_total,
        ${reading.unsafe(source.sums.map(periodSum).join(', '))}
      from store_periods s join bounds on bounds.store = s.store
      group by grouping sets ((s.period), ())
    ),
    asked as (
      select period, false as is_total from unnest(${periods}::date[]) as asked(period)
      union all select null, true
    ),
    filled as (
      select asked.period, ${reading.unsafe(
        source.sums
          .map(name => `case when sums.is_total is null then 0 else sums.${name} end as ${name}`)
          .join(', '),
      )}
      from asked
      left join sums on sums.is_total = asked.is_total and sums.period is not distinct from asked.period
    )
    select period::text, ${reading.unsafe(
      figures.map(name => `${figureExpression(name)}::text as ${name}`).join(', '),
    )}
    from filled`
  const covered = runsByPeriod(runs, grain)
  const total = rows.find(row => row.period === null)
  return {
    periods: new Map(
      rows.flatMap(row =>
        row.period === null ? [] : [[row.period, covered.has(row.period) ? pick(row, figures) : null]],
      ),
    ),
    totals:
      runs.length === 0 || !total
        ? {}
        : pick(
            total,
            figures.filter(name => name !== 'customers'),
          ),
  }
}

/** One row a period, in the order asked for; the n-th beside the n-th of the range compared with. */
export function periodRows(
  plan: ReportPlan,
  { now, before, days }: { now: PeriodFigures; before: PeriodFigures | null; days: readonly StoreDayState[] },
): ReportRow[] {
  const { request, range, compared, metric, sort } = plan
  const { grain } = request
  const settlements = settleBy(days, { grain, byStore: false })
  const runs = runsByPeriod(plan.runs, grain)
  const others = compared ? periodsIn(compared, grain) : []
  const rows = periodsIn(range, grain).map((period, index): ReportRow => {
    const figures = now.periods.get(period) ?? {}
    const comparedPeriod = others[index] ?? null
    const other = comparedPeriod === null ? null : before?.periods.get(comparedPeriod)
    const newest = runs.get(period)?.reduce((one, run) => (run.runId > one.runId ? run : one))
    return {
      key: { period },
      figures,
      ...changeOf(figures[metric] ?? null, other?.[metric] ?? null),
      settlement: settlements.get(period) ?? null,
      runId: newest?.runId ?? null,
      computedAt: newest?.computedAt ?? null,
      comparedPeriod,
    }
  })
  return rows.sort(
    (one, other) =>
      compareRows(one, other, sort) || ((one.key.period ?? '') < (other.key.period ?? '') ? -1 : 1),
  )
}

function compareRows(one: ReportRow, other: ReportRow, { by, descending }: ReportPlan['sort']): number {
  if (by === 'key') {
    return ((one.key.period ?? '') < (other.key.period ?? '') ? -1 : 1) * (descending ? -1 : 1)
  }
  return compareDecimals(sortValue(one, by), sortValue(other, by), descending)
}

function sortValue(row: ReportRow, by: string): string | null {
  if (by === 'before') return row.before
  if (by === 'change') return row.change
  return row.figures[by as FigureName] ?? null
}

/**
 * How store-periods `s` add up. Stock levels do not add up over time: a range opened with each store's first
 * period and closed with its last (`bounds`). A product whose stock became known in between opened with zero,
 * so the equation holds for the range too.
 */
function periodSum(name: SumName): string {
  switch (name) {
    case 'opening':
      return level(name, 'first_period')
    case 'closing':
      return level(name, 'last_period')
    case 'net_in_reporting_currency':
      return knownSum(name)
    default:
      return `coalesce(sum(s.${name}), 0) as ${name}`
  }
}

function level(name: SumName, bound: string): string {
  const total = `sum(s.${name}) filter (where s.period = bounds.${bound})`
  return `coalesce(case when grouping(s.period) = 1 then ${total} else sum(s.${name}) end, 0) as ${name}`
}

function pick(row: Row, figures: readonly FigureName[]): Figures {
  return Object.fromEntries(figures.map(name => [name, row[name] ?? null]))
}
