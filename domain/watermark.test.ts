import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { MinHeap } from './min-heap.ts'
import { type LogEntryTime, PartitionWatermark } from './watermark.ts'

const at = (time: string) => Date.parse(`2026-11-20T${time}Z`)

function live(source: string, eventTime: string, appendedAt = eventTime): LogEntryTime {
  return { kind: 'live', source, eventTime: at(eventTime), appendedAt: at(appendedAt) }
}

function after(...entries: LogEntryTime[]): PartitionWatermark {
  const watermark = new PartitionWatermark()
  for (const entry of entries) watermark.advance(entry)
  return watermark
}

test('the watermark trails the newest event of its source by 30 seconds', () => {
  expect(after(live('till-1', '10:00:40')).current).toBe(at('10:00:10'))
})

test('the slowest source that is not idle decides', () => {
  expect(after(live('till-1', '10:05:00'), live('till-2', '10:04:00', '10:05:01')).current).toBe(
    at('10:04:30'),
  )
  // till-1 alone had already moved it to 10:04:30, and it never goes back.
})

test('the slowest source holds the watermark until it moves', () => {
  const watermark = after(live('a', '10:00:00'), live('b', '10:00:01'), live('b', '10:00:50'))
  expect(watermark.current).toBe(at('09:59:30'))
  watermark.advance(live('a', '10:00:45', '10:00:51'))
  expect(watermark.current).toBe(at('10:00:15'))
})

test('a source that is silent for 60 seconds holds nothing back', () => {
  const watermark = after(live('a', '10:00:00'), live('b', '10:00:30'), live('b', '10:00:59'))
  expect(watermark.current).toBe(at('09:59:30'))
  watermark.advance(live('b', '10:01:00'))
  expect(watermark.current).toBe(at('10:00:30'))
})

test('with every source idle, ticks move time: the newest append minus 60 seconds', () => {
  const watermark = after(live('a', '10:00:00'))
  watermark.advance({ kind: 'tick', appendedAt: at('10:00:59') })
  expect(watermark.current).toBe(at('09:59:30'))
  watermark.advance({ kind: 'tick', appendedAt: at('10:02:00') })
  expect(watermark.current).toBe(at('10:01:00'))
})

test('a source that comes back with a backlog finds time where the others took it', () => {
  const watermark = after(live('a', '10:00:00'), live('b', '10:10:00'))
  const judgedBy = watermark.advance(live('a', '10:00:30', '10:10:01'))
  expect(judgedBy).toBe(at('10:09:30'))
  expect(watermark.current).toBe(at('10:09:30'))
})

test('a till whose clock is fast takes no window further than the append', () => {
  const watermark = after(live('fast', '10:01:59', '10:00:00'))
  expect(watermark.current).toBe(at('10:00:00'))
  const honest = {
    kind: 'live',
    source: 'honest',
    eventTime: at('10:00:20'),
    appendedAt: at('10:00:21'),
  } as const
  expect(watermark.advance(honest)).toBe(at('10:00:21'))
  watermark.advance({ kind: 'bulk', appendedAt: at('10:00:40') })
  expect(watermark.current).toBe(at('10:00:21'))
})

test('a source that is silent for a day is forgotten, and is a new one when it comes again', () => {
  const watermark = after(live('a', '10:00:00'), live('b', '10:00:00'))
  const day = 86_400_000
  watermark.advance({ kind: 'tick', appendedAt: at('10:00:00') + day - 1 })
  expect([watermark.size, watermark.takeForgottenSources()]).toEqual([2, []])
  watermark.takeTouchedSources()
  // Bulk events tell the time too; whoever is heard at that very moment was forgotten before.
  watermark.advance({
    kind: 'live',
    source: 'b',
    eventTime: at('09:00:00'),
    appendedAt: at('10:00:00') + day,
  })
  expect([watermark.size, watermark.takeForgottenSources()]).toEqual([1, ['a']])
  expect(watermark.takeTouchedSources()).toEqual([
    ['b', { maxEventTime: at('09:00:00'), lastAppendedAt: at('10:00:00') + day }],
  ])
})

