import type { BusinessDay } from '#domain/calendar.ts'
import type { LogEvent } from '#domain/log-event.ts'
import {
  MEASURE_NAMES,
  MEASURES,
  type MeasureName,
  measuresOf,
  type SalesFigures,
  salesEffect,
} from '#domain/measures.ts'
import { formatAmount } from '#domain/money.ts'

/**
 * What the log holds of a file once it is loaded, be it new or known before: to be held against what the till or the
 * spreadsheet says. In a dry run, what it would hold.
 */
export interface LoadedFigures {
  /** Of all its events; null when it has none. */
  firstBusinessDay: BusinessDay | null
  lastBusinessDay: BusinessDay | null
  /** Sales by currency, sorted by it. */
  totals: CurrencyTotals[]
}

export type CurrencyTotals = { currency: string } & SalesFigures

export interface FigureTally {
  add(events: readonly LogEvent[]): void
  figures(): LoadedFigures
}

export function createFigureTally(): FigureTally {
  const sums = new Map<string, Record<MeasureName, bigint>>()
  let first: BusinessDay | null = null
  let last: BusinessDay | null = null
  return {
    add(events) {
      for (const event of events) {
        const { businessDay, currency } = event
        if (first === null || businessDay < first) first = businessDay
        if (last === null || businessDay > last) last = businessDay
        const effect = salesEffect(event)
        if (effect === null || currency === null) continue
        const known = sums.get(currency) ?? measuresOf(() => 0n)
        // Whole numbers of any size: a file has more documents than a safe integer has room for the largest of.
        sums.set(
          currency,
          measuresOf(measure => known[measure] + BigInt(effect[measure])),
        )
      }
    },
    figures: () => ({ firstBusinessDay: first, lastBusinessDay: last, totals: toTotals(sums) }),
  }
}

export const NO_FIGURES: Readonly<LoadedFigures> = {
  firstBusinessDay: null,
  lastBusinessDay: null,
  totals: [],
}

/** What several files bring together. */
export function sumFigures(files: readonly LoadedFigures[]): LoadedFigures {
  const days = files
    .flatMap(file => [file.firstBusinessDay, file.lastBusinessDay])
    .filter(day => day !== null)
    .sort()
  const sums = new Map<string, Record<MeasureName, bigint>>()
  for (const total of files.flatMap(file => file.totals)) {
    const known = sums.get(total.currency) ?? measuresOf(() => 0n)
    sums.set(
      total.currency,
      measuresOf(measure => known[measure] + wholeOf(total[measure])),
    )
  }
  return { firstBusinessDay: days[0] ?? null, lastBusinessDay: days.at(-1) ?? null, totals: toTotals(sums) }
}

/** Of a count itself, of money its 1/10,000. */
function wholeOf(figure: number | string): bigint {
  return BigInt(typeof figure === 'number' ? figure : figure.replace('.', ''))
}

function toTotals(sums: ReadonlyMap<string, Record<MeasureName, bigint>>): CurrencyTotals[] {
  return [...sums]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([currency, sum]) => {
      const figures = Object.fromEntries(
        MEASURE_NAMES.map(measure => [
          measure,
          MEASURES[measure].kind === 'count' ? Number(sum[measure]) : formatAmount(sum[measure]),
        ]),
      )
      return {
        currency,
        ...figures,
        net: formatAmount(sum.gross - sum.discounts - sum.returns),
      } as CurrencyTotals
    })
}
