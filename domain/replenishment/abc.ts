export type AbcClass = 'A' | 'B' | 'C'

/** Shares of a store's net sales that end a class: A has the products of the first 80%, B those of the next 15%. */
export const ABC_BOUNDS = { a: 0.8, b: 0.95 } as const

/**
 * Share of order cycles in which the shelf is not to run empty, by class. What sells most is missed most; what seldom sells
 * would fill the room with stock that nobody buys.
 */
const SERVICE_LEVELS: Record<AbcClass, number> = { A: 0.98, B: 0.95, C: 0.9 }

export function serviceLevelOf(abcClass: AbcClass): number {
  return SERVICE_LEVELS[abcClass]
}

/**
 * Classes by share of net sales (Pareto): sorted by what they sell, a product is of the class in which its share begins.
 * What sold nothing is C, and so is everything where nothing sold.
 * @param net by product, any unit; below zero counts as nothing
 */
export function abcClasses(net: readonly number[]): AbcClass[] {
  const total = net.reduce((sum, one) => sum + Math.max(0, one), 0)
  const classes: AbcClass[] = net.map(() => 'C')
  let before = 0
  const order = net.map((_, index) => index).sort((one, other) => (net[other] ?? 0) - (net[one] ?? 0))
  for (const index of order) {
    const own = Math.max(0, net[index] ?? 0)
    if (own === 0) break
    const share = before / total
    classes[index] = share < ABC_BOUNDS.a ? 'A' : share < ABC_BOUNDS.b ? 'B' : 'C'
    before += own
  }
  return classes
}
