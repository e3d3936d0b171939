import fc from 'fast-check'
import { expect, test } from 'vitest'
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
    gap: fc.integer({ min: 0, max: 45_000 }),
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
            active.length > 0 ? Math.min(...active.map(({ max }) => max)) - 30_000 : entry.appendedAt - 60_000
          expected = Math.max(expected ?? candidate, candidate)
        }
        const isFirst = expected === null
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
