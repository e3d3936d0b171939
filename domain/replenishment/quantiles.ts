/** Deviations from the middle beyond which one case of ten lies, on one side. */
export const Z_OF_RANGE = 1.2815515655446004

/**
 * The standard normal distribution: the probability of a value up to z. By the complementary error function of Numerical
 * Recipes (Press et al., 3rd ed. 2007, §6.2.2), with a fractional error below 1.2e-7 everywhere.
 */
export function normalCdf(z: number): number {
  const x = Math.abs(z) / Math.SQRT2
  const t = 2 / (2 + x)
  const tail =
    0.5 *
    t *
    Math.exp(
      -x * x -
        1.265_512_23 +
        t *
          (1.000_023_68 +
            t *
              (0.374_091_96 +
                t *
                  (0.096_784_18 +
                    t *
                      (-0.186_288_06 +
                        t *
                          (0.278_868_07 +
                            t *
                              (-1.135_203_98 +
                                t * (1.488_515_87 + t * (-0.822_152_23 + t * 0.170_872_77)))))))),
    )
  return z > 0 ? 1 - tail : tail
}

/**
 * The value up to which a share of the standard normal distribution lies. Acklam's rational approximation (2003), with a
 * relative error below 1.2e-9. @throws RangeError unless 0 < share < 1
 */
export function normalQuantile(share: number): number {
  if (!(share > 0 && share < 1)) throw new RangeError(`a share of ${share} is none between 0 and 1`)
  if (share < LOW) return tail(Math.sqrt(-2 * Math.log(share)))
  if (share > 1 - LOW) return -tail(Math.sqrt(-2 * Math.log(1 - share)))
  const q = share - 0.5
  const r = q * q
  const [a0, a1, a2, a3, a4, a5] = A
  const [b0, b1, b2, b3, b4] = B
  return (
    ((((((a0 * r + a1) * r + a2) * r + a3) * r + a4) * r + a5) * q) /
    (((((b0 * r + b1) * r + b2) * r + b3) * r + b4) * r + 1)
  )
}

const LOW = 0.024_25
const A = [
  -3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1,
  2.506628277459239,
] as const
const B = [
  -5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1,
] as const
const C = [
  -7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968,
  2.938163982698783,
] as const
const D = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416] as const

function tail(q: number): number {
  const [c0, c1, c2, c3, c4, c5] = C
  const [d0, d1, d2, d3] = D
  return (
    (((((c0 * q + c1) * q + c2) * q + c3) * q + c4) * q + c5) / ((((d0 * q + d1) * q + d2) * q + d3) * q + 1)
  )
}

/** Above this mean, counts are as good as normal for what is asked here: a whole unit is below a tenth of a deviation. */
const MANY = 50

/**
 * The least whole number of units that demand does not exceed with this probability. A demand of few units is a negative
 * binomial count where its variance is above its mean, a Poisson count else; of many it is normal (Silver, Pyke & Thomas
 * 2017, §6.7; Syntetos, Lengu & Babai, "A note on the demand distributions of spare parts", 2013).
 * @param mean units, 0 or more
 * @param variance below the mean it counts as the mean
 * @returns units, 0 or more
 */
export function demandQuantile({
  mean,
  variance,
  share,
}: {
  mean: number
  variance: number
  share: number
}): number {
  if (mean <= 0) return 0
  if (mean > MANY) {
    return Math.max(0, Math.ceil(mean + normalQuantile(share) * Math.sqrt(Math.max(mean, variance))))
  }
  // P(0), then each from the one before.
  const excess = variance / mean - 1
  const isPoisson = excess < 1e-6
  const size = isPoisson ? 0 : mean / excess
  const odds = isPoisson ? 0 : excess / (1 + excess)
  let probability = isPoisson ? Math.exp(-mean) : Math.exp(-size * Math.log1p(excess))
  let sum = probability
  let units = 0
  // What is left after so many deviations is lost in rounding.
  const most = Math.ceil(mean + 40 * Math.sqrt(Math.max(mean, variance)) + 40)
  while (sum < share && units < most) {
    probability *= isPoisson ? mean / (units + 1) : (odds * (size + units)) / (units + 1)
    sum += probability
    units += 1
  }
  return units
}

/**
 * The probability that demand is at least so many units, by the same counts as `demandQuantile`.
 * @param mean units, 0 or more
 * @param variance below the mean it counts as the mean
 */
export function demandAtLeast({
  mean,
  variance,
  units,
}: {
  mean: number
  variance: number
  units: number
}): number {
  if (units <= 0) return 1
  if (mean <= 0) return 0
  if (mean > MANY) return 1 - normalCdf((units - 0.5 - mean) / Math.sqrt(Math.max(mean, variance)))
  const excess = variance / mean - 1
  const isPoisson = excess < 1e-6
  const size = isPoisson ? 0 : mean / excess
  const odds = isPoisson ? 0 : excess / (1 + excess)
  let probability = isPoisson ? Math.exp(-mean) : Math.exp(-size * Math.log1p(excess))
  let below = 0
  for (let count = 0; count < units; count += 1) {
    below += probability
    probability *= isPoisson ? mean / (count + 1) : (odds * (size + count)) / (count + 1)
  }
  return Math.max(0, 1 - below)
}
