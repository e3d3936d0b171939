import { formatMoney, formatSignedMoney } from '#app/format/money.ts'
import { LOCALE, withMinusSign } from '#app/format/number.ts'
import { FIGURES, type FigureName } from '#domain/report-views.ts'

/** What stands where there is no figure. Never a zero. */
export const NO_FIGURE = '–'

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

/** `+3.2%` */
export function percentText(percent: string | null): string {
  return percent === null ? NO_FIGURE : `${signed(percents, percent)}%`
}

function signed(formatter: Intl.NumberFormat, value: string): string {
  const text = format(formatter, value)
  return /[1-9]/.test(text) && !text.startsWith('−') ? `+${text}` : text
}

/** The string goes to the formatter as it is, so no digit is lost in a float. */
function format(formatter: Intl.NumberFormat, value: string): string {
  return withMinusSign(formatter.format(value as `${number}`))
}
