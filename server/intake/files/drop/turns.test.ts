import { expect, test } from 'vitest'
import { createTurns } from './turns.ts'

function busy(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until) {
    // Stands for decoding.
  }
}

test('work in a quiet process is done at once', () => {
  const turns = createTurns(5)
  let done = false
  const result = turns.run(() => {
    done = true
    return 7
  })
  expect(done).toBe(true)
  return expect(result).resolves.toBe(7)
})

test('much work takes turns with the event loop, in order', async () => {
  const turns = createTurns(5)
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
      turns.run(() => {
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
  const turns = createTurns(0)
  const results = await Promise.allSettled([
    turns.run(() => 1),
    turns.run(() => {
      throw new Error('no JSON')
    }),
    turns.run(() => 3),
  ])
  expect(results.map(result => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
})
