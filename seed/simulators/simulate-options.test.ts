import { describe, expect, test } from 'vitest'
import { UsageError } from '#platform/command.ts'
import { parseSimulateOptions } from './simulate-options.ts'

describe('options of the simulators', () => {
  test('without any, an ordinary day until stopped, at the speed that was set last', () => {
    expect(parseSimulateOptions([])).toEqual({
      scenario: null,
      speed: null,
      minutes: null,
    })
  })

  test('pace and duration can be chosen', () => {
    expect(parseSimulateOptions(['--speed', '2.5', '--for', '10'])).toMatchObject({
      speed: 2.5,
      minutes: 10,
    })
  })

  test('a scenario is known by its name', () => {
    expect(parseSimulateOptions(['--scenario', 'rush'])).toMatchObject({ scenario: 'rush', minutes: null })
  })

  test.each([
    [['--scenario', 'earthquake'], /--scenario is "earthquake", but must be one of: ordinary/],
    [['--speed', 'fast'], /--speed is "fast"/],
    [['--speed', '0'], /--speed is "0"/],
    [['--for', '-3'], /--for/],
    [['--scenario', 'rush', '--for', '2000'], /--for/],
    [['--sped', '1'], /--sped/],
  ])('%j is refused with a sentence that names it', (args, message) => {
    expect(() => parseSimulateOptions(args)).toThrow(UsageError)
    expect(() => parseSimulateOptions(args)).toThrow(message)
  })
})
