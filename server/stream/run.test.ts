import { describe, expect, test } from 'vitest'
import { choosePartitions, parsePartitions } from './run.ts'

describe('the partitions a process works on', () => {
  test('are all, where none are named', () => {
    expect(choosePartitions(undefined, 4)).toEqual([0, 1, 2, 3])
  })

  test('are those of a list', () => {
    expect(choosePartitions(parsePartitions('3, 1,1'), 4)).toEqual([1, 3])
  })

  test('must be numbers that the log has', () => {
    expect(() => parsePartitions('0,x')).toThrow('"x" is no partition number')
    expect(() => choosePartitions([0, 9], 4)).toThrow('the log has no partition 9; it has 0 to 3')
  })
})
