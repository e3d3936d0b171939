/**
 * The tables of the reports page: what each is told by, its figures, and what they mean, exactly. Data alone, for
 * the server that reads them, the browser that shows them and the file that is exported.
 */
import { GRAINS, type Grain } from './calendar.ts'
import { MEASURE_COLUMNS, MEASURES_BY_COLUMN, METRIC_TEXTS } from './measures.ts'
import { STOCK_MOVES, STOCK_RATIOS } from './reports.ts'

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

interface ReportView {
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

/** Every measure, and after those that make it up, net. */
const SALES = MEASURE_COLUMNS.flatMap((column): FigureName[] =>
  column === 'returns' ? [column, 'net', 'average_order_value'] : [column],
)

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

/** The figures of a view. Of all currencies what adds up over them: pieces, and net in the reporting currency. */
export function figuresOf(
  name: ViewName,
  { grain, currency }: { grain: Grain; currency: string },
): readonly FigureName[] {
  const { isMoney, figures } = VIEWS[name]
  return isMoney && currency === REPORTING_CURRENCY ? figuresOfAll(name) : figures(grain)
}

function figuresOfAll(name: ViewName): readonly FigureName[] {
  switch (name) {
    case 'products':
    case 'categories':
      return ['units', 'net_in_reporting_currency', 'share_of_net', 'units_returned', 'returns_rate']
    case 'returns':
      return ['return_documents', 'units_returned', 'units', 'returns_rate']
    case 'returns-by-product':
      return ['units_returned', 'units', 'returns_rate']
    default:
      return ['orders', 'units', 'net_in_reporting_currency', 'return_documents', 'units_returned']
  }
}

/** The figure a view is compared by when nothing else is asked. */
export function defaultMetric(name: ViewName, currency: string): FigureName {
  const { metric, isMoney } = VIEWS[name]
  if (!isMoney || currency !== REPORTING_CURRENCY) return metric
  return figuresOfAll(name).includes('net_in_reporting_currency')
    ? 'net_in_reporting_currency'
    : 'units_returned'
}

/** Figures of `daily_sales` that a figure follows from, where it is not one of them itself. */
const FOLLOWS_FROM: Partial<Record<FigureName, readonly string[]>> = {
  average_order_value: ['gross', 'discounts', 'orders'],
  net_in_reporting_currency: ['net', 'net_in_reporting_currency'],
  share_of_net: ['net'],
  returns_rate: ['units', 'units_returned'],
  refund_rate: ['gross', 'discounts', 'returns'],
}

/** The published figures whose restatement restates one of these. */
export function restatedBy(figures: readonly FigureName[]): string[] {
  return [...new Set(figures.flatMap(name => FOLLOWS_FROM[name] ?? [name]))]
}

/** One row a period, all of them at once; others come page by page. */
export function isByPeriod(name: ViewName): boolean {
  const { keys } = VIEWS[name]
  return keys.length === 1 && keys[0] === 'period'
}

/** How a figure is written: money in the report's currency, whole pieces, a percentage, or a ratio. */
type FigureKind = 'money' | 'count' | 'percent' | 'ratio' | 'word'

interface FigureText {
  title: string
  kind: FigureKind
  /** What it is, exactly. */
  definition: string
}

/**
 * Every figure of the reports page, named as the columns of schema `reports` are. Ratios that schema does not
 * hold carry a name of their own.
 */
export const FIGURES = {
  ...MEASURES_BY_COLUMN,
  net: METRIC_TEXTS.net,
  net_in_reporting_currency: {
    title: 'Net sales',
    kind: 'money',
    definition:
      'Net sales in the reporting currency: each store’s business day at the exchange rate of that day, rounded half even to 1/10,000. None where a rate is missing.',
  },
  average_order_value: {
    title: 'Average order',
    kind: 'money',
    definition: '(Gross sales − discounts) ÷ orders.',
  },
  returns_rate: {
    title: 'Returns rate',
    kind: 'percent',
    definition:
      'Units returned ÷ units sold, both of these days. Goods mostly come back later than they are sold.',
  },
  refund_rate: {
    title: 'Refund rate',
    kind: 'percent',
    definition: 'Returns ÷ (gross sales − discounts), both of these days.',
  },
  customers: {
    title: 'Customers',
    kind: 'count',
    definition:
      'Distinct known customers of the period, counted in each store and channel. They do not add up over periods, as people come again.',
  },
  share_of_net: {
    title: 'Share of net',
    kind: 'percent',
    definition: 'Net sales ÷ net sales of all products of these days and stores, searched for or not.',
  },
  opening: { title: 'Opening', kind: 'count', definition: 'Units on hand when the period began.' },
  received: { title: 'Received', kind: 'count', definition: 'Units received from suppliers.' },
  sold: { title: 'Sold', kind: 'count', definition: 'Units sold, less units of voided orders.' },
  returned: { title: 'Returned', kind: 'count', definition: 'Units brought back and restocked.' },
  adjusted: { title: 'Adjusted', kind: 'count', definition: 'Units adjusted by hand, signed.' },
  transferred: {
    title: 'Transferred',
    kind: 'count',
    definition: 'Units transferred in, less units transferred out.',
  },
  count_correction: {
    title: 'Count correction',
    kind: 'count',
    definition: 'What stock counts changed: counted less expected. Shrinkage when negative.',
  },
  closing: { title: 'Closing', kind: 'count', definition: 'Units on hand when the period ended.' },
  stockout_minutes: {
    title: 'Stockout minutes',
    kind: 'count',
    definition: 'Minutes with nothing on hand, added over products and stores.',
  },
  average_on_hand: {
    title: 'Average on hand',
    kind: 'ratio',
    definition: 'Mean of the units on hand at the ends of the month’s days.',
  },
  turnover: { title: 'Turnover', kind: 'ratio', definition: 'Units sold ÷ average on hand.' },
  sell_through: { title: 'Sell-through', kind: 'ratio', definition: 'Units sold ÷ (opening + received).' },
  days_of_cover: {
    title: 'Days of cover',
    kind: 'ratio',
    definition: 'Units on hand at the end ÷ units sold a day.',
  },
  abc_class: {
    title: 'ABC',
    kind: 'word',
    definition: 'A: the products that make 80% of the store’s net sales; B: the next 15%; C: the rest.',
  },
  reviews: { title: 'Reviews', kind: 'count', definition: 'Reviews posted.' },
  average_rating: {
    title: 'Average rating',
    kind: 'ratio',
    definition: 'Mean of the ratings, 1 to 5: their sum ÷ reviews, over all of them and not over days.',
  },
} as const satisfies Record<string, FigureText>

export type FigureName = keyof typeof FIGURES

export const FIGURE_NAMES = Object.keys(FIGURES) as [FigureName, ...FigureName[]]
