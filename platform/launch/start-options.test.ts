import { describe, expect, test } from 'vitest'
import { parseStartOptions } from './start-options.ts'

describe('the processes to start', () => {
  test('are those that were named, once each', () => {
    expect(parseStartOptions(['stream', 'web', 'stream']).names).toEqual(['web', 'stream'])
  })

  test('may be all', () => {
    expect(parseStartOptions(['all']).names).toEqual(['web', 'intake', 'stream', 'jobs', 'simulate'])
  })

  test.each([
    [[], 'Name the processes to run: web, intake, stream, jobs, simulate, or all.'],
    [['wep'], 'There is no process "wep".'],
    [['web', '--fast'], "Unknown option '--fast'."],
  ])('are refused when wrong: %o', (args, message) => {
    expect(() => parseStartOptions(args)).toThrow(message)
  })
})
