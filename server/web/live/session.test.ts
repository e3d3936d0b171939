import { describe, expect, it } from 'vitest'
import { type Change, ChangeBuffer } from './changes.ts'
import { type Cursor, decodeCursor, subscriptionOf, TOPICS } from './cursor.ts'
import type { LiveUpdate } from './messages.ts'
import { type LiveClient, type Round, Session, SLOW_LIMIT_MS } from './session.ts'
import { changeBatch } from './testing/lane.ts'

const at = (offset: number): Cursor => ({ generation: 1, offsets: [offset], ops: 0 })

function client(part: Partial<LiveClient> & { stores?: string[] } = {}): LiveClient {
  return {
    subscription: subscriptionOf(TOPICS, part.stores ?? []),
    since: null,
    snapshot: () => {},
    update: () => {},
    stand: () => {},
    congested: () => false,
    disconnect: () => {},
    ...part,
  }
}

/** A buffer with one batch an offset, each of which changes the stock of a product of store a. */
function buffer(from: number, to: number): ChangeBuffer {
  const held = new ChangeBuffer({ cursor: at(from), watermarks: [from] })
  for (let offset = from + 1; offset <= to; offset += 1) {
    held.append([
      changeBatch(0, offset - 1, offset, {
        watermark: offset,
        stock: [{ store: 'a', sku: `s${offset}`, onHand: 0, onOrder: 0, reorderPoint: null, asOf: 0 }],
      }),
    ])
  }
  return held
}

const round = (held: ChangeBuffer, now = 0): Round => ({ now, buffer: held, built: new Map() })

function session(offset: number, options: { stores?: string[]; next?: number; now?: number } = {}): Session {
  const one = new Session(client(options))
  one.begin({ cursor: at(offset), next: options.next ?? 0, watermark: null, now: options.now ?? 0 })
  return one
}

describe('a session', () => {
  it('is told everything since its cursor at once, then nothing until there is more', () => {
    const one = session(2)
    const held = buffer(0, 5)
    const update = one.nextUpdate(round(held))
    expect(update).toMatchObject({ stock: [{ sku: 's3' }, { sku: 's4' }, { sku: 's5' }] })
    expect(one.cursor).toEqual(at(5))
    expect(one.nextUpdate(round(held))).toBeNull()
  })

  it('passes over what does not concern it; its next update follows the last it was told', () => {
    const one = session(0, { stores: ['b'] })
    const held = buffer(0, 5)
    expect(one.nextUpdate(round(held))).toBeNull()
    expect(one.cursor).toEqual(at(0))
    const sale = { store: 'b', sku: 't', onHand: 0, onOrder: 0, reorderPoint: null, asOf: 0 }
    held.append([changeBatch(0, 5, 6, { stock: [sale] })])
    const update = one.nextUpdate(round(held)) as LiveUpdate
    expect(update.stock).toEqual([sale])
    expect(decodeCursor(update.previous, one.client.subscription.key)).toEqual(at(0))
  })

  it('is told the time once a second when nothing else concerns it', () => {
    const one = session(0, { stores: ['b'], now: 10_000 })
    expect(one.nextUpdate(round(buffer(0, 5), 10_999))).toBeNull()
    expect(one.nextUpdate(round(buffer(0, 6), 11_000))).toMatchObject({ watermark: 6, stock: [] })
    expect(one.cursor).toEqual(at(6))
  })

  it('shares an update with those at the same cursor', () => {
    const shared = round(buffer(0, 3))
    const first = session(1).nextUpdate(shared)
    expect(session(1).nextUpdate(shared)).toBe(first)
    expect(session(2).nextUpdate(shared)).not.toBe(first)
  })

  it('is lost when what it has not been told is no longer held', () => {
    const held = buffer(0, 4_005)
    expect(held.first).toBe(5)
    expect(session(2).nextUpdate(round(held))).toBe('lost')
    expect(session(5).nextUpdate(round(held))).not.toBe('lost')
    held.restart({ cursor: at(4_005), watermarks: [4_005] })
    expect(session(3_900).nextUpdate(round(held))).toBe('lost')
    expect(session(4_005).nextUpdate(round(held))).toBeNull()
  })

  it('never goes back when its snapshot was ahead of the lanes', () => {
    const one = session(4)
    expect(one.nextUpdate(round(buffer(0, 3)))).toBeNull()
    expect(one.cursor).toEqual(at(4))
  })

  it('waits where its snapshot is of a generation that the lanes have not come to yet', () => {
    const one = new Session(client())
    one.begin({ cursor: { ...at(0), generation: 2 }, next: 0, watermark: null, now: 0 })
    expect(one.nextUpdate(round(buffer(0, 3)))).toBeNull()
  })
})

describe('a session that catches up', () => {
  const START: Cursor = { generation: 1, offsets: [10, 20], ops: 5 }
  const sold = (count: number) => ({ sales: new Map([['a', { count, newest: [] }]]) })

  /** The cursors of all updates of a session that goes on from `START`, and the last of them. */
  function catchUp(changes: readonly Change[]): { cursors: Cursor[]; last: LiveUpdate | null } {
    const held = new ChangeBuffer({ cursor: START, watermarks: [null, null] })
    held.append(changes)
    const one = new Session(client())
    one.resume(START, held)
    const cursors: Cursor[] = []
    for (let last: LiveUpdate | null = null; ; ) {
      const update = one.nextUpdate(round(held))
      if (update === null || update === 'lost') return { cursors, last }
      const { key } = one.client.subscription
      expect(decodeCursor(update.previous, key)).toEqual(cursors.at(-1) ?? START)
      cursors.push(decodeCursor(update.cursor, key) as Cursor)
      last = update
    }
  }

  it('is told every sale, in updates that each end where the next begins', () => {
    const { cursors, last } = catchUp([
      changeBatch(0, 10, 11, sold(30)),
      changeBatch(1, 20, 21, sold(15)),
      changeBatch(0, 11, 12, sold(30)),
      changeBatch(0, 12, 13, sold(80)),
      { sequence: 6, kind: 'x', payload: null, at: 0 },
    ])
    expect(cursors.map(({ offsets }) => offsets)).toEqual([
      [11, 21],
      [12, 21],
      [13, 21],
    ])
    expect(last).toMatchObject({ pipeline: [{ kind: 'x' }] })
    expect(cursors.at(-1)).toMatchObject({ ops: 6 })
  })

  it('takes some forty updates, however much was missed', () => {
    const rows = Array.from({ length: 500 }, (_, index) => changeBatch(0, 10 + index, 11 + index, sold(50)))
    const { cursors } = catchUp(rows)
    expect(cursors.length).toBeLessThanOrEqual(45)
    expect(cursors.at(-1)?.offsets).toEqual([510, 20])
  })

  it('is told nothing when nothing was missed', () => {
    expect(catchUp([]).cursors).toEqual([])
  })
})

describe('a client that takes nothing', () => {
  it('is held, then disconnected after half a minute; one that takes again is forgiven', () => {
    let congested = false
    const one = new Session(client({ congested: () => congested }))
    expect(one.reception(100)).toBe('send')
    congested = true
    expect(one.reception(100)).toBe('hold')
    expect(one.reception(99 + SLOW_LIMIT_MS)).toBe('hold')
    expect(one.reception(100 + SLOW_LIMIT_MS)).toBe('disconnect')
    congested = false
    expect(one.reception(200 + SLOW_LIMIT_MS)).toBe('send')
    congested = true
    expect(one.reception(201 + SLOW_LIMIT_MS)).toBe('hold')
  })
})
