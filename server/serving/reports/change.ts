/** A figure beside the one it is held against. All exact decimals. */
export interface Change {
  before: string | null
  /** now − before; null where one of them is not known. */
  change: string | null
  /** change ÷ |before| in percent, one decimal; null also where before is zero. */
  percent: string | null
  /** Something now where there was nothing before: no percentage says that. */
  isNew: boolean
}

/** How a figure has changed. A figure that is not known has not changed to zero: there is nothing to say. */
export function changeOf(now: string | null, before: string | null): Change {
  if (now === null || before === null) return { before, change: null, percent: null, isNew: false }
  const decimals = Math.max(decimalsOf(now), decimalsOf(before))
  const [one, other] = [digits(now, decimals), digits(before, decimals)]
  return {
    before,
    change: decimal(one - other, decimals),
    isNew: other === 0n && one !== 0n,
    percent: other === 0n ? null : decimal(roundedRatio((one - other) * 1_000n, magnitude(other)), 1),
  }
}

/** Orders exact decimals as numbers; what is not known comes last. */
export function compareDecimals(one: string | null, other: string | null, descending: boolean): number {
  if (one === null || other === null) return one === other ? 0 : one === null ? 1 : -1
  const decimals = Math.max(decimalsOf(one), decimalsOf(other))
  const difference = digits(one, decimals) - digits(other, decimals)
  if (difference === 0n) return 0
  return difference > 0n === descending ? -1 : 1
}

function decimalsOf(text: string): number {
  const point = text.indexOf('.')
  return point < 0 ? 0 : text.length - point - 1
}

function digits(text: string, decimals: number): bigint {
  const missing = decimals - decimalsOf(text)
  return BigInt(text.replace('.', '')) * 10n ** BigInt(missing)
}

function decimal(value: bigint, decimals: number): string {
  if (decimals === 0) return String(value)
  const text = magnitude(value)
    .toString()
    .padStart(decimals + 1, '0')
  return `${value < 0n ? '-' : ''}${text.slice(0, -decimals)}.${text.slice(-decimals)}`
}

/** Half away from zero, as people round. */
function roundedRatio(value: bigint, divisor: bigint): bigint {
  const rounded = (magnitude(value) * 2n + divisor) / (divisor * 2n)
  return value < 0n ? -rounded : rounded
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value
}
