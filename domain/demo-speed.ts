/** How fast the shops of the demo may trade, in multiples of their history. */
export const DEMO_SPEEDS = [1, 5, 20] as const

/** Of several speeds of the demo the one furthest from that of its history, which is 1. */
export function furthestSpeed(speeds: readonly number[]): number {
  return speeds.reduce((one, other) => (Math.abs(Math.log(other)) > Math.abs(Math.log(one)) ? other : one), 1)
}
