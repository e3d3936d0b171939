import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createTimeQueue } from './time-queue.ts'

test('things come out by time, and at the same time in the order they were added', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9 })), times => {
      const queue = createTimeQueue<number>()
      for (const [index, at] of times.entries()) queue.add(at, index)
      const taken: { at: number; item: number }[] = []
      for (let next = queue.take(); next; next = queue.take()) taken.push(next)
      expect(taken).toEqual(
        times
          .map((at, item) => ({ at, item }))
          .sort((left, right) => left.at - right.at || left.item - right.item),
      )
      expect(queue.nextAt()).toBeNull()
    }),
  )
})

test('what is added while others are taken finds its place', () => {
  const queue = createTimeQueue<string>()
  queue.add(10, 'ten')
  queue.add(30, 'thirty')
  expect(queue.take()?.item).toBe('ten')
  queue.add(20, 'twenty')
  expect([queue.nextAt(), queue.take()?.item, queue.take()?.item, queue.take()]).toEqual([
    20,
    'twenty',
    'thirty',
    null,
  ])
})
