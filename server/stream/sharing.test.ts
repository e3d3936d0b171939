import { describe, expect, test } from 'vitest'
import { type Member, partitionToYield } from './sharing.ts'

const ALL = [0, 1, 2, 3]

type Mutable = { -readonly [Key in keyof Member]: Member[Key] }

function member(name: string, held: number[], more: Partial<Member> = {}): Mutable {
  return { name, held, partitions: ALL, isSteady: true, ...more }
}

/** Lets go and take until nobody lets go any more. @returns who has how many in the end */
function settle(members: Mutable[]): Record<string, number> {
  for (let steps = 0; steps < 20; steps += 1) {
    const leaving = members.flatMap(({ name }) => {
      const leave = partitionToYield(name, members)
      return leave === null ? [] : [{ name, ...leave }]
    })
    expect(leaving.length).toBeLessThan(2)
    const [leave] = leaving
    if (!leave) return Object.fromEntries(members.map(({ name, held }) => [name, held.length]))
    for (const each of members) {
      if (each.name === leave.name) each.held = each.held.filter(partition => partition !== leave.partition)
      if (each.name === leave.to) each.held = [...each.held, leave.partition]
    }
  }
  throw new Error('partitions go round and round')
}

describe('stream processes share partitions', () => {
  test('evenly, in a few steps, of which each moves one', () => {
    expect(settle([member('a', ALL), member('b', [])])).toEqual({ a: 2, b: 2 })
    expect(settle([member('a', ALL), member('b', []), member('c', [])])).toEqual({ a: 2, b: 1, c: 1 })
    expect(settle([member('a', [0, 1]), member('b', [2, 3]), member('c', [])])).toEqual({ a: 1, b: 2, c: 1 })
    expect(settle(['a', 'b', 'c', 'd', 'e'].map((name, index) => member(name, index ? [] : ALL)))).toEqual({
      a: 1,
      b: 1,
      c: 1,
      d: 1,
      e: 0,
    })
  })

  test('and leave an even sharing as it is, and one that differs by one', () => {
    expect(partitionToYield('a', [member('a', ALL)])).toBeNull()
    expect(partitionToYield('a', [member('a', [0, 1]), member('b', [2, 3])])).toBeNull()
    expect(partitionToYield('a', [member('a', [0, 1, 2]), member('b', [3, 4])])).toBeNull()
  })

  test('letting go of what the other stands by for, and of nothing else', () => {
    expect(partitionToYield('a', [member('a', ALL), member('b', [], { partitions: [1] })])).toEqual({
      partition: 1,
      to: 'b',
    })
    expect(partitionToYield('a', [member('a', [0, 1, 2]), member('b', [], { partitions: [3] })])).toBeNull()
  })

  test('and let go for nobody who has only just come, or just been thawed', () => {
    expect(partitionToYield('a', [member('a', ALL), member('b', [], { isSteady: false })])).toBeNull()
  })
})
