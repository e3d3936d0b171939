/** How a figure is written: money in the report's currency, whole pieces, a percentage, or a ratio. */
export type FigureKind = 'money' | 'count' | 'percent' | 'ratio' | 'word'

export interface FigureText {
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
  orders: {
    title: 'Orders',
    kind: 'count',
    definition: 'Orders placed, less orders voided. A return takes no order away.',
  },
  units: {
    title: 'Units',
    kind: 'count',
    definition: 'Units of orders placed, less those of orders voided. Units brought back count apart.',
  },
  gross: {
    title: 'Gross sales',
    kind: 'money',
    definition: 'Units × unit price, before discounts and returns.',
  },
  discounts: { title: 'Discounts', kind: 'money', definition: 'Discounts of the lines.' },
  returns: {
    title: 'Returns',
    kind: 'money',
    definition: 'What was refunded for goods brought back, on the day they came back.',
  },
  net: { title: 'Net sales', kind: 'money', definition: 'Gross sales − discounts − returns.' },
  net_in_reporting_currency: {
    title: 'Net sales',
    kind: 'money',
    definition:
      'Net sales in the reporting currency, at the exchange rate valid on the last day of the period. None where a rate is missing.',
  },
  average_order_value: {
    title: 'Average order',
    kind: 'money',
    definition: '(Gross sales − discounts) ÷ orders.',
  },
  return_documents: {
    title: 'Return documents',
    kind: 'count',
    definition: 'Documents by which goods were brought back.',
  },
  units_returned: { title: 'Units returned', kind: 'count', definition: 'Units brought back.' },
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
