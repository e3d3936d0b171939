import { type Amount, parseAmount } from '#domain/money.ts'

/** How a file writes numbers. */
export interface NumberStyle {
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
