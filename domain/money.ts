/**
 * Money is exact: an amount is an integer of 1/10,000 of its currency unit, because real unit prices
 * have three and four decimals. It is rounded for display only.
 */
export type Amount = number

export const AMOUNT_SCALE = 10_000

/**
 * The largest order (or return) the system takes: 100,000,000 currency units. A document of that size
 * times the 5,000 documents of one append still fits a safe integer, so no sum in a process can wrap.
 */
export const MAX_DOCUMENT_AMOUNT: Amount = 100_000_000 * AMOUNT_SCALE

const DECIMAL = /^(-?)(\d{1,12})(?:\.(\d{1,4}))?$/

/**
 * Parses a decimal string with at most four decimals ("2.555", "-0.1").
 * @returns the amount, or null when the text is not such a decimal.
 */
export function parseAmount(text: string): Amount | null {
  const match = DECIMAL.exec(text)
  if (!match) return null
  const [, sign, whole = '0', fraction = ''] = match
  const amount = Number(whole) * AMOUNT_SCALE + Number(fraction.padEnd(4, '0'))
  if (!Number.isSafeInteger(amount)) return null
  return sign === '-' && amount !== 0 ? -amount : amount
}

/** Writes an amount (number, bigint or integer text from the database) as a decimal with four decimals. */
export function formatAmount(amount: Amount | bigint | string): string {
  const value = BigInt(amount)
  const magnitude = value < 0n ? -value : value
  const fraction = (magnitude % 10_000n).toString().padStart(4, '0')
  return `${value < 0n ? '-' : ''}${magnitude / 10_000n}.${fraction}`
}
