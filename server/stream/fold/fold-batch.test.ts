import { describe, expect, test } from 'vitest'
import { MINUTE_MS, SECOND_MS } from '#domain/instant.ts'
import { LOG_START, type LogEvent } from '#domain/log-event.ts'
import { NO_HABITS, NO_STATES } from '#domain/operators/testing/fold-operators.ts'
import { NO_SHELVES } from '#domain/replenishment/shelf-reference.ts'
import { sale } from '#domain/testing/events.ts'
import { PartitionWatermark } from '#domain/watermark.ts'
import type { LogRecord } from '#server/log/order-log.ts'
import { foldLog } from '#server/stream/testing/fold-log.ts'
import { foldBatch, judgeLateness } from './fold-batch.ts'

const NOON = Date.UTC(2026, 2, 2, 12)

/** Records appended some seconds after noon. */
function log(...entries: [seconds: number, event: LogEvent | 'tick'][]): LogRecord[] {
  return entries.map(([seconds, event], index) => {
    const place = { partition: 0, offset: index + 1, appendedAt: NOON + seconds * SECOND_MS }
    return event === 'tick' ? { type: 'tick', ...place } : { ...event, ...place }
  })
}

const at = (seconds: number) => NOON + seconds * SECOND_MS

describe('lateness', () => {
  test('an event is late once the watermark has passed the end of its minute, never before', () => {
    const records = log(
      [0, sale(at(-1), 1)],
      // Watermark 12:00:59.999 - the minute from 12:00 still stands open.
      [89, sale(at(89) + 999, 1)],
      [89, sale(at(10), 1)],
      // Watermark 12:01:00.000 - it is closed.
      [90, sale(at(90), 1)],
      [90, sale(at(20), 1)],
    )
    expect([...judgeLateness(records, new PartitionWatermark()).late]).toEqual([0, 0, 0, 0, 1])
  })

  test('what came in files is never late, and ticks are no events', () => {
    const records = log(
      [0, sale(at(0), 1)],
      [400, 'tick'],
      [401, { ...sale(at(5), 1), class: 'bulk' }],
      [402, sale(at(5), 1)],
    )
    expect(judgeLateness(records, new PartitionWatermark())).toEqual({
      late: Uint8Array.of(0, 0, 0, 1),
      watermarks: Float64Array.of(at(-30), at(340), at(341), at(342)),
      events: 3,
      lateEvents: 1,
      lateSales: [
        {
          offset: 4,
          appendedAt: at(402),
          store: 'berlin',
          channel: 'pos',
          currency: 'EUR',
          windowStart: NOON,
          // What nobody but files and ticks moved: a minute before the newest append.
          watermark: at(342),
        },
      ],
    })
  })

  test('a silent store does not hold the windows open, and its backlog revises them', () => {
    const folded = foldLog(
      log(
        [0, sale(at(0), 1, { source: 'silent' })],
        [1, sale(at(1), 1, { source: 'busy' })],
        [300, sale(at(300), 1, { source: 'busy' })],
        [301, sale(at(2), 1, { source: 'silent' })],
        [302, sale(at(3), 2, { source: 'silent' })],
      ),
    )
    const window = folded.windows.get(`berlin/pos/EUR/${NOON}`)
    expect(window).toMatchObject({ orders: 4, revision: 2, lateNet: 300_000, gross: 500_000 })
  })

  test('a tick moves the watermark to a minute before it when everything is silent', () => {
    const { watermark } = foldLog(log([0, sale(at(0), 1)], [5 * 60, 'tick']))
    expect(watermark).toBe(NOON + 4 * MINUTE_MS)
  })
})

test('a batch folded twice from one place gives the same twice: only the watermark has moved', () => {
  const known = new Map([
    ['berlin', new Map([['tea', { sku: 'tea', state: null, policies: [], forecasts: [] }]])],
  ])
  const fold = () => {
    const watermark = new PartitionWatermark()
    return foldBatch(records, {
      partition: 0,
      previous: LOG_START,
      through: { offset: 3, appendedAt: at(91) },
      watermark,
      known,
      lookbacks: new Map(),
      purchases: new Map(),
      due: [],
      shelves: NO_SHELVES,
      states: NO_STATES,
      reference: NO_HABITS,
    })
  }
  const records = log([0, sale(at(0), 1)], [90, sale(at(90), 1)], [91, sale(at(20), 2)])
  const once = fold()
  expect(once).toMatchObject({ lateEvents: 1, sales: 3, sources: [['till-1', { maxEventTime: at(90) }]] })
  expect(once.previousWatermark).toBeNull()
  expect(fold()).toEqual(once)
})

test('sums of a batch are exact also beyond the safe integers', () => {
  const order = sale(at(0), 1)
  const most = 10_000_000_000 * 10_000
  const records = log(
    ...Array.from({ length: 300 }, (): [number, LogEvent] => [0, { ...order, totalGross: most + 1 }]),
  )
  const known = new Map([
    ['berlin', new Map([['tea', { sku: 'tea', state: null, policies: [], forecasts: [] }]])],
  ])
  const { windows } = foldBatch(records, {
    partition: 0,
    previous: LOG_START,
    through: { offset: 300, appendedAt: at(0) },
    watermark: new PartitionWatermark(),
    known,
    lookbacks: new Map(),
    purchases: new Map(),
    due: [],
    shelves: NO_SHELVES,
    states: NO_STATES,
    reference: NO_HABITS,
  })
  expect(windows.map(({ orders, gross }) => [orders, gross])).toEqual([[300, 300n * BigInt(most + 1)]])
})
