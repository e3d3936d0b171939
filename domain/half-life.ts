/**
 * What is left of 1 after so long, half of it in every half-life. A power of e and not of 2: `**` is the C library's of the
 * machine, whose last bit differs from one to the next, and V8 brings its own exp. So the same log gives the same bits on
 * every machine, and in the Flink job, whose StrictMath is the same library (fdlibm).
 */
export function fading(age: number, halfLife: number): number {
  return Math.exp((-age / halfLife) * Math.LN2)
}
