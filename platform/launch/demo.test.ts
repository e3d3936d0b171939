import { describe, expect, test } from 'vitest'
import { DEMO_USAGE, parseDemoOptions } from './demo.ts'

describe('the options of the demo', () => {
  test('may all be left out', () => {
    expect(parseDemoOptions([])).toEqual({
      port: undefined,
      seed: true,
      simulate: true,
      reset: false,
      speed: undefined,
      scale: undefined,
      seederArguments: [],
    })
  })

  test('pass on what is for the seeder', () => {
    const options = parseDemoOptions([
      '--days',
      '3',
      '--orders-per-day=50',
      '--random-seed',
      '0',
      '--port',
      '4000',
    ])
    expect(options.port).toBe(4000)
    expect(parseDemoOptions(['--speed', '20']).speed).toBe(20)
    expect(parseDemoOptions(['--scale', 'kafka']).scale).toBe('kafka')
    expect(options.seederArguments).toEqual(['--days', '3', '--orders-per-day', '50', '--random-seed', '0'])
  })

  test('switch parts off', () => {
    expect(parseDemoOptions(['--no-seed', '--no-simulate', '--reset'])).toMatchObject({
      seed: false,
      simulate: false,
      reset: true,
    })
  })

  test.each([
    [['--prot', '4000'], "Unknown option '--prot'."],
    [['4000'], /argument '4000'/],
    [['--port'], /--port.*argument missing/],
    [['--port', '99999'], '--port is "99999", but must be a whole number from 1 to 65534.'],
    [['--days', '0'], '--days is "0", but must be a whole number from 1 to 3650.'],
    [['--days', '1.5'], '--days is "1.5"'],
    [['--stores', 'many'], '--stores is "many"'],
    [['--scale', 'up'], '--scale is "up", but must be one of kafka, flink.'],
    [['--speed', '0'], '--speed is "0", but must be a number from 0.01 to 1000.'],
  ])('are refused when wrong: %o', (args, message) => {
    expect(() => parseDemoOptions(args)).toThrow(message)
  })

  test('are all explained', () => {
    const names = [
      'port',
      'days',
      'stores',
      'orders-per-day',
      'random-seed',
      'speed',
      'scale',
      'no-seed',
      'no-simulate',
      'reset',
    ]
    for (const name of names) expect(DEMO_USAGE).toContain(`--${name}`)
  })
})
