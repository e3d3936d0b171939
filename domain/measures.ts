import type { LogEvent } from './log-event.ts'
import type { Amount } from './money.ts'

/*
 * Invariant: a sales figure is a sum of measures over sales documents, and a document adds to a measure the same,
 * whenever it is read and whatever was read before. So figures of any days, stores and batches add up.
 *
 *   document          measures of orders   measures of returns
 *   order.placed              +                    0
 *   order.voided              −                    0          the exact negative of its order
 *   order.returned            0                    +          orders and gross stay
 *
 * The one list of measures: window sums, metric lists, schemas, columns and texts follow from it. In SQL the same is
 * said once, by the view log.sales, for whoever computes or explains; the audits say it again in words of their own.
 */

/** Events that are sales documents. */
export const SALES_DOCUMENTS = ['order.placed', 'order.voided', 'order.returned'] as const
export type SalesDocument = (typeof SALES_DOCUMENTS)[number]

export interface MetricText {
  title: string
  /** Counts are whole numbers, money an amount in the currency of its row. */
  kind: 'count' | 'money'
  /** What it is, exactly, as both paths compute it. */
  definition: string
}

interface Measure extends MetricText {
  /** In every table and view that keeps it. */
  column: string
  /** The documents that move it; a void moves what its order moved. */
  movedBy: 'orders' | 'discounted orders' | 'returns'
}

/** In the order in which tables and pages name them. */
export const MEASURES = {
  orders: {
    column: 'orders',
    kind: 'count',
    movedBy: 'orders',
    title: 'Orders',
    definition: 'Orders placed, less orders voided at the till the same day. A return takes no order away.',
  },
  units: {
    column: 'units',
    kind: 'count',
    movedBy: 'orders',
    title: 'Units',
    definition:
      'Units of orders placed, less those of orders voided; a weighed item is one. Units brought back count apart.',
  },
  gross: {
    column: 'gross',
    kind: 'money',
    movedBy: 'orders',
    title: 'Gross sales',
    definition: 'Units × unit price, or the amount a line states, before discounts and returns.',
  },
  discounts: {
    column: 'discounts',
    kind: 'money',
    movedBy: 'discounted orders',
    title: 'Discounts',
    definition: 'Discounts of the lines.',
  },
  returns: {
    column: 'returns',
    kind: 'money',
    movedBy: 'returns',
    title: 'Returns',
    definition: 'What was refunded for goods brought back, on the day they came back.',
  },
  returnDocuments: {
    column: 'return_documents',
    kind: 'count',
    movedBy: 'returns',
    title: 'Return documents',
    definition: 'Documents by which goods were brought back.',
  },
  unitsReturned: {
    column: 'units_returned',
    kind: 'count',
    movedBy: 'returns',
    title: 'Units returned',
    definition: 'Units brought back.',
  },
} as const satisfies Record<string, Measure>

type Measures = typeof MEASURES
export type MeasureName = keyof Measures
export type MeasureColumn = Measures[MeasureName]['column']

export const MEASURE_NAMES = Object.keys(MEASURES) as readonly MeasureName[]
export const MEASURE_COLUMNS: readonly MeasureColumn[] = MEASURE_NAMES.map(name => MEASURES[name].column)
export const MEASURES_BY_COLUMN = Object.fromEntries(
  MEASURE_NAMES.map(name => [MEASURES[name].column, MEASURES[name]]),
) as { [Name in MeasureName as Measures[Name]['column']]: Measures[Name] }

/** A value for each measure. */
export function measuresOf<Value>(of: (measure: MeasureName) => Value): Record<MeasureName, Value> {
  return Object.fromEntries(MEASURE_NAMES.map(measure => [measure, of(measure)])) as Record<
    MeasureName,
    Value
  >
}

/** A measure, or what follows from them. */
export type Metric = 'net' | MeasureName
/** In the order in which pages name them. */
export const METRICS: readonly Metric[] = ['net', ...MEASURE_NAMES]

export const METRIC_TEXTS: Readonly<Record<Metric, MetricText>> = {
  net: { kind: 'money', title: 'Net sales', definition: 'Gross sales − discounts − returns.' },
  ...MEASURES,
}

type MeasureOfKind<Kind> = {
  [Name in MeasureName]: Measures[Name]['kind'] extends Kind ? Name : never
}[MeasureName]
/** Figures as they leave the system: counts are numbers, money a decimal string with four decimals. */
export type SalesFigures = Record<MeasureOfKind<'count'>, number> &
  Record<'net' | MeasureOfKind<'money'>, string>

/** What an event adds to every sales figure that covers it. Signed: effects add up in any order. */
export type SalesEffect = Record<MeasureName, number>

type Totals = Pick<LogEvent, 'totalUnits' | 'totalGross' | 'totalDiscounts' | 'totalReturns'>

/** The sales effect of an event, or null where it has none. */
export function salesEffect(event: Totals & Pick<LogEvent, 'type'>): SalesEffect | null {
  switch (event.type) {
    case 'order.placed':
      return effectOf(event, { order: 1, back: 0 })
    case 'order.voided':
      return effectOf(event, { order: -1, back: 0 })
    case 'order.returned':
      return effectOf(event, { order: 0, back: 1 })
    default:
      return null
  }
}

// Written out, not a loop over the list: it runs for every event of the stream.
function effectOf(document: Totals, { order, back }: { order: 1 | -1 | 0; back: 1 | 0 }): SalesEffect {
  return {
    orders: order,
    // `0 * -1` is -0, which prints and compares oddly: adding 0 makes it 0.
    units: order * document.totalUnits + 0,
    gross: order * document.totalGross + 0,
    discounts: order * document.totalDiscounts + 0,
    returns: back * document.totalReturns,
    returnDocuments: back,
    unitsReturned: back * document.totalUnits,
  }
}

/** What adds nothing, to add effects to. */
export function noSales(): SalesEffect {
  return effectOf({ totalUnits: 0, totalGross: 0, totalDiscounts: 0, totalReturns: 0 }, { order: 0, back: 0 })
}

/** net = gross − discounts − returns */
export function netOf(effect: Pick<SalesEffect, 'gross' | 'discounts' | 'returns'>): Amount {
  return effect.gross - effect.discounts - effect.returns
}
