import { type Grain, PERIOD_COLUMNS } from '#domain/calendar.ts'
import { REPORTING_CURRENCY, type ViewName } from '#domain/report-views.ts'
import type { SumName } from '#server/serving/reports/figure-expressions.ts'

/** Where a view's figures stand. */
export interface ReportSource {
  table: string
  /** The job that fills it, whose runs are the basis. */
  job: string
  /** The table's own period; a view may add several up. */
  grain: Grain
  periodColumn: string
  sums: readonly SumName[]
  hasCurrency: boolean
}

const SALES_SUMS = [
  'orders',
  'units',
  'gross',
  'discounts',
  'returns',
  'return_documents',
  'units_returned',
  'customers',
] as const satisfies readonly SumName[]

const CONVERTED_SUMS = [
  'orders',
  'units',
  'net_in_reporting_currency',
  'return_documents',
  'units_returned',
] as const satisfies readonly SumName[]

const PRODUCT_SUMS = ['units', 'gross', 'discounts', 'returns', 'units_returned'] as const

export const STOCK_SUMS = [
  'opening',
  'received',
  'sold',
  'returned',
  'adjusted',
  'transferred',
  'count_correction',
  'closing',
  'stockout_minutes',
] as const satisfies readonly SumName[]

const GRAIN_WORDS: Record<Grain, string> = { day: 'daily', week: 'weekly', month: 'monthly' }

/** Weeks and months of sales have reports of their own; returns, products and reviews are added up from days. */
export function sourceOf(
  view: ViewName,
  { grain, currency }: { grain: Grain; currency: string },
): ReportSource {
  switch (view) {
    case 'sales':
    case 'sales-by-store': {
      const job = `${GRAIN_WORDS[grain]}_sales`
      return currency === REPORTING_CURRENCY
        ? { ...source(job, grain, CONVERTED_SUMS), table: `reports.${job}`, hasCurrency: false }
        : source(job, grain, SALES_SUMS)
    }
    case 'returns':
      return source('daily_sales', 'day', SALES_SUMS)
    case 'inventory':
    case 'inventory-by-product':
      return { ...source(`${GRAIN_WORDS[grain]}_inventory`, grain, STOCK_SUMS), hasCurrency: false }
    case 'products':
    case 'categories':
    case 'returns-by-product':
      return source('daily_product_sales', 'day', PRODUCT_SUMS)
    case 'reviews':
    case 'reviews-by-product':
      return { ...source('daily_reviews', 'day', ['reviews', 'rating_sum']), hasCurrency: false }
  }
}

function source(job: string, grain: Grain, sums: readonly SumName[]): ReportSource {
  return { table: `batch.${job}`, job, grain, periodColumn: PERIOD_COLUMNS[grain], sums, hasCurrency: true }
}
