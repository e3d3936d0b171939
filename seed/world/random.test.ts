import { describe, expect, test } from 'vitest'
import { createRandom, createWeightedPick } from './random.ts'

const draw = (seed: number, ...scope: string[]) => {
  const random = createRandom(seed, ...scope)
  return Array.from({ length: 5 }, () => random.next())
}

describe('random numbers of a world', () => {
  test('the same seed and scope give the same numbers, on any machine', () => {
    expect(draw(1, 'orders')).toEqual(draw(1, 'orders'))
    expect(draw(7, 'orders', 'berlin').map(value => value.toFixed(9))).toMatchInlineSnapshot(`
      [
        "0.011306137",
        "0.611584164",
        "0.577442399",
        "0.765444739",
        "0.468636975",
      ]
    `)
  })

  test('another seed or scope gives others', () => {
    expect(new Set([draw(1, 'a'), draw(2, 'a'), draw(1, 'b'), draw(1, 'a', 'b')].map(String)).size).toBe(4)
  })

  test.each([0.4, 7, 300])('what happens %d times on average does so', mean => {
    const random = createRandom(3, 'poisson')
    const count = 4_000
    const sum = Array.from({ length: count }, () => random.poisson(mean)).reduce(
      (total, value) => total + value,
      0,
    )
    // Four standard errors of a Poisson mean.
    expect(Math.abs(sum / count - mean)).toBeLessThan(4 * Math.sqrt(mean / count))
  })

  test('weighted picks come in proportion, and never where the weight is zero', () => {
    const random = createRandom(3, 'pick')
    const pick = createWeightedPick([1, 0, 3])
    const counts = [0, 0, 0]
    for (let draws = 0; draws < 4_000; draws += 1) {
      const index = pick(random)
      counts[index] = (counts[index] ?? 0) + 1
    }
    expect(counts[1]).toBe(0)
    expect((counts[2] ?? 0) / (counts[0] ?? 1)).toBeCloseTo(3, 0)
  })

  test('nothing can be picked from nothing', () => {
    expect(() => createRandom(1).pick([])).toThrow(RangeError)
  })
})
