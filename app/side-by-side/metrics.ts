/** The figures of the page, in its order. `averageOrderValue` is a ratio: it adds up neither over hours nor causes. */
export const METRICS = ['net', 'orders', 'units', 'returns'] as const
export type Metric = (typeof METRICS)[number]

export interface MetricText {
  title: string
  /** What it counts, exactly, as both paths compute it. */
  definition: string
  /** Money is shown in the chosen currency, pieces are not. */
  kind: 'money' | 'pieces'
}

export const METRIC_TEXTS: Record<Metric | 'averageOrderValue', MetricText> = {
  net: {
    title: 'Net sales',
    definition:
      'Gross sales − discounts − returns. Gross is units × unit price, before discounts and returns.',
    kind: 'money',
  },
  orders: {
    title: 'Orders',
    definition: 'Orders placed, minus orders voided at the till the same day. A return takes no order away.',
    kind: 'pieces',
  },
  units: {
    title: 'Units',
    definition:
      'Pieces ordered, minus those of voided orders. A weighed item is one unit. Returned units count apart.',
    kind: 'pieces',
  },
  returns: {
    title: 'Returns',
    definition: 'What was refunded for goods brought back, on the day they came back.',
    kind: 'money',
  },
  averageOrderValue: {
    title: 'Average order value',
    definition: '(Gross sales − discounts) ÷ orders.',
    kind: 'money',
  },
}
