import type { Faker } from '@faker-js/faker'
import { faker } from '@faker-js/faker/locale/en'

/** A stream of random numbers that a seed fixes. Never `Math.random`: the same arguments give the same events. */
export type Random = ReturnType<typeof createRandom>

/**
 * A generator of its own for each scope, e.g. `createRandom(1, 'orders', 'berlin-mitte')`: what one part of
 * the world draws never shifts what another part gets.
 */
export function createRandom(seed: number, ...scope: readonly string[]) {
  const next = sfc32(hashOf([String(seed), ...scope].join('/')))

  function normal(mean: number, deviation: number): number {
    // Box-Muller; 1 - next() keeps the logarithm off zero.
    return mean + deviation * Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
  }

  return {
    /** In [0, 1). */
    next,
    /** A whole number from `least` to `most`, both included. */
    integer: (least: number, most: number) => least + Math.floor(next() * (most - least + 1)),
    chance: (probability: number) => next() < probability,
    pick<Item>(items: readonly Item[]): Item {
      const item = items[Math.floor(next() * items.length)]
      if (item === undefined) throw new RangeError('there is nothing to pick from')
      return item
    },
    normal,
    /** Waiting times: most short, few long. */
    exponential: (mean: number) => -mean * Math.log(1 - next()),
    /** How many of something happens where `mean` is expected. */
    poisson(mean: number): number {
      // Knuth's product of draws loses precision and time for large means, where the normal is as good.
      if (mean > 60) return Math.max(0, Math.round(normal(mean, Math.sqrt(mean))))
      const limit = Math.exp(-mean)
      let count = 0
      for (let product = next(); product > limit; product *= next()) count += 1
      return count
    },
  }
}

/** Faker, going on from what `random` draws next. There is one of it: whoever asks later makes it go on from there. */
export function fakerOf(random: Random): Faker {
  faker.seed(random.integer(0, 0x7fffffff))
  return faker
}

/** Draws indexes in proportion to weights. */
export function createWeightedPick(weights: readonly number[]): (random: Random) => number {
  const sums: number[] = []
  let sum = 0
  for (const weight of weights) {
    sum += weight
    sums.push(sum)
  }
  return random => findSum(sums, random.next() * sum, { low: 0, high: sums.length - 1 })
}

/** The first index from `low` to `high` at which ascending sums exceed what is wanted. */
export function findSum(
  sums: ArrayLike<number>,
  wanted: number,
  { low, high }: { low: number; high: number },
): number {
  let [first, last] = [low, high]
  while (first < last) {
    const middle = (first + last) >> 1
    if ((sums[middle] ?? 0) <= wanted) first = middle + 1
    else last = middle
  }
  return first
}

type State = readonly [number, number, number, number]

// FNV-1a from four offsets: four unrelated words of state from one text.
function hashOf(text: string): State {
  const word = (offset: number) => {
    let hash = offset
    for (let index = 0; index < text.length; index += 1) {
      hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
    }
    return hash
  }
  return [word(0x811c9dc5), word(0x1234567), word(0x89abcdef), word(0x5bd1e995)]
}

// "Small fast counter", Chris Doty-Humphrey, PractRand 2010: passes its tests, and has no bad seeds after a warm-up.
function sfc32(state: State): () => number {
  let [a, b, c, counter] = state
  const next = () => {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return (sum >>> 0) / 4_294_967_296
  }
  for (let round = 0; round < 16; round += 1) next()
  return next
}
