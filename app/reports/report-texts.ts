import type { ReportName } from '#app/reports/url-state.ts'
import { type FigureName, REPORTING_CURRENCY, type ViewName } from '#domain/report-views.ts'

export const REPORT_TITLES: Record<ReportName, string> = {
  sales: 'Sales',
  inventory: 'Inventory',
  products: 'Products',
  returns: 'Returns',
  reviews: 'Reviews',
}

/** Titles of the cards; those by period say the period after it. */
export const VIEW_TITLES: Record<ViewName, string> = {
  sales: 'Sales',
  'sales-by-store': 'Sales by store',
  inventory: 'Inventory',
  'inventory-by-product': 'Inventory by product',
  products: 'Products',
  categories: 'Categories',
  returns: 'Returns',
  'returns-by-product': 'Returns by product',
  reviews: 'Reviews',
  'reviews-by-product': 'Reviews by product',
}

/** The figures that stand above a report, of its first table. */
export function tilesOf(report: ReportName, currency: string): readonly FigureName[] {
  switch (report) {
    case 'sales':
      return currency === REPORTING_CURRENCY
        ? ['net_in_reporting_currency', 'orders', 'units', 'units_returned']
        : ['net', 'orders', 'average_order_value', 'returns']
    case 'products':
      return ['net', 'units', 'discounts', 'returns_rate']
    case 'returns':
      return ['returns', 'return_documents', 'units_returned', 'returns_rate']
    case 'reviews':
      return ['reviews', 'average_rating']
    case 'inventory':
      return []
  }
}
