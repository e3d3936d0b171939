import { describe, expect, test } from 'vitest'
import { afterFencing, pauseMs } from './follow-partition.ts'

const BY_REPLAY = {
  owner: { name: 'replay host:1', epoch: 5, isConnected: true, isAtWork: true },
  generation: 1,
  activeGeneration: 1,
}

describe('a process whose partition was taken', () => {
  test('leaves it to another stream process', () => {
    expect(afterFencing({ ...BY_REPLAY, owner: { ...BY_REPLAY.owner, name: 'stream host:2' } })).toBe('lost')
  })

  test('waits for a replay that is still at it', () => {
    expect(afterFencing(BY_REPLAY)).toBe('wait')
  })

  test('follows a replay that has switched, whether it is still connected or not', () => {
    expect(afterFencing({ ...BY_REPLAY, activeGeneration: 2 })).toBe('follow')
    const gone = { ...BY_REPLAY.owner, isConnected: false }
    expect(afterFencing({ ...BY_REPLAY, owner: gone, activeGeneration: 2 })).toBe('follow')
  })

  test('takes it back from a replay that died before it switched', () => {
    expect(afterFencing({ ...BY_REPLAY, owner: { ...BY_REPLAY.owner, isConnected: false } })).toBe('retake')
  })
})

test('a batch rests as long as it took, between 20 and 200 ms', () => {
  expect([1, 40, 5_000].map(pauseMs)).toEqual([20, 40, 200])
})
