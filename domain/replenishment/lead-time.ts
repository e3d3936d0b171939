/** Days from an order to its goods, of one supplier. */
export interface LeadTime {
  meanDays: number
  /** Standard deviation of one delivery. */
  spreadDays: number
  /** Deliveries that it was learned from. */
  deliveries: number
}

/** What a supplier says of itself counts as much as so many deliveries. */
const STATED_WEIGHT = 4
/** Deviation of a supplier of whom nothing but its word is known, as a share of the lead time it states. */
const STATED_VARIATION = 0.25
/** A delivery later than so many times what is stated was an accident: it counts as no later. */
const LATEST = 4

/**
 * Lead time of a supplier from what it delivered, drawn towards what it states: the posterior means of a normal
 * distribution under its conjugate prior (Gelman et al., "Bayesian Data Analysis", 3rd ed. 2013, §3.3), whose weight is
 * that of a few deliveries. Many deliveries say it all; of none the statement holds.
 * @param days of each delivery, 0 or more
 * @param statedDays by the terms; null: none are known
 * @returns null where nothing is known
 */
export function leadTimeOf(days: readonly number[], statedDays: number | null): LeadTime | null {
  const deliveries = days.length
  if (statedDays === null && deliveries === 0) return null
  const most = statedDays === null ? Number.POSITIVE_INFINITY : Math.max(1, statedDays) * LATEST
  const bounded = days.map(one => Math.min(Math.max(0, one), most))
  const sum = bounded.reduce((total, one) => total + one, 0)
  const weight = statedDays === null ? 0 : STATED_WEIGHT
  const stated = statedDays ?? 0
  const meanDays = (sum + weight * stated) / (deliveries + weight)
  const squares = bounded.reduce((total, one) => total + (one - meanDays) ** 2, 0)
  const ofStated = weight * ((STATED_VARIATION * stated) ** 2 + (stated - meanDays) ** 2)
  return { meanDays, spreadDays: Math.sqrt((squares + ofStated) / (deliveries + weight)), deliveries }
}
