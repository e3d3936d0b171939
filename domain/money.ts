import { digitAt } from './instant.ts'

/**
 * Money is exact: an amount is an integer of 1/10,000 of its currency unit, because real unit prices
 * have three and four decimals. It is rounded for display only.
 */
export type Amount = number

export const AMOUNT_SCALE = 10_000

const MAX_WHOLE_DIGITS = 12
/** What a fraction of so many digits is multiplied by: 1/10,000 is the smallest part. */
const FRACTION_UNITS = [0, 1_000, 100, 10, 1]

/**
 * Parses a decimal string with at most four decimals ("2.555", "-0.1").
 * @returns the amount, or null when the text is not such a decimal.
 *
 * Read digit by digit: an order has a dozen of them, and each is read for its figures and for its hash.
 */
export function parseAmount(text: string): Amount | null {
  const isNegative = text[0] === '-'
  const start = isNegative ? 1 : 0
  let at = start
  let whole = 0
  for (let digit = digitAt(text, at); digit >= 0; digit = digitAt(text, at)) {
    whole = whole * 10 + digit
    at += 1
  }
  if (at === start || at - start > MAX_WHOLE_DIGITS) return null
  let fraction = 0
  if (at < text.length) {
    if (text[at] !== '.') return null
    const point = at
    at += 1
    for (let digit = digitAt(text, at); digit >= 0; digit = digitAt(text, at)) {
      fraction = fraction * 10 + digit
      at += 1
    }
    const unit = FRACTION_UNITS[at - point - 1]
    if (at < text.length || unit === undefined || unit === 0) return null
    fraction *= unit
  }
  const amount = whole * AMOUNT_SCALE + fraction
  if (!Number.isSafeInteger(amount)) return null
  return isNegative && amount !== 0 ? -amount : amount
}

/** A sum of amounts, exact whatever its size: a bigint once it has left the safe integers. */
export type ExactSum = Amount | bigint

/** Adds an amount to a sum without ever rounding. */
export function addExact(sum: ExactSum, amount: ExactSum): ExactSum {
  if (typeof sum === 'number' && typeof amount === 'number') {
    const total = sum + amount
    if (Number.isSafeInteger(total)) return total
  }
  return BigInt(sum) + BigInt(amount)
}

/** Writes an amount (number, bigint or integer text from the database) as a decimal with four decimals. */
export function formatAmount(amount: Amount | bigint | string): string {
  if (typeof amount === 'number' && Number.isSafeInteger(amount)) return formatWhole(amount)
  const value = BigInt(amount)
  const magnitude = value < 0n ? -value : value
  const fraction = (magnitude % 10_000n).toString().padStart(4, '0')
  return `${value < 0n ? '-' : ''}${magnitude / 10_000n}.${fraction}`
}

/** The same of an integer that a number holds exactly, several times as fast. */
function formatWhole(amount: Amount): string {
  const magnitude = Math.abs(amount)
  const fraction = String(magnitude % 10_000).padStart(4, '0')
  return `${amount < 0 ? '-' : ''}${Math.floor(magnitude / 10_000)}.${fraction}`
}

/** How many decimals people write amounts of a currency with, by the Unicode CLDR: 2 of euros, none of yen; 2 of what is no currency. */
export function decimalsOf(currency: string): number {
  if (!/^[A-Z]{3}$/.test(currency)) return 2
  const known = decimals.get(currency)
  if (known !== undefined) return known
  const { maximumFractionDigits = 2 } = new Intl.NumberFormat('en', {
    style: 'currency',
    currency,
  }).resolvedOptions()
  decimals.set(currency, maximumFractionDigits)
  return maximumFractionDigits
}

const decimals = new Map<string, number>()

/** An amount as people write it in a sentence, rounded to what is paid: '24.64 USD', '1980 JPY'. */
export function moneyText(amount: Amount, currency: string): string {
  const digits = Math.min(4, decimalsOf(currency))
  const step = 10 ** (4 - digits)
  const rounded = Math.sign(amount) * Math.round(Math.abs(amount) / step) * step
  const text = formatAmount(rounded === 0 ? 0 : rounded)
  return `${digits === 0 ? text.slice(0, -5) : text.slice(0, text.length - 4 + digits)} ${currency}`.trimEnd()
}
