import { expect, test } from 'vitest'
import { MINUTE_MS } from '#domain/instant.ts'
import { STREAM_METRICS } from '#domain/metrics/catalogue.ts'
import { PANES_KEPT_MS } from '#domain/operators/metric.ts'
import { PANE_AUDITS } from './audit-metrics.ts'

test('every metric of the stream is added up again, by its own panes and as long as they are kept', () => {
  const minutes = (ms: number) => ms / MINUTE_MS
  expect(PANE_AUDITS.map(({ metric, pane, kept }) => [metric, minutesOf(pane), minutesOf(kept)])).toEqual(
    STREAM_METRICS.map(({ name, paneMs, windowMs }) => [
      name,
      minutes(paneMs),
      minutes(windowMs + PANES_KEPT_MS),
    ]),
  )
})

/** Of an interval of hours and minutes. */
function minutesOf(interval: string): number {
  const [, hours = '0', rest = '0'] = /^(?:(\d+) hours?)? ?(?:(\d+) minutes?)?$/.exec(interval) ?? []
  return Number(hours) * 60 + Number(rest)
}
