import { daysInRange, formatDay, formatDayRange } from '#app/format/day.ts'
import { formatMoney, formatSignedMoney } from '#app/format/money.ts'
import { formatCount, LOCALE, NO_FIGURE, withMinusSign } from '#app/format/number.ts'
import type { Change, Report, ReportRow } from '#app/trpc/router-outputs.ts'
import { demoText } from '#app/ui/marks.tsx'
import type { ReportName } from '#app/url-state.ts'
import { type BusinessDay, type Grain, lastDayOf } from '#domain/calendar.ts'
import { furthestSpeed } from '#domain/demo-speed.ts'
import {
  type Comparison,
  FIGURES,
  type FigureName,
  isByPeriod,
  REPORTING_CURRENCY,
  type ViewName,
} from '#domain/report-views.ts'

/** A report or one of its tables as a title: `Sales by store`. Those by period say the period after it. */
export function titleOf(name: ReportName | ViewName): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1).replaceAll('-', ' ')}`
}

/** The figures that stand above a report, of its first table. */
export function tilesOf(report: ReportName, currency: string): readonly FigureName[] {
  switch (report) {
    case 'sales':
      return currency === REPORTING_CURRENCY
        ? ['net_in_reporting_currency', 'orders', 'units', 'units_returned']
        : ['net', 'orders', 'average_order_value', 'returns']
    case 'products':
      return currency === REPORTING_CURRENCY
        ? ['net_in_reporting_currency', 'units', 'units_returned', 'returns_rate']
        : ['net', 'units', 'discounts', 'returns_rate']
    case 'returns':
      return currency === REPORTING_CURRENCY
        ? ['units_returned', 'return_documents', 'units', 'returns_rate']
        : ['returns', 'return_documents', 'units_returned', 'returns_rate']
    case 'reviews':
      return ['reviews', 'average_rating']
    case 'inventory':
      return []
  }
}

type Coverage = NonNullable<Report['coverage']>['now']

const counts = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 })
const ratios = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 2, maximumFractionDigits: 2 })
const percents = new Intl.NumberFormat(LOCALE, { minimumFractionDigits: 1, maximumFractionDigits: 1 })

/** An exact figure as it is read: rounded, with separators and, of percentages, the sign. */
export function figureText(name: FigureName, value: string | null | undefined, currency: string): string {
  if (value === null || value === undefined) return NO_FIGURE
  switch (FIGURES[name].kind) {
    case 'money':
      return formatMoney(value, currency)
    case 'count':
      return format(counts, value)
    case 'ratio':
      return format(ratios, value)
    case 'percent':
      return `${format(percents, value)}%`
    case 'word':
      return value
  }
}

/** By how much it has changed, with its direction; of percentages in points. */
export function changeText(name: FigureName, change: string | null, currency: string): string {
  if (change === null) return NO_FIGURE
  const { kind } = FIGURES[name]
  if (kind === 'money') return formatSignedMoney(change, currency)
  if (kind === 'percent') return `${signed(percents, change)} points`
  return signed(kind === 'count' ? counts : ratios, change)
}

/**
 * `+3.2%`, or that there was nothing before: no percentage says that; nor one of days on which the demo's shops traded at
 * another speed.
 */
export function percentText(
  { percent, isNew }: Pick<Change, 'percent' | 'isNew'>,
  demoSpeed: number,
): string {
  if (demoSpeed !== 1) return demoText(demoSpeed)
  if (isNew) return 'New'
  return percent === null ? NO_FIGURE : `${signed(percents, percent)}%`
}

/** How fast the demo's shops traded, where not as usual, within what is compared: of a report, or of one of its periods. */
export function demoSpeedOf(
  { demoDays, grain, view }: Pick<Report, 'demoDays' | 'grain' | 'view'>,
  row?: Pick<ReportRow, 'key' | 'comparedPeriod'>,
): number {
  const periods = row && isByPeriod(view) ? [row.key.period, row.comparedPeriod] : null
  const isWithin = (day: string) =>
    periods === null ||
    periods.some(period => typeof period === 'string' && day >= period && day <= lastDayOf(grain, period))
  return furthestSpeed(Object.entries(demoDays).flatMap(([day, speed]) => (isWithin(day) ? [speed] : [])))
}

/** How much of what is held against each other is on file, where that is not all: `the period before has 3 of 30 days on file`. */
export function coverageText({ coverage, compared, comparison, range }: Report): string | null {
  if (coverage === null || compared === null) return null
  const { now, before } = coverage
  const parts: string[] = []
  if (before.onFile < before.of || before.of === 0) {
    parts.push(`${COMPARISON_PHRASES[comparison]} has ${onFileText(before, compared)}`)
  }
  if (now.onFile < now.of) parts.push(`these days have ${onFileText(now, range)}`)
  return parts.length === 0 ? null : parts.join(', ')
}

/** Of one store days are days; of several, a day is one for each. */
function onFileText({ onFile, of }: Coverage, { from, to }: Report['range']): string {
  if (of === 0) return 'no day on file'
  const unit = of <= daysInRange(from, to) ? 'days' : 'store-days'
  return `${formatCount(onFile)} of ${formatCount(of)} ${unit} on file`
}

/** An exchange rate that is missing, by name and days: `EUR → USD for 10 Aug 2025`. */
export function missingRateText({
  currency,
  reportingCurrency,
  from,
  to,
}: Report['missingRates'][number]): string {
  const days = from === to ? `for ${formatDay(from)}` : `from ${formatDay(from)} to ${formatDay(to)}`
  return `${currency} → ${reportingCurrency} ${days}`
}

function signed(formatter: Intl.NumberFormat, value: string): string {
  const text = format(formatter, value)
  return /[1-9]/.test(text) && !text.startsWith('−') ? `+${text}` : text
}

/** The string goes to the formatter as it is, so no digit is lost in a float. */
function format(formatter: Intl.NumberFormat, value: string): string {
  return withMinusSign(formatter.format(value as `${number}`))
}

/** What the figures are held against, in a few words for a column: `4 weeks earlier`. */
export const COMPARISON_NAMES: Record<Comparison, string> = {
  none: 'No comparison',
  before: 'Period before',
  'four-weeks': '4 weeks earlier',
  year: 'A year earlier',
}

/** The same within a sentence. */
export const COMPARISON_PHRASES: Record<Comparison, string> = {
  none: '',
  before: 'the period before',
  'four-weeks': '4 weeks earlier',
  year: 'a year earlier',
}

/** Whether there is anything to hold the figures against. */
export function hasComparison({ comparedBasis }: Pick<Report, 'comparedBasis'>): boolean {
  return comparedBasis !== null && comparedBasis.runs > 0
}

/** What the figures are held against, exactly: `27 Sep – 24 Oct 2026, the 28 days before`. */
export function comparedText({ compared, comparison, grain, range, isCut }: Report): string | null {
  if (!compared) return null
  const cut = isCut ? ', as far as these days have gone, store by store' : ''
  return `${formatDayRange(compared.from, compared.to)}, ${manner(comparison, grain, daysInRange(range.from, range.to))}${cut}`
}

function manner(comparison: Comparison, grain: Grain, days: number): string {
  if (comparison === 'year') {
    return grain === 'month' ? 'the same months a year earlier' : 'the same weekdays 52 weeks earlier'
  }
  if (comparison === 'four-weeks') return 'the same weekdays 4 weeks earlier'
  if (grain === 'month') return 'as many months before'
  return days === 1 ? 'the day before' : `the ${days} days before`
}

const PERIODS: Record<Grain, string> = {
  day: 'Business days',
  week: 'Whole weeks, Monday to Sunday,',
  month: 'Whole months',
}

/** The range of a report, and that both its ends are in it. */
export function rangeText({ range, grain }: Pick<Report, 'range' | 'grain'>): string {
  if (range.from === range.to) return `Business day ${formatDay(range.from)}`
  return `${PERIODS[grain]} ${formatDayRange(range.from, range.to)}, first and last included`
}

/** A promotion of so many of the products is told on the chart itself; of fewer, where one points. */
const TOLD_FROM_SHARE = 0.1

/** Promotions that a chart of days names: those that most customers met. */
export function greatPromotions({ promotions, grain }: Pick<Report, 'promotions' | 'grain'>) {
  return grain === 'day' ? promotions.filter(({ share }) => share >= TOLD_FROM_SHARE) : []
}

/** What was on offer in a period: 'Black week (25% off), Offers of the week (20% off)'; null: nothing was. */
export function offersText(
  { promotions }: Pick<Report, 'promotions'>,
  period: { from: BusinessDay; to: BusinessDay },
): string | null {
  const own = promotions.filter(({ firstDay, lastDay }) => firstDay <= period.to && lastDay >= period.from)
  const texts = own.map(({ title, discount }) =>
    // 'Tea: 15% off' says it itself.
    discount === null || title.includes('%') ? title : `${title} (${Math.round(discount * 100)}% off)`,
  )
  const different = [...new Set(texts)]
  if (different.length === 0) return null
  return different.length > MOST_OFFERS
    ? `${different.slice(0, MOST_OFFERS).join(', ')} and ${different.length - MOST_OFFERS} more`
    : different.join(', ')
}

/** A month has a dozen. */
const MOST_OFFERS = 3
