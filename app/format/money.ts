import { LOCALE, withMinusSign } from '#app/format/number.ts'
import { decimalsOf, parseAmount } from '#domain/money.ts'

/** Money as the server sends it: a decimal string with four decimals. */
export type DecimalText = string

/**
 * An exact decimal, rounded to its currency's decimals for the eye: `48,210.75`, `−34.50`, JPY `810`.
 * The string goes to the formatter as it is: no step in between holds money in a float.
 */
export function formatMoney(amount: DecimalText, currency: string): string {
  return withMinusSign(formatterOf(currency).format(asNumeric(amount)))
}

/** Money that says its direction: `+1,296.45`, `−11.95`, `0.00`. */
export function formatSignedMoney(amount: DecimalText, currency: string): string {
  const text = formatMoney(amount, currency)
  return isPositive(amount) ? `+${text}` : text
}

/** Every decimal there is, up to four, so that a difference below the smallest coin is not shown as none. */
export function formatExactMoney(amount: DecimalText, currency: string): string {
  return withMinusSign(formatterOf(currency, { isExact: true }).format(asNumeric(amount)))
}

export function isZeroMoney(amount: DecimalText): boolean {
  return /^-?0*(\.0*)?$/.test(amount)
}

/** Adds exact decimals, as integers of 1/10,000. @throws when one is not a decimal of at most four places. */
export function sumAmounts(amounts: readonly DecimalText[]): number {
  return amounts.reduce((sum, text) => {
    const amount = parseAmount(text)
    if (amount === null) throw new Error(`"${text}" is not an amount with at most four decimals`)
    return sum + amount
  }, 0)
}

function isPositive(amount: DecimalText): boolean {
  return !amount.startsWith('-') && !isZeroMoney(amount)
}

function asNumeric(amount: DecimalText): `${number}` {
  return amount as `${number}`
}

// Making a formatter takes far longer than formatting.
const formatters = new Map<string, Intl.NumberFormat>()

function formatterOf(currency: string, { isExact = false } = {}): Intl.NumberFormat {
  const key = isExact ? `${currency} exact` : currency
  const known = formatters.get(key)
  if (known) return known
  const digits = decimalsOf(currency)
  const made = new Intl.NumberFormat(LOCALE, {
    minimumFractionDigits: digits,
    maximumFractionDigits: isExact ? 4 : digits,
  })
  formatters.set(key, made)
  return made
}
