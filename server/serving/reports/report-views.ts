import type { FigureName } from '#server/serving/reports/report-figures.ts'

export const GRAINS = ['day', 'week', 'month'] as const
export type Grain = (typeof GRAINS)[number]

export const COMPARISONS = ['none', 'before', 'four-weeks', 'year'] as const
export type Comparison = (typeof COMPARISONS)[number]

/** Asks for amounts of all currencies in the reporting currency, where a report holds them. */
export const REPORTING_CURRENCY = 'all'

export const VIEW_NAMES = [
  'sales',
  'sales-by-store',
  'inventory',
  'inventory-by-product',
  'products',
  'categories',
  'returns',
  'returns-by-product',
  'reviews',
  'reviews-by-product',
] as const
export type ViewName = (typeof VIEW_NAMES)[number]

/** What a row is found by: its period, or columns of the database. */
export type RowKey = 'period' | 'store' | 'sku' | 'category'

export interface ReportView {
  grains: readonly Grain[]
  /** What a row stands for. A view by period alone has one row a period, whether anything happened or not. */
  keys: readonly RowKey[]
  /** Has amounts, and so rows of one currency only. */
  isMoney: boolean
  figures: (grain: Grain) => readonly FigureName[]
  /** The figure it is ranked and compared by, unless asked otherwise. */
  metric: FigureName
  /** Whether it can stand beside another range. */
  isCompared: boolean
}

const STOCK_MOVES = [
  'opening',
  'received',
  'sold',
  'returned',
  'adjusted',
  'transferred',
  'count_correction',
  'closing',
  'stockout_minutes',
] as const

const STOCK_RATIOS = ['average_on_hand', 'turnover', 'sell_through', 'days_of_cover', 'abc_class'] as const

const SALES = [
  'orders',
  'units',
  'gross',
  'discounts',
  'returns',
  'net',
  'average_order_value',
  'return_documents',
  'units_returned',
] as const

const PRODUCT_SALES = [
  'units',
  'gross',
  'discounts',
  'returns',
  'net',
  'share_of_net',
  'units_returned',
  'returns_rate',
] as const

export const VIEWS: Record<ViewName, ReportView> = {
  sales: view({ grains: GRAINS, keys: ['period'], figures: () => [...SALES, 'customers'], metric: 'net' }),
  'sales-by-store': view({ grains: GRAINS, keys: ['store'], figures: () => SALES, metric: 'net' }),
  inventory: view({
    grains: ['day', 'month'],
    keys: ['period'],
    isMoney: false,
    figures: () => STOCK_MOVES,
    metric: 'closing',
  }),
  'inventory-by-product': view({
    grains: ['day', 'month'],
    keys: ['period', 'store', 'sku'],
    isMoney: false,
    figures: grain => (grain === 'month' ? [...STOCK_MOVES, ...STOCK_RATIOS] : STOCK_MOVES),
    metric: 'closing',
    isCompared: false,
  }),
  products: view({ keys: ['sku'], figures: () => PRODUCT_SALES, metric: 'net' }),
  categories: view({ keys: ['category'], figures: () => PRODUCT_SALES, metric: 'net' }),
  returns: view({
    grains: GRAINS,
    keys: ['period'],
    figures: () => ['return_documents', 'units_returned', 'returns', 'refund_rate', 'units', 'returns_rate'],
    metric: 'returns',
  }),
  'returns-by-product': view({
    grains: GRAINS,
    keys: ['sku'],
    figures: () => ['units_returned', 'returns', 'units', 'returns_rate'],
    metric: 'returns',
  }),
  reviews: view({
    grains: GRAINS,
    keys: ['period'],
    isMoney: false,
    figures: () => ['reviews', 'average_rating'],
    metric: 'average_rating',
  }),
  'reviews-by-product': view({
    grains: GRAINS,
    keys: ['sku'],
    isMoney: false,
    figures: () => ['reviews', 'average_rating'],
    metric: 'reviews',
  }),
}

function view(part: Partial<ReportView> & Pick<ReportView, 'keys' | 'figures' | 'metric'>): ReportView {
  return { grains: ['day'], isMoney: true, isCompared: true, ...part }
}

/** The figures of a view. In the reporting currency only what adds up over currencies. */
export function figuresOf(
  name: ViewName,
  { grain, currency }: { grain: Grain; currency: string },
): readonly FigureName[] {
  if (currency === REPORTING_CURRENCY && VIEWS[name].isMoney) {
    return ['orders', 'units', 'net_in_reporting_currency', 'return_documents', 'units_returned']
  }
  return VIEWS[name].figures(grain)
}

/** The figure a view is compared by when nothing else is asked. */
export function defaultMetric(name: ViewName, currency: string): FigureName {
  const { metric, isMoney } = VIEWS[name]
  return isMoney && currency === REPORTING_CURRENCY ? 'net_in_reporting_currency' : metric
}

/** Whether a view holds amounts in the reporting currency: weeks and months of sales do. */
export function hasReportingCurrency(name: ViewName, grain: Grain): boolean {
  return (name === 'sales' || name === 'sales-by-store') && grain !== 'day'
}

/** One row a period, all of them at once; others come page by page. */
export function isByPeriod(name: ViewName): boolean {
  const { keys } = VIEWS[name]
  return keys.length === 1 && keys[0] === 'period'
}

/** The column that holds a period, as schema `reports` names it. */
export const PERIOD_COLUMNS: Record<Grain, string> = { day: 'business_day', week: 'week', month: 'month' }
