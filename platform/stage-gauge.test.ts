import { expect, test } from 'vitest'
import { StageGauge } from './stage-gauge.ts'

test('what waits is told with the most that waited since, and since when anything has', () => {
  let now = 1_000
  const gauge = new StageGauge('intake_events', 10, () => now)
  gauge.set(4)
  now = 2_000
  gauge.set(9)
  gauge.set(3)
  gauge.meet()
  expect(gauge.read()).toEqual({
    stage: 'intake_events',
    waiting: 3,
    bound: 10,
    peak: 9,
    waitingSince: 1_000,
    met: 1,
  })
  expect(gauge.read()).toMatchObject({ waiting: 3, peak: 3, met: 1 })
  gauge.set(0)
  now = 3_000
  gauge.set(1)
  expect(gauge.read()).toMatchObject({ waiting: 1, waitingSince: 3_000 })
})
