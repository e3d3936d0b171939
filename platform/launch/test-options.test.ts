import { describe, expect, test } from 'vitest'
import { parseTestOptions } from './test-options.ts'

describe('the options of the tests', () => {
  test('run everything, with another seed each time', () => {
    const options = parseTestOptions([], 1_795_200_000_123)
    expect(options).toMatchObject({ parts: ['unit', 'integration', 'browser'], filters: [] })
    expect(parseTestOptions([], 1_795_200_000_124).seed).not.toBe(options.seed)
  })

  test('choose parts, files and seed', () => {
    expect(parseTestOptions(['--only', 'unit', '--only', 'browser', 'money', '--random-seed=7'], 0)).toEqual({
      help: false,
      parts: ['unit', 'browser'],
      seed: 7,
      filters: ['money'],
    })
  })

  test.each([
    [['--only', 'everything'], 'must be one of unit, integration, browser'],
    [['--watch'], "Unknown option '--watch'."],
    [['--random-seed', 'x'], '--random-seed is "x"'],
  ])('are refused when wrong: %o', (args, message) => {
    expect(() => parseTestOptions(args, 0)).toThrow(message)
  })
})
