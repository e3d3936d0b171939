import { describe, expect, test } from 'vitest'
import { UsageError } from '#platform/command.ts'
import { parseBenchOptions } from './options.ts'

describe('options of the benchmarks', () => {
  test('without any, all of them, for twenty seconds, as a table', () => {
    expect(parseBenchOptions([])).toEqual({
      names: [
        'ingest',
        'logs',
        'latency',
        'replay',
        'batch',
        'peers',
        'audit',
        'footprint',
        'kills',
        'alerts',
        'forecast',
        'replenishment',
        'seed',
        'kafka',
        'flink',
        'state',
      ],
      json: false,
      seconds: 20,
      minutes: 2,
      rounds: 5,
      rate: 200,
      orders: undefined,
      half: undefined,
      snapshot: false,
      hotStore: false,
      world: { days: 92, stores: 8, ordersPerDay: 4_000 },
      quarter: { days: 91, stores: 8, ordersPerDay: 2_000 },
      plan: { days: 365, stores: 50, products: 5_000 },
      series: undefined,
      files: undefined,
    })
  })

  test('one or several can be named, with their variants', () => {
    expect(
      parseBenchOptions(['ingest', '--seconds', '60', '--snapshot', '--hot-store', '--json']),
    ).toMatchObject({
      names: ['ingest'],
      seconds: 60,
      snapshot: true,
      hotStore: true,
      json: true,
    })
    expect(parseBenchOptions(['batch', 'replay', '--orders=5000'])).toMatchObject({
      names: ['batch', 'replay'],
      orders: 5_000,
    })
    expect(parseBenchOptions(['seed', '--days=365', '--stores=20', '--orders-per-day=8220'])).toMatchObject({
      names: ['seed'],
      world: { days: 365, stores: 20, ordersPerDay: 8_220 },
    })
  })

  test.each([
    [
      ['speed'],
      /There is no benchmark "speed"\. There are: ingest, logs, latency, replay, batch, peers, audit, footprint, kills, alerts, forecast, replenishment, seed, kafka, flink, state/,
    ],
    [['--seconds', '0'], /--seconds is "0", but must be a whole number from 1 to 86400/],
    [['--orders', '10.5'], /--orders is "10\.5"/],
    [['footprint', '--minutes', '0'], /--minutes is "0", but must be a whole number from 1 to 1440/],
    [['peers', '--half', 'third'], /--half is one of streams, reports/],
    [['--second', '5'], /--second/],
  ])('%j is refused with a sentence that names it', (args, message) => {
    expect(() => parseBenchOptions(args)).toThrow(UsageError)
    expect(() => parseBenchOptions(args)).toThrow(message)
  })
})
