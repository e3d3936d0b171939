/** One locale for every page, so that the server and each browser write the same digits. */
export const LOCALE = 'en-GB'

const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 })
const short = new Intl.NumberFormat(LOCALE, { notation: 'compact', maximumFractionDigits: 1 })

/** What stands where there is no figure. Never a zero. */
export const NO_FIGURE = '–'

/** A count with thousands separators and a true minus sign; a dash for none. */
export function formatCount(count: number | null | undefined): string {
  return count === null || count === undefined ? NO_FIGURE : withMinusSign(whole.format(count))
}

/** A count that says its direction: `+37`, `−2`, `0`. */
export function formatSignedCount(count: number): string {
  return count > 0 ? `+${formatCount(count)}` : formatCount(count)
}

/** Short form for the axis of a chart: `9K`, `1.2M`. */
export function formatAxis(value: number): string {
  return withMinusSign(short.format(value))
}

/** `3 orders`, `1 order`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

/** The minus of the font is as wide as its plus; a hyphen is not. Zero has no sign. */
export function withMinusSign(text: string): string {
  if (/^-[0.,]*$/.test(text)) return text.slice(1)
  return text.replace('-', '−')
}
