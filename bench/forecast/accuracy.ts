/** One product's forecasts beside what came, day by day. */
export interface Foreseen {
  /** Days before the first that was foreseen, raw: what MASE is measured by. */
  history: readonly number[]
  actual: readonly number[]
  forecast: readonly number[]
}

export interface Accuracy {
  /** Σ|actual − forecast| / Σ actual, over all products: a unit weighs as much as the next. */
  wape: number
  /**
   * Mean over products of their mean absolute error in proportion to that of the seasonal naive forecast within their
   * history (Hyndman & Koehler, "Another look at measures of forecast accuracy", 2006).
   */
  mase: number
  products: number
}

/** @param season trading days of a week */
export function accuracyOf(products: readonly Foreseen[], season: number): Accuracy {
  let errors = 0
  let sold = 0
  let scaled = 0
  let count = 0
  for (const { history, actual, forecast } of products) {
    let error = 0
    for (const [day, units] of actual.entries()) {
      error += Math.abs(units - (forecast[day] ?? 0))
      sold += units
    }
    errors += error
    const scale = seasonalNaiveError(history, season)
    // What sold the same on every weekday has no scale.
    if (actual.length === 0 || scale === 0) continue
    scaled += error / actual.length / scale
    count += 1
  }
  return { wape: errors / sold, mase: scaled / count, products: products.length }
}

function seasonalNaiveError(history: readonly number[], season: number): number {
  let sum = 0
  for (let day = season; day < history.length; day += 1) {
    sum += Math.abs((history[day] ?? 0) - (history[day - season] ?? 0))
  }
  return history.length > season ? sum / (history.length - season) : 0
}
