import { describe, expect, test } from 'vitest'
import { choosePartitions, parseStreamArguments } from './stream-arguments.ts'

describe('the command line of the stream', () => {
  test('without options serves all partitions', () => {
    expect(parseStreamArguments([])).toEqual({ isHelp: false, isUntilCaughtUp: false, partitions: null })
    expect(choosePartitions(null, 4)).toEqual([0, 1, 2, 3])
  })

  test('takes a list of partitions', () => {
    const { partitions } = parseStreamArguments(['--partitions', '3, 1,1', '--until-caught-up'])
    expect(choosePartitions(partitions, 4)).toEqual([1, 3])
  })

  test('refuses what it does not know, in one line that names it', () => {
    expect(() => parseStreamArguments(['--until'])).toThrow(/'--until' \(--help lists the options\)$/)
    expect(() => parseStreamArguments(['now'])).toThrow(/'now'/)
    expect(() => parseStreamArguments(['--partitions', '0,x'])).toThrow('"x" is no partition number')
    expect(() => choosePartitions([0, 9], 4)).toThrow('the log has no partition 9; it has 0 to 3')
  })
})
