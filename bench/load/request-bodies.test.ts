import { describe, expect, test } from 'vitest'
import { parseEvent } from '#domain/event.ts'
import { formatInstant } from '#domain/instant.ts'
import { createBenchWorld } from './bench-world.ts'
import { createRequestBody } from './request-bodies.ts'

const world = createBenchWorld()
const [store] = world.stores

function bodyOf(orders: number) {
  if (!store) throw new Error('the world of the benchmarks has no store')
  return createRequestBody(world, { store, orders, seed: 1 })
}

describe('bodies that are written over in place', () => {
  test('give every order an id of its own, and the time', () => {
    const body = bodyOf(100)
    const seen = new Set<string>()
    const time = formatInstant(Date.UTC(2026, 10, 20, 10))
    for (const firstNumber of [0, 100, 999_999_999_900]) {
      body.stamp(firstNumber, time)
      const events = JSON.parse(body.bytes.toString()) as { id: string; orderId: string; eventTime: string }[]
      for (const [index, event] of events.entries()) {
        expect(parseEvent(event)).toHaveProperty('event')
        expect(event).toMatchObject({ orderId: `o-${event.id}`, eventTime: time })
        expect(Number(event.id)).toBe(firstNumber + index)
        seen.add(event.id)
      }
    }
    expect(seen.size).toBe(300)
  })

  test('of one order are the event itself', () => {
    const body = bodyOf(1)
    body.stamp(7, formatInstant(0))
    expect(JSON.parse(body.bytes.toString())).toMatchObject({ id: '000000000007', store: store?.id })
  })
})

test('the stores of the load lie evenly in the partitions', () => {
  const counts = [0, 0, 0, 0]
  for (const { partition } of world.stores) counts[partition] = (counts[partition] ?? 0) + 1
  expect(counts).toEqual([5, 5, 5, 5])
})
