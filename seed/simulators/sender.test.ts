import { describe, expect, test } from 'vitest'
import type { SentEvent } from '#domain/event.ts'
import { createRandom } from '#seed/world/random.ts'
import type { Answer } from './post-events.ts'
import {
  asSent,
  clockOf,
  createSender,
  isPlanted,
  lineOf,
  MOST_OFF_MS,
  type SenderContext,
} from './sender.ts'

const eventOf = (id: number) =>
  ({ source: 'till', id: String(id), type: 'stock.adjusted' }) as unknown as SentEvent

const idOf = (line: string) => (JSON.parse(line) as { id: string }).id

/** An intake that answers as told, and a clock that only waiting moves. */
function playground(answers: (request: readonly string[], count: number) => Answer['kind'] | number) {
  const requests: string[][] = []
  const waits: number[] = []
  const notes: string[] = []
  const stop = new AbortController()
  let now = 0
  const context: SenderContext = {
    random: { ...createRandom(1), chance: () => false },
    clock: () => now,
    async wait(milliseconds) {
      waits.push(milliseconds)
      now += milliseconds
    },
    async post(lines) {
      requests.push(lines.map(idOf))
      const answer = answers(lines, requests.length)
      if (typeof answer !== 'number') return { kind: 'unreachable', detail: 'gone' }
      return {
        kind: 'answered',
        status: answer,
        retryAfterMs: null,
        accepted: lines.length,
        duplicates: 0,
        rejected: [],
      }
    },
    stop: stop.signal,
    onSent: ({ events, again }) => notes.push(again ? `again ${events}` : `sent ${events}`),
    onRejected: () => {},
    onRefused: detail => notes.push(detail),
    onHopeless: detail => notes.push(detail),
    onIntake: isAway => notes.push(isAway ? 'away' : 'there'),
  }
  return { context, requests, waits, notes, stop, now: () => now }
}

describe('a sender', () => {
  test('sends what it has in order, one request at a time, a hundred events at most', async () => {
    const { context, requests } = playground(() => 200)
    const sender = createSender(context)
    for (let id = 1; id <= 250; id += 1) sender.add(eventOf(id))
    await sender.drained()
    expect(requests.flat()).toEqual(Array.from({ length: 250 }, (_, index) => String(index + 1)))
    expect(Math.max(...requests.map(({ length }) => length))).toBe(100)
  })

  test('keeps its order while the intake is away or full, and loses nothing', async () => {
    const { context, requests, waits } = playground((_, count) => {
      if (count <= 2) return 'unreachable'
      return count === 3 ? 503 : 200
    })
    const sender = createSender(context)
    sender.add(eventOf(1))
    sender.add(eventOf(2))
    await sender.drained()
    expect(requests.slice(0, 4)).toEqual([['1'], ['1'], ['1'], ['1']])
    expect(requests.at(-1)).toEqual(['2'])
    expect(waits.length).toBe(3)
    expect(sender.outbox).toEqual([])
  })

  test('holds back as long as its line is down, then sends all at once', async () => {
    const { context, requests, now } = playground(() => 200)
    const sender = createSender(context)
    sender.holdUntil(60_000)
    for (const id of [1, 2, 3]) sender.add(eventOf(id))
    await sender.drained()
    expect(now()).toBe(60_000)
    expect(requests).toEqual([['1', '2', '3']])
  })

  test('sends what it held back as soon as its line is back', async () => {
    const { context, requests, now } = playground(() => 200)
    const sender = createSender({
      ...context,
      async wait(milliseconds) {
        await context.wait(milliseconds)
        if (now() >= 5_000) sender.release()
      },
    })
    sender.holdUntil(3_600_000)
    sender.add(eventOf(1))
    await sender.drained()
    expect(now()).toBeLessThan(10_000)
    expect(requests).toEqual([['1']])
  })

  test('names what was planted when it is rejected, and never sends that twice', async () => {
    const rejections: unknown[] = []
    const { context, requests } = playground(() => 200)
    const sender = createSender({
      ...context,
      random: { ...context.random, chance: () => true },
      async post(lines) {
        const answer = await context.post(lines)
        const rejected = [{ index: 1, id: '2', reason: 'invalid_json', detail: '' }]
        return answer.kind === 'answered' && lines.length === 2 ? { ...answer, rejected } : answer
      },
      onRejected: (rejected, outgoing) => rejections.push([rejected.id, outgoing]),
    })
    sender.holdUntil(1)
    sender.add(eventOf(1))
    const planted = { planted: 'broken', body: '{"id":"2"}' }
    sender.add(planted)
    await sender.drained()
    expect(rejections).toEqual([['2', planted]])
    expect(requests).toEqual([['1', '2'], ['1']])
  })

  test('sends a request twice now and then, after it was taken', async () => {
    const { context, requests, notes } = playground(() => 200)
    const sender = createSender({ ...context, random: { ...context.random, chance: () => true } })
    sender.add(eventOf(1))
    await sender.drained()
    expect(requests).toEqual([['1'], ['1']])
    expect(notes).toEqual(['there', 'sent 1', 'again 1'])
  })

  test('stops at once and keeps what was not taken', async () => {
    const { context, stop, waits } = playground(() => 'unreachable')
    const sender = createSender({
      ...context,
      async wait(milliseconds) {
        waits.push(milliseconds)
        stop.abort()
      },
    })
    sender.add(eventOf(1))
    await sender.drained()
    expect(waits.length).toBe(1)
    expect(sender.outbox.map(lineOf).map(idOf)).toEqual(['1'])
  })

  test('begins with what the last run could not deliver', async () => {
    const { context, requests } = playground(() => 200)
    const sender = createSender(context, [eventOf(1), eventOf(2)])
    await sender.drained()
    expect(requests).toEqual([['1', '2']])
  })
})

const TILLS = Array.from({ length: 200 }, (_, index) => `pos-store-till-${index}`)

test('clocks of tills are off by a second or two, some are seconds ahead, and each keeps its error', () => {
  const clocks = TILLS.map(clockOf)
  expect(TILLS.map(clockOf)).toEqual(clocks)
  expect(Math.max(...clocks.map(Math.abs))).toBeLessThanOrEqual(MOST_OFF_MS)
  const ahead = clocks.filter(clock => clock >= 4_000).length
  expect(ahead).toBeGreaterThan(5)
  expect(ahead).toBeLessThan(60)
})

test('what a till tells carries the time of its own clock; a day ahead is known to be refused', () => {
  const event = {
    source: 'till',
    id: '1',
    type: 'stock.adjusted',
    store: 'berlin',
    eventTime: '2026-11-20T12:00:00.000Z',
    lines: [{ sku: 'tea', units: 1 }],
  } as const
  const told = { ...event, lines: [...event.lines] }
  expect(asSent({ event: told, clockMs: 3_000 })).toMatchObject({ eventTime: '2026-11-20T12:00:03.000Z' })
  expect(isPlanted(asSent({ event: told, clockMs: 86_400_000 }))).toBe(true)
})
