import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { advance, covers, decodeCursor, encodeCursor, furthest, subscriptionOf } from './cursor.ts'

const START = { generation: 1, offsets: [10, 20], ops: 5 }

const row = (partition: number, previousOffset: number, throughOffset: number) => ({
  partition,
  previousOffset,
  throughOffset,
})
const ops = (sequence: number) => ({ sequence })

describe('a cursor', () => {
  it('moves along changes that follow it, lane by lane', () => {
    const moved = advance(START, [row(0, 10, 12), row(1, 20, 21), row(0, 12, 15), ops(6), ops(7)])
    expect(moved).toEqual({ generation: 1, offsets: [15, 21], ops: 7 })
  })

  it('does not move across a gap, in a partition or in the lane of people and jobs', () => {
    expect(advance(START, [row(0, 11, 12)])).toBeNull()
    expect(advance(START, [ops(7)])).toBeNull()
  })

  it('meets a gap at a batch that lists nothing of what it changed', () => {
    expect(advance(START, [row(0, 300, 300)])).toBeNull()
  })

  it('is not moved back by what it is past', () => {
    expect(advance(START, [row(0, 0, 7), ops(3), row(0, 7, 11)])).toEqual({ ...START, offsets: [11, 20] })
  })

  it('covers another when no lane of it is behind', () => {
    expect(covers(START, { ...START, offsets: [10, 19] })).toBe(true)
    expect(covers(START, { ...START, offsets: [11, 0] })).toBe(false)
    expect(covers(START, { ...START, ops: 6 })).toBe(false)
    expect(covers(START, { ...START, generation: 2 })).toBe(false)
    expect(furthest(START, { generation: 1, offsets: [4, 22], ops: 6 })).toEqual({
      generation: 1,
      offsets: [10, 22],
      ops: 6,
    })
  })
})

const number = fc.nat({ max: Number.MAX_SAFE_INTEGER })
const anyCursor = fc.record({
  generation: number,
  offsets: fc.array(number, { minLength: 1, maxLength: 8 }),
  ops: number,
})

describe('a cursor as text', () => {
  it('gives back the cursor it was made of, under the same subscription only', () => {
    fc.assert(
      fc.property(anyCursor, cursor => {
        const text = encodeCursor(cursor, 'abc')
        expect(decodeCursor(text, 'abc')).toEqual(cursor)
        expect(decodeCursor(text, 'abd')).toBeNull()
      }),
    )
  })

  it('is opaque text that needs no escaping', () => {
    expect(encodeCursor({ generation: 1, offsets: [5, 0], ops: 3 }, 'k')).toMatch(/^[\w-]+$/)
  })

  it('is refused when it is no cursor, whatever was sent', () => {
    fc.assert(fc.property(fc.string(), text => decodeCursor(text, 'abc') === null))
    const foreign = Buffer.from('2:1:5.0:3:abc').toString('base64url')
    expect(decodeCursor(foreign, 'abc')).toBeNull()
    const huge = Buffer.from('1:1:99999999999999999999:3:abc').toString('base64url')
    expect(decodeCursor(huge, 'abc')).toBeNull()
  })
})

describe('a subscription', () => {
  it('has one key in whatever order it is asked for, and another for other stores', () => {
    const key = subscriptionOf(['sales', 'stock'], ['a', 'b']).key
    expect(subscriptionOf(['stock', 'sales', 'sales'], ['b', 'a']).key).toBe(key)
    expect(subscriptionOf(['sales', 'stock'], ['a']).key).not.toBe(key)
    expect(subscriptionOf(['sales'], ['a', 'b']).key).not.toBe(key)
    expect(key).toMatch(/^[0-9a-z]+$/)
  })
})
