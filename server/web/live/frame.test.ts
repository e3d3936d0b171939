import { describe, expect, it } from 'vitest'
import { NO_SALES } from '#domain/testing/figures.ts'
import type { LoggedSale, StoreSales } from './changes.ts'
import { decodeCursor, subscriptionOf, TOPICS } from './cursor.ts'
import { buildFrame, hasNews } from './frame.ts'
import type { LiveDetection, LiveWindow } from './messages.ts'
import { changeBatch } from './testing/lane.ts'

const ALL = subscriptionOf(TOPICS, [])
const NOON = Date.parse('2026-11-20T12:00:00Z')

function cursor(...offsets: number[]) {
  return { generation: 1, offsets, ops: 0 }
}

function sale(store: string, offset: number): LoggedSale {
  return {
    source: 'till',
    id: `${store}-${offset}`,
    type: 'order.placed',
    store,
    channel: 'pos',
    eventTime: NOON,
    processedAt: NOON,
    orderId: 'o',
    units: 1,
    net: '1.0000',
    currency: 'EUR',
    lines: 1,
    appendedAt: NOON + offset,
    offset,
  }
}

function window(part: Partial<LiveWindow> = {}): LiveWindow {
  return {
    store: 'a',
    channel: 'pos',
    currency: 'EUR',
    windowStart: NOON,
    ...NO_SALES,
    orders: 1,
    units: 1,
    gross: '1.0000',
    net: '1.0000',
    lateNet: '0.0000',
    revision: 0,
    state: 'open',
    ...part,
  }
}

function row(partition: number, through: number, part: Parameters<typeof changeBatch>[3] = {}) {
  return changeBatch(partition, through - 1, through, { watermark: NOON, ...part })
}

function sales(store: string, offsets: number[], count = offsets.length): Map<string, StoreSales> {
  return new Map([[store, { count, newest: offsets.map(offset => sale(store, offset)) }]])
}

describe('an update', () => {
  it('tells the last state of what changed several times', () => {
    const frame = buildFrame({
      from: cursor(0),
      to: cursor(2),
      changes: [
        row(0, 1, {
          windows: [window({ orders: 1 })],
          stock: [{ store: 'a', sku: 's', onHand: 1, onOrder: 0, reorderPoint: 2, asOf: 1 }],
        }),
        row(0, 2, {
          windows: [window({ orders: 2 })],
          stock: [{ store: 'a', sku: 's', onHand: 0, onOrder: 0, reorderPoint: 2, asOf: 2 }],
        }),
      ],
      subscription: ALL,
      watermark: NOON,
    })
    expect(frame.windows).toMatchObject([{ orders: 2 }])
    expect(frame.stock).toMatchObject([{ onHand: 0 }])
    expect(hasNews(frame)).toBe(true)
  })

  it('passes over batches before its beginning and after its end', () => {
    const rows = [1, 2, 3, 4].map(through => row(0, through, { sales: sales('a', [through]) }))
    const frame = buildFrame({
      from: cursor(1),
      to: cursor(3),
      changes: rows,
      subscription: ALL,
      watermark: null,
    })
    expect(frame.sales.map(({ id }) => id)).toEqual(['a-2', 'a-3'])
    expect(decodeCursor(frame.previous, ALL.key)).toEqual(cursor(1))
    expect(decodeCursor(frame.cursor, ALL.key)).toEqual(cursor(3))
  })

  it('tells the newest sales over all partitions, oldest first, and counts the others', () => {
    const rows = [
      row(0, 40, {
        sales: sales(
          'a',
          Array.from({ length: 40 }, (_, index) => index + 1),
          60,
        ),
      }),
      row(1, 40, {
        sales: sales(
          'b',
          Array.from({ length: 40 }, (_, index) => index + 1),
        ),
      }),
    ]
    const frame = buildFrame({
      from: cursor(0, 0),
      to: cursor(40, 40),
      changes: rows,
      subscription: ALL,
      watermark: null,
    })
    expect(frame.sales).toHaveLength(50)
    expect(frame.salesOmitted).toBe(50)
    expect(frame.sales.at(-1)).not.toHaveProperty('offset')
    expect(
      frame.sales
        .map(({ id }) => id)
        .slice(-2)
        .sort(),
    ).toEqual(['a-40', 'b-40'])
  })

  it('judges a window by the watermark at its end, not at the change', () => {
    const rows = [
      row(0, 1, { windows: [window()], watermark: NOON }),
      row(0, 2, { watermark: NOON + 60_000 }),
    ]
    const frame = buildFrame({
      from: cursor(0),
      to: cursor(2),
      changes: rows,
      subscription: ALL,
      watermark: null,
    })
    expect(frame.windows).toMatchObject([{ state: 'closed' }])
  })

  it('tells alerts of rules of both paths under the topic of alerts, the last state of each', () => {
    const detection = (alertId: string, part: Partial<LiveDetection> = {}): LiveDetection => ({
      alertId,
      kind: 'fraud',
      rule: 'card_velocity',
      store: 'a',
      subject: 'card-1',
      severity: 'warning',
      score: 60,
      state: 'open',
      openedAt: NOON,
      summary: '4 orders with card card-1',
      ...part,
    })
    const ofBatch = [detection('far', { store: 'b' }), detection('near')]
    const changes = [
      row(0, 1, { detections: [detection('card'), detection('other', { store: 'c' })] }),
      { sequence: 1, kind: 'detections', payload: ofBatch, at: NOON },
      row(0, 2, { detections: [detection('card', { severity: 'critical', score: 80 })] }),
    ]
    const base = { from: cursor(0), to: { ...cursor(2), ops: 1 }, changes, watermark: null }
    const told = buildFrame({ ...base, subscription: subscriptionOf(['alerts'], ['a', 'b']) })
    expect(told.detections.map(({ alertId, score }) => [alertId, score])).toEqual([
      ['card', 80],
      ['far', 60],
      ['near', 60],
    ])
    expect(hasNews(told)).toBe(true)
    // It is a path's finding, and nothing that a person or a job has done.
    expect(buildFrame({ ...base, subscription: ALL }).pipeline).toBeUndefined()
    const sales = buildFrame({ ...base, subscription: subscriptionOf(['sales', 'pipeline'], []) })
    expect(hasNews(sales)).toBe(false)
  })

  it('leaves out other stores and topics, and then holds no news', () => {
    const rows = [row(0, 1, { windows: [window()], sales: sales('a', [1]) })]
    const base = { from: cursor(0), to: cursor(1), changes: rows, watermark: null }
    const ops = [{ sequence: 1, kind: 'run_finished', payload: {}, at: NOON }]
    const otherStore = buildFrame({ ...base, subscription: subscriptionOf(TOPICS, ['b']) })
    expect(hasNews(otherStore)).toBe(false)
    const onlyStock = buildFrame({
      ...base,
      to: { ...base.to, ops: 1 },
      changes: [...rows, ...ops],
      subscription: subscriptionOf(['stock'], []),
    })
    expect(hasNews(onlyStock)).toBe(false)
    const pipeline = buildFrame({
      ...base,
      to: { ...base.to, ops: 1 },
      changes: [...rows, ...ops],
      subscription: ALL,
    })
    expect(pipeline.pipeline).toEqual([{ kind: 'run_finished', payload: {}, at: NOON }])
  })
})
