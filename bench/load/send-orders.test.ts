import { describe, expect, test } from 'vitest'
import { parseEvent } from '#domain/event.ts'
import { formatInstant } from '#domain/instant.ts'
import { createRequestBody, sendSteadily } from './send-orders.ts'
import { createBenchWorld } from './world.ts'

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

describe('a steady load', () => {
  test('sends as many as were asked for, whatever the answers take', async () => {
    let sent = 0
    const times = await sendSteadily({
      perSecond: 400,
      seconds: 0.25,
      lanes: Array.from({ length: 4 }, () => async () => {
        sent += 1
      }),
    })
    expect(sent).toBe(100)
    expect(times.length).toBe(100)
  })

  test('times answers from when their request was due: who waits behind a stall feels it', async () => {
    let isFirst = true
    const times = await sendSteadily({
      perSecond: 100,
      seconds: 0.2,
      lanes: [
        async () => {
          if (isFirst) await new Promise(resolve => setTimeout(resolve, 150))
          isFirst = false
        },
      ],
    })
    // The second was due 10 ms after the first, and could only be sent 140 ms later.
    expect(times[1]).toBeGreaterThan(100)
  })

  test('ends with the first failure', async () => {
    const failing = async () => {
      throw new Error('refused')
    }
    await expect(sendSteadily({ perSecond: 100, seconds: 1, lanes: [failing] })).rejects.toThrow('refused')
  })
})
