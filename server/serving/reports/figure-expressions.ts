import type { FigureName } from '#domain/report-views.ts'

/** Columns that add up: what a report's table holds and every figure is computed from. */
export type SumName =
  | 'orders'
  | 'units'
  | 'gross'
  | 'discounts'
  | 'returns'
  | 'return_documents'
  | 'units_returned'
  | 'customers'
  | 'net_in_reporting_currency'
  | 'opening'
  | 'received'
  | 'sold'
  | 'returned'
  | 'adjusted'
  | 'transferred'
  | 'count_correction'
  | 'closing'
  | 'stockout_minutes'
  | 'reviews'
  | 'rating_sum'

const money = (expression: string) => `((${expression}) * 0.0001)::numeric(20, 4)`
const percent = (part: string, whole: string) =>
  `case when ${whole} > 0 then round(100 * (${part})::numeric / (${whole}), 2) end`

/**
 * Each figure in SQL, over sums whose columns begin with `c`. Constants of this file: nothing a user says gets
 * into them. Averages and rates are taken of sums, so a total's is never an average of averages.
 */
const EXPRESSIONS: Partial<Record<FigureName, (c: string) => string>> = {
  gross: c => money(`${c}gross`),
  discounts: c => money(`${c}discounts`),
  returns: c => money(`${c}returns`),
  net: c => money(`${c}gross - ${c}discounts - ${c}returns`),
  average_order_value: c =>
    `case when ${c}orders > 0 then round((${c}gross - ${c}discounts) * 0.0001 / ${c}orders, 4) end`,
  returns_rate: c => percent(`${c}units_returned`, `${c}units`),
  refund_rate: c => percent(`${c}returns`, `${c}gross - ${c}discounts`),
  share_of_net: c => percent(`${c}gross - ${c}discounts - ${c}returns`, `${c}all_net`),
  average_rating: c => `case when ${c}reviews > 0 then round(${c}rating_sum::numeric / ${c}reviews, 4) end`,
}

/** A figure in SQL, as exact text. @param prefix of the sums' columns, e.g. `before_` */
export function figureExpression(name: FigureName, prefix = ''): string {
  const expression = EXPRESSIONS[name]
  return `(${expression ? expression(prefix) : `${prefix}${name}`})`
}
