/**
 * Domain and ticks of a value axis whose values go below zero: as far down as they go and no further. A minute
 * with a small return would otherwise take a whole step of an axis that counts in thousands. Nothing for values
 * that do not: the chart's own scale is right for those.
 */
export function signedScale(values: readonly number[]): { domain: [number, number]; ticks: number[] } | null {
  const low = Math.min(0, ...values)
  if (low === 0) return null
  const high = Math.max(0, ...values)
  const step = roundStep((high - low) / STEPS)
  const last = Math.ceil(high / step)
  const first = Math.ceil(low / step)
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step)
  return { domain: [low, last * step], ticks }
}

const STEPS = 4

/** The next of 1, 2 and 5, as people count, times a power of ten. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least))
  return ([1, 2, 5].find(factor => factor * power >= least) ?? 10) * power
}
