/*
 * How a demand rate is estimated from days in turn. A day has units and an *exposure*: 1 for an ordinary day, 0 for one
 * that says nothing (closed, on offer), between where the shelf was empty for a part of it, more than 1 where its weekday
 * sells more. With exposures of 1 each is the method of its textbook; the tests hold them to another library.
 *
 * A rate is units a day of exposure 1.
 */

/** Days in turn, oldest first. */
export interface Observed {
  units: ArrayLike<number>
  exposure: ArrayLike<number>
  /** How much like products sold about each day in proportion to other days; left out: the same always. */
  pace?: ArrayLike<number>
}

export type MethodName =
  | 'average-28'
  | 'average-56'
  | 'share-56'
  | 'share-91'
  | 'smoothed-0.05'
  | 'smoothed-0.1'
  | 'smoothed-0.2'
  | 'croston-sba'
  | 'tsb'

export interface Method {
  name: MethodName
  /** For people. */
  text: string
  /** @param to days from the first up to, not including this one; null while nothing can be said */
  rate(days: Observed, to: number): number | null
  /** How many days of exposure 1 the estimate weighs as much as: the variance of the rate is that of a day over it. */
  memoryDays: number
}

/** Croston's own: what is seldom sold changes slowly. */
const INTERMITTENT_ALPHA = 0.1

export const METHODS: readonly Method[] = [
  average('average-28', 28),
  average('average-56', 56),
  share('share-56', 56),
  share('share-91', 91),
  smoothed('smoothed-0.05', 0.05),
  smoothed('smoothed-0.1', 0.1),
  smoothed('smoothed-0.2', 0.2),
  {
    name: 'croston-sba',
    text: 'Croston with the correction of Syntetos and Boylan',
    rate: (days, to) => crostonSba(days, INTERMITTENT_ALPHA, to),
    memoryDays: memoryOf(INTERMITTENT_ALPHA),
  },
  {
    name: 'tsb',
    text: 'Teunter, Syntetos and Babai',
    rate: (days, to) => tsb(days, { demand: INTERMITTENT_ALPHA, probability: 0.05 }, to),
    memoryDays: memoryOf(0.05),
  },
]

export function methodNamed(name: MethodName): Method {
  const method = METHODS.find(one => one.name === name)
  if (!method) throw new Error(`there is no forecast method "${name}"`)
  return method
}

function average(name: MethodName, days: number): Method {
  return {
    name,
    text: `mean of ${days} days`,
    rate: (observed, to) => averageRate(observed, days, to),
    memoryDays: days,
  }
}

function share(name: MethodName, days: number): Method {
  return {
    name,
    text: `share of like products over ${days} days, at their pace of now`,
    rate: (observed, to) => sharedRate(observed, days, to),
    memoryDays: days,
  }
}

function smoothed(name: MethodName, alpha: number): Method {
  return {
    name,
    text: `exponential smoothing, ${alpha}`,
    rate: (observed, to) => smoothedRate(observed, alpha, to),
    memoryDays: memoryOf(alpha),
  }
}

/** Exponential smoothing has the variance of a mean of so many days: (2 − α) / α (Brown, 1959). */
function memoryOf(alpha: number): number {
  return (2 - alpha) / alpha
}

/** Mean of the last so many days: all their units over all their exposure. Null without exposure. */
export function averageRate(
  { units, exposure }: Observed,
  window: number,
  to: number = units.length,
): number | null {
  let sold = 0
  let seen = 0
  for (let day = Math.max(0, to - window); day < to; day += 1) {
    sold += (exposure[day] ?? 0) > 0 ? (units[day] ?? 0) : 0
    seen += exposure[day] ?? 0
  }
  return seen > 0 ? sold / seen : null
}

/**
 * What a product has of the pace of like products, over so many days, times their pace of the last day: so a season or a
 * trend that all of them have is followed at once, from far more sales than its own (top-down forecasting by proportions:
 * Gross & Sohl, "Disaggregation methods to expedite product line forecasting", 1990). Null without exposure.
 */
export function sharedRate(
  { units, exposure, pace }: Observed,
  window: number,
  to: number = units.length,
): number | null {
  let sold = 0
  let seen = 0
  for (let day = Math.max(0, to - window); day < to; day += 1) {
    const share = exposure[day] ?? 0
    if (share <= 0) continue
    sold += units[day] ?? 0
    seen += share * (pace?.[day] ?? 1)
  }
  return seen > 0 ? (sold / seen) * (pace?.[to - 1] ?? 1) : null
}

/**
 * Simple exponential smoothing of the rate (Brown, 1959), begun with the first day that has an exposure. A day of exposure
 * e moves the level as e ordinary days would: by 1 − (1 − α)^e.
 */
export function smoothedRate(
  { units, exposure }: Observed,
  alpha: number,
  to: number = units.length,
): number | null {
  let level: number | null = null
  for (let day = 0; day < to; day += 1) {
    const seen = exposure[day] ?? 0
    if (seen <= 0) continue
    const rate = (units[day] ?? 0) / seen
    const weight = seen === 1 ? alpha : 1 - (1 - alpha) ** seen
    level = level === null ? rate : level + weight * (rate - level)
  }
  return level
}

/**
 * Croston's method (Croston, "Forecasting and stock control for intermittent demands", 1972): the size of a day with
 * demand and the time between such days, both smoothed, are told apart. Their ratio is too high by about α/2, which is
 * taken off (Syntetos & Boylan, "The accuracy of intermittent demand estimates", 2005). Time is counted in exposure.
 * @returns null before the first day with demand
 */
export function crostonSba(
  { units, exposure }: Observed,
  alpha: number,
  to: number = units.length,
): number | null {
  let size: number | null = null
  let interval = 0
  let since = 0
  for (let day = 0; day < to; day += 1) {
    const seen = exposure[day] ?? 0
    if (seen <= 0) continue
    since += seen
    const sold = units[day] ?? 0
    if (sold <= 0) continue
    size = size === null ? sold : size + alpha * (sold - size)
    interval = interval === 0 ? since : interval + alpha * (since - interval)
    since = 0
  }
  return size === null ? null : (1 - alpha / 2) * (size / interval)
}

/**
 * TSB (Teunter, Syntetos & Babai, "Intermittent demand: linking forecasting to inventory obsolescence", 2011): the size of
 * a day with demand, and the probability that a day has any, which is smoothed on every day. So what has stopped selling
 * goes to zero, where Croston's never does.
 * @returns null before the first day with demand
 */
export function tsb(
  { units, exposure }: Observed,
  alpha: { demand: number; probability: number },
  to: number = units.length,
): number | null {
  let size: number | null = null
  let probability: number | null = null
  for (let day = 0; day < to; day += 1) {
    const seen = exposure[day] ?? 0
    if (seen <= 0) continue
    const sold = units[day] ?? 0
    const has = sold > 0 ? 1 / seen : 0
    const weight = seen === 1 ? alpha.probability : 1 - (1 - alpha.probability) ** seen
    probability = probability === null ? has : probability + weight * (has - probability)
    if (sold > 0) size = size === null ? sold : size + alpha.demand * (sold - size)
  }
  return size === null || probability === null ? null : size * probability
}

/** What the same weekday sold last: what every method is held against. Null in the first week. */
export function seasonalNaive(units: ArrayLike<number>, day: number, season = 7): number | null {
  return day < season ? null : (units[day - season] ?? null)
}
