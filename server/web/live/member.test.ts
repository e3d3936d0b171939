import { describe, expect, it } from 'vitest'
import { HeldSteps } from './held-steps.ts'
import type { LaneRow } from './lane.ts'
import { type LiveClient, newMember, nextUpdate, type Telling } from './session.ts'
import { subscriptionOf, TOPICS } from './subscription.ts'

const at = (offset: number) => ({ generation: 1, offsets: [offset], ops: 0 })

function client(stores: string[] = []): LiveClient {
  return {
    subscription: subscriptionOf(TOPICS, stores),
    since: null,
    snapshot: () => {},
    update: () => {},
    congested: () => false,
    disconnect: () => {},
  }
}

function alertRow(through: number): LaneRow {
  return {
    partition: 0,
    previousOffset: through - 1,
    throughOffset: through,
    previousAppendedAt: 0,
    throughAppendedAt: 0,
    watermark: through,
    processedAt: 0,
    windows: [],
    stock: [{ store: 'a', sku: `s${through}`, onHand: 0, onOrder: 0, reorderPoint: null, asOf: 0 }],
    alerts: [],
    sales: new Map(),
  }
}

function lane(from: number, to: number): HeldSteps {
  const steps = new HeldSteps()
  for (let offset = from + 1; offset <= to; offset += 1) {
    steps.push({ from: at(offset - 1), to: at(offset), rows: [alertRow(offset)], ops: [] })
  }
  return steps
}

function telling(steps: HeldSteps, head: number, now = 0): Telling {
  return { now, head: at(head), watermark: head, steps, built: new Map() }
}

function member(offset: number, options: { stores?: string[]; nextStep?: number } = {}) {
  return { ...newMember(client(options.stores)), place: at(offset), nextStep: options.nextStep ?? 0 }
}

describe('a member of the gateway', () => {
  it('is told everything since its place at once, then nothing until there is more', () => {
    const one = member(2)
    const steps = lane(0, 5)
    const update = nextUpdate(one, telling(steps, 5))
    expect(update).toMatchObject({ stock: [{ sku: 's3' }, { sku: 's4' }, { sku: 's5' }] })
    expect(one.place).toEqual(at(5))
    expect(nextUpdate(one, telling(steps, 5))).toBeNull()
  })

  it('passes over what does not concern it; its next update follows the last it was told', () => {
    const one = member(0, { stores: ['b'] })
    const steps = lane(0, 5)
    expect(nextUpdate(one, telling(steps, 5))).toBeNull()
    expect(one.place).toEqual(at(0))
    expect(one.nextStep).toBe(5)
  })

  it('is told the time once a second when nothing else concerns it', () => {
    const one = { ...member(0, { stores: ['b'] }), toldAt: 10_000 }
    expect(nextUpdate(one, telling(lane(0, 5), 5, 10_999))).toBeNull()
    expect(nextUpdate(one, telling(lane(0, 6), 6, 11_000))).toMatchObject({ watermark: 6, stock: [] })
    expect(one.place).toEqual(at(6))
  })

  it('shares an update with those in the same place', () => {
    const round = telling(lane(0, 3), 3)
    const first = nextUpdate(member(1), round)
    expect(nextUpdate(member(1), round)).toBe(first)
    expect(nextUpdate(member(2), round)).not.toBe(first)
  })

  it('is lost when what it has not been told is no longer held', () => {
    const steps = lane(0, 705)
    expect(steps.first).toBe(5)
    expect(nextUpdate(member(2), telling(steps, 705))).toBe('lost')
    expect(nextUpdate(member(5), telling(steps, 705))).not.toBe('lost')
    steps.clear()
    expect(nextUpdate(member(600), telling(steps, 705))).toBe('lost')
    expect(nextUpdate(member(705), telling(steps, 705))).toBeNull()
  })

  it('never goes back when its snapshot was ahead of the lanes', () => {
    const one = member(4)
    expect(nextUpdate(one, telling(lane(0, 3), 3))).toBeNull()
    expect(one.place).toEqual(at(4))
  })
})
