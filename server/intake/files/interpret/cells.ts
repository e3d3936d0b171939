import { type Amount, parseAmount } from '#domain/money.ts'

/** Cells of a row, in the order in which the mapping reads columns. */
export type Cells = readonly (string | undefined)[]

/** Longest code, number or name that an event may carry. */
export const MAX_IDENTIFIER = 128
const MAX_REASON = 256

/** What is wrong with a row. */
export class RowFault extends Error {
  readonly reason: string
  constructor(reason: string, detail: string) {
    super(detail)
    this.reason = reason
  }
}

export function wholeNumber(field: string, decimal: string | null, text: string): number {
  const units = decimal === null ? null : toUnits(decimal)
  if (units === null) throw new RowFault('invalid_field', `${field}: ${quote(text)} is no whole number`)
  return units
}

/** @returns null for an empty cell. @throws RowFault */
export function signedMoney(
  field: string,
  text: string,
  decimal: (text: string) => string | null,
): Amount | null {
  return text === '' ? null : money(field, decimal(text), text)
}

export function money(field: string, decimal: string | null, text: string): Amount {
  const amount = decimal === null ? null : toAmount(decimal)
  if (amount === null) {
    throw new RowFault('invalid_field', `${field}: ${quote(text)} is no decimal with at most four decimals`)
  }
  return amount
}

export function optionalMoney(
  field: string,
  text: string,
  decimal: (text: string) => string | null,
): Amount | null {
  if (text === '') return null
  const amount = money(field, decimal(text), text)
  if (amount < 0) throw new RowFault('invalid_field', `${field}: ${quote(text)} must not be negative`)
  return amount
}

const CONTROL = /\p{Cc}/u

export function identifier(field: string, text: string, max: number): string {
  if (text === '') throw new RowFault('invalid_field', `${field}: the cell is empty`)
  if (text.length > max) {
    throw new RowFault('invalid_field', `${field}: ${quote(text)} is longer than ${max} characters`)
  }
  if (CONTROL.test(text))
    throw new RowFault('invalid_field', `${field}: ${quote(text)} holds control characters`)
  return text
}

export function optional(field: string, text: string): string | null {
  return text === '' ? null : identifier(field, text, MAX_IDENTIFIER)
}

/** Text for people: line breaks in it become spaces. */
export function freeText(text: string): string | null {
  const plain = (CONTROL.test(text) ? text.replace(/\p{Cc}+/gu, ' ').trim() : text).slice(0, MAX_REASON)
  return plain === '' ? null : plain.toWellFormed()
}

/** What is said of a file may quote what stands in it: a NUL or half a character, which cannot be stored, is shown instead. */
export function storableText(text: string): string {
  return text.replaceAll('\u0000', '\u2400').toWellFormed()
}

/** NUL cannot be stored; U+FFFD stands where the file's bytes were no text in its encoding. */
export function refuseUnstorable(cells: Cells): void {
  for (const cell of cells) {
    if (cell?.includes('\u0000'))
      throw new RowFault('unstorable_text', `${quote(cell)} holds a NUL character`)
    if (cell?.includes('\ufffd')) {
      throw new RowFault(
        'unstorable_text',
        `${quote(cell)} holds bytes that are no text in the file's encoding`,
      )
    }
  }
}

/** The id by which the other rows of a bad row's document are found. */
export function findable(text: string): string | null {
  return text === '' || text.length > MAX_IDENTIFIER || CONTROL.test(text) || text.includes('\ufffd')
    ? null
    : text
}

export function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
}

/** How a file writes numbers. */
interface NumberStyle {
  decimal: '.' | ','
  /** Between groups of three digits; undefined: none is allowed. */
  thousands: string | undefined
}

/** Compiles a reader of a file's numbers into plain decimals ('-1234.5'); null for what is none. */
export function compileDecimal({ decimal, thousands }: NumberStyle): (text: string) => string | null {
  const whole =
    thousands === undefined ? String.raw`\d+` : String.raw`(?:\d+|\d{1,3}(?:\u{${codeOf(thousands)}}\d{3})+)`
  const expression = new RegExp(String.raw`^([+-]?)(${whole})(?:\u{${codeOf(decimal)}}(\d+))?$`, 'u')
  return text => {
    const match = expression.exec(text)
    if (!match) return null
    const [, sign = '', digits = '', fraction = ''] = match
    const plain = (thousands === undefined ? digits : digits.replaceAll(thousands, '')).replace(
      /^0+(?=\d)/,
      '',
    )
    const kept = fraction.replace(/0+$/, '')
    return `${sign === '-' ? '-' : ''}${plain}${kept === '' ? '' : `.${kept}`}`
  }
}

/** The units a plain decimal says, which may be written as '6.0' but not be broken. */
export function toUnits(decimal: string): number | null {
  const units = Number(decimal)
  if (!Number.isSafeInteger(units)) return null
  return units === 0 ? 0 : units
}

/** The amount a plain decimal says, or null when it has more than four decimals or is beyond all measure. */
export function toAmount(decimal: string): Amount | null {
  const amount = parseAmount(decimal)
  return amount === 0 ? 0 : amount
}

function codeOf(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16)
}
