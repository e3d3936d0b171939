import { expect, test } from 'vitest'
import { createTimeSlices } from './time-slices.ts'

function busy(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until) {
    // Stands for decoding.
  }
}

test('work in a quiet process is done at once', () => {
  const slices = createTimeSlices(5)
  let done = false
  const result = slices.run(() => {
    done = true
    return 7
  })
  expect(done).toBe(true)
  return expect(result).resolves.toBe(7)
})

test('much work takes turns with the event loop, in order', async () => {
  const slices = createTimeSlices(5)
  const order: number[] = []
  let rounds = 0
  let counting = true
  const count = (): void => {
    rounds += 1
    if (counting) setImmediate(count)
  }
  setImmediate(count)
  await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      slices.run(() => {
        busy(4)
        order.push(index)
      }),
    ),
  )
  counting = false
  expect(order).toEqual(Array.from({ length: 20 }, (_, index) => index))
  expect(rounds).toBeGreaterThanOrEqual(8)
})

test('work that fails fails alone', async () => {
  const slices = createTimeSlices(0)
  const results = await Promise.allSettled([
    slices.run(() => 1),
    slices.run(() => {
      throw new Error('no JSON')
    }),
    slices.run(() => 3),
  ])
  expect(results.map(result => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
})
