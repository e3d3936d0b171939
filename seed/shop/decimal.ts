import { AMOUNT_SCALE, type Amount, parseAmount } from '#domain/money.ts'

/**
 * A decimal as a till prints it: two decimals, more only where there are more. In plain numbers, since a history
 * holds a million of them.
 */
export function decimal(amount: Amount): string {
  const magnitude = Math.abs(amount)
  const fraction = magnitude % AMOUNT_SCALE
  const digits = String(fraction).padStart(4, '0')
  const kept = fraction % 100 === 0 ? 2 : fraction % 10 === 0 ? 3 : 4
  return `${amount < 0 ? '-' : ''}${(magnitude - fraction) / AMOUNT_SCALE}.${digits.slice(0, kept)}`
}

/** @param text a decimal that a shop itself wrote */
export function amountOf(text: string): Amount {
  const parsed = parseAmount(text)
  if (parsed === null) throw new Error(`${text} was written by the world itself and is no amount`)
  return parsed
}