test('what is kept and what an entry costs do not grow with the number of sources ever seen', () => {
  const pushes = vi.spyOn(MinHeap.prototype, 'push')
  const pops = vi.spyOn(MinHeap.prototype, 'pop')
  const rekeys = vi.spyOn(MinHeap.prototype, 'rekeyTop')
  const steps = () => pushes.mock.calls.length + pops.mock.calls.length + rekeys.mock.calls.length
  try {
    const watermark = new PartitionWatermark()
    const stored = new Set<string>()
    const perDay = 5_000
    for (let day = 0; day < 12; day += 1) {
      const before = steps()
      for (let index = 0; index < perDay; index += 1) {
        const appendedAt = at('10:00:00') + day * 86_400_000 + index * 17_280
        // A receipt is its own source, one till goes on for ever, and one holds the watermark back with its backlog.
        const source = ['till', 'backlog', `receipt-${day}-${index}`][index % 3] ?? ''
        watermark.advance({
          kind: 'live',
          source,
          appendedAt,
          eventTime: source === 'backlog' ? 0 : appendedAt,
        })
      }
      for (const source of watermark.takeForgottenSources()) stored.delete(source)
      for (const [source] of watermark.takeTouchedSources()) stored.add(source)
      expect(watermark.size).toBeLessThanOrEqual(perDay / 3 + 3)
      expect(stored.size).toBe(watermark.size)
      // The backlog stays at the top: those behind it that fell idle are let go of all the same.
      expect((pushes.mock.contexts.at(-1) as MinHeap<unknown>).size).toBeLessThanOrEqual(
        2 * watermark.size + 17,
      )
      expect(steps() - before).toBeLessThanOrEqual(4 * perDay)
    }
  } finally {
    vi.restoreAllMocks()
  }
})

test('bulk events tell the time of day and nothing else', () => {
  const watermark = after(live('a', '10:00:00'))
  watermark.advance({ kind: 'bulk', appendedAt: at('10:00:20') })
  expect(watermark.current).toBe(at('09:59:30'))
})

test('nothing can be late in a partition that was empty', () => {
  expect(new PartitionWatermark().advance(live('a', '08:00:00', '10:00:00'))).toBeNull()
})

const entries = fc.array(
  fc.record({
    kind: fc.constantFrom('live' as const, 'live' as const, 'bulk' as const, 'tick' as const),
    source: fc.constantFrom('a', 'b', 'c', 'd'),
    eventLag: fc.integer({ min: -120_000, max: 600_000 }),
    gap: fc.oneof(
      { weight: 20, arbitrary: fc.integer({ min: 0, max: 45_000 }) },
      fc.integer({ min: 0, max: 90_000_000 }),
    ),
  }),
  { maxLength: 80 },
)

function timeline(
  steps: { kind: 'live' | 'bulk' | 'tick'; source: string; eventLag: number; gap: number }[],
): LogEntryTime[] {
  let now = at('10:00:00')
  return steps.map(({ kind, source, eventLag, gap }) => {
    now += gap
    return kind === 'live'
      ? { kind, source, eventTime: now - eventLag, appendedAt: now }
      : { kind, appendedAt: now }
  })
}

test('it never goes back, and a restart from a checkpoint decides the same at any place', () => {
  fc.assert(
    fc.property(entries, fc.nat(), (steps, cut) => {
      const log = timeline(steps)
      const whole = new PartitionWatermark()
      const judged = log.map(entry => whole.advance(entry))
      for (let index = 1; index < judged.length; index += 1) {
        expect(judged[index] ?? 0).toBeGreaterThanOrEqual(judged[index - 1] ?? 0)
      }
      const split = log.length === 0 ? 0 : cut % log.length
      const first = new PartitionWatermark()
      const stored = new Map<string, { maxEventTime: number; lastAppendedAt: number }>()
      const again = log.slice(0, split).map(entry => {
        const judgedBy = first.advance(entry)
        for (const source of first.takeForgottenSources()) stored.delete(source)
        for (const [source, progress] of first.takeTouchedSources()) stored.set(source, progress)
        return judgedBy
      })
      const second = new PartitionWatermark({ sources: stored, watermark: first.current })
      for (const entry of log.slice(split)) again.push(second.advance(entry))
      expect(again).toEqual(judged)
      expect(second.current).toBe(whole.current)
    }),
  )
})

test('it equals the definition, computed the slow way', () => {
  fc.assert(
    fc.property(entries, steps => {
      const fast = new PartitionWatermark()
      const sources = new Map<string, { max: number; last: number }>()
      let expected: number | null = null
      for (const entry of timeline(steps)) {
        fast.advance(entry)
        const raise = () => {
          const active = [...sources.values()].filter(({ last }) => entry.appendedAt - last < 60_000)
          const candidate =
            active.length > 0
              ? Math.min(Math.min(...active.map(({ max }) => max)) - 30_000, entry.appendedAt)
              : entry.appendedAt - 60_000
          expected = Math.max(expected ?? candidate, candidate)
        }
        const isFirst = expected === null
        for (const [source, { last }] of sources)
          if (entry.appendedAt - last >= 86_400_000) sources.delete(source)
        if (!isFirst) raise()
        if (entry.kind === 'live') {
          const known = sources.get(entry.source)
          sources.set(entry.source, {
            max: Math.max(known?.max ?? 0, entry.eventTime),
            last: entry.appendedAt,
          })
        }
        if (isFirst || entry.kind === 'live') raise()
        expect(fast.current).toBe(expected)
      }
    }),
  )
})
