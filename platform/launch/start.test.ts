import { describe, expect, test } from 'vitest'
import { parseProcessNames } from './start.ts'

describe('the processes to start', () => {
  test('are those that were named, once each', () => {
    expect(parseProcessNames(['stream', 'web', 'stream'])).toEqual(['web', 'stream'])
  })

  test('may be all', () => {
    expect(parseProcessNames(['all'])).toEqual(['web', 'intake', 'stream', 'jobs', 'simulate'])
    expect(parseProcessNames(['all', 'archiver'])).toContain('archiver')
  })

  test.each([
    [[], 'Name the processes to run: web, intake, stream, jobs, archiver, flink, simulate, or all.'],
    [['wep'], 'There is no process "wep".'],
    [['web', '--fast'], "Unknown option '--fast'."],
  ])('are refused when wrong: %o', (args, message) => {
    expect(() => parseProcessNames(args)).toThrow(message)
  })
})
