import type { SumName } from '#server/serving/reports/figure-expressions.ts'

/**
 * How rows of a report's table `t` add up to `name`. Stock levels do not add up over time: a range opened with
 * each store's first period and closed with its last (`bounds`). A product whose stock became known in between
 * opened with zero, so the equation holds for the range too. An amount without an exchange rate makes the sum
 * unknown, not smaller.
 */
export function sumExpression(name: SumName): string {
  switch (name) {
    case 'opening':
      return level('opening', 'first_period')
    case 'closing':
      return level('closing', 'last_period')
    case 'net_in_reporting_currency':
      return 'case when bool_and(t.net_in_reporting_currency is not null) then sum(t.net_in_reporting_currency) else case when count(*) = 0 then 0 end end'
    default:
      return `coalesce(sum(t.${name}), 0)`
  }
}

function level(name: 'opening' | 'closing', bound: string): string {
  return `coalesce(case when grouping(p.period) = 1 then sum(t.${name}) filter (where p.period = bounds.${bound}) else sum(t.${name}) end, 0)`
}
