package tillstream.domain;

/** Probabilities of demand: `domain/replenishment/quantiles.ts`. StrictMath, since V8 computes by the same library. */
final class Quantiles {
  /** Deviations from the middle beyond which one case of ten lies, on one side. */
  static final double Z_OF_RANGE = 1.2815515655446004;
  /** Above this mean, counts are as good as normal. */
  private static final double MANY = 50;
  private static final double SQRT2 = 1.4142135623730951;

  /** Of the complementary error function of Numerical Recipes, from the highest power to the lowest. */
  private static final double[] ERFC = {
    0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196, 1.00002368
  };

  private Quantiles() {}

  static double normalCdf(double z) {
    double x = Math.abs(z) / SQRT2;
    double t = 2 / (2 + x);
    double sum = ERFC[0];
    for (int power = 1; power < ERFC.length; power += 1) sum = ERFC[power] + t * sum;
    double tail = 0.5 * t * StrictMath.exp(-x * x - 1.26551223 + t * sum);
    return z > 0 ? 1 - tail : tail;
  }

  /** The probability that demand is at least so many units. @param variance below the mean it counts as the mean */
  static double demandAtLeast(double mean, double variance, long units) {
    if (units <= 0) return 1;
    if (mean <= 0) return 0;
    if (mean > MANY) return 1 - normalCdf((units - 0.5 - mean) / Math.sqrt(Math.max(mean, variance)));
    double excess = variance / mean - 1;
    boolean isPoisson = excess < 1e-6;
    double size = isPoisson ? 0 : mean / excess;
    double odds = isPoisson ? 0 : excess / (1 + excess);
    double probability = isPoisson ? StrictMath.exp(-mean) : StrictMath.exp(-size * StrictMath.log1p(excess));
    double below = 0;
    for (long count = 0; count < units; count += 1) {
      below += probability;
      probability *= isPoisson ? mean / (count + 1) : (odds * (size + count)) / (count + 1);
    }
    return Math.max(0, 1 - below);
  }
}
