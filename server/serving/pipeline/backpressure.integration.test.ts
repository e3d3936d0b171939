import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { writeMeter } from '#db/meter.ts'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { DAY_MS } from '#domain/instant.ts'
import { placed, toLogEvents } from '#domain/testing/events.ts'
import { CostMeter } from '#platform/cost-meter.ts'
import { StageGauge } from '#platform/stage-gauge.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { RefusedError } from '#server/serving/failures.ts'
import { createTestPaths } from '#server/serving/testing/paths.ts'
import { readBackpressure } from './backpressure.ts'
import { MOST_REQUESTS, requestJob } from './job-requests.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
beforeEach(() => database.sql`truncate meter.stages, live.job_requests`)
afterAll(() => database.drop())

async function stage(name: string) {
  return (await readBackpressure(database)).stages.find(each => each.stage === name)
}

test('what processes say waits is added up; what none has said lately is not known', async () => {
  for (const [process, waiting] of [
    ['one', 30],
    ['other', 12],
  ] as const) {
    const gauge = new StageGauge('intake_events', 100)
    gauge.set(80)
    gauge.set(waiting)
    gauge.meet(2)
    const target = { sql: database.sql, path: 'intake', process, stages: () => [gauge.read()] } as const
    await writeMeter(new CostMeter(), target)
  }
  expect(await stage('intake_events')).toMatchObject({
    waiting: 42,
    bound: 100,
    peak: 80,
    met: 4,
    waitingSince: expect.any(Number),
  })
  await database.sql`update meter.stages set told_at = told_at - interval '1 minute'`
  expect(await stage('intake_events')).toMatchObject({ waiting: null, bound: null })
})

test('what the stream has not read waits in the log, since the oldest of it was appended', async () => {
  expect(await stage('log_unread')).toMatchObject({ waiting: 0, waitingSince: null, bound: null })
  await createTestPaths(database.sql)
  const sale = placed({ id: 'o-1', at: '2026-03-02T10:00:00+01:00' }, [
    { sku: 'tea', units: 1, unitPrice: '2.50' },
  ])
  await appendTestEvents(database.sql, toLogEvents(sale))
  expect(await stage('log_unread')).toMatchObject({ waiting: 1, waitingSince: expect.any(Number) })
})

test('a flood of requests for runs ends at their bound: what is beyond is refused, until some have ended', async () => {
  const day = (index: number) => new Date(Date.UTC(2026, 0, 1) + index * DAY_MS).toISOString().slice(0, 10)
  await database.sql`
    insert into batch.day_head (store, business_day, partition, first_offset, first_appended_at, last_offset,
      last_appended_at, events, bulk_events, append_days, stock_anchors, documents)
    select 'berlin', day::date, 0, 1, now(), 1, now(), 1, 0, '{}', 0, 1
    from unnest(${[day(0), day(400)]}::text[]) as day`
  const ask = (index: number) =>
    requestJob(database, { job: 'daily_sales', from: day(index), to: day(index) })
  const asked = await Promise.allSettled(Array.from({ length: MOST_REQUESTS + 20 }, (_, index) => ask(index)))
  const refused = asked.filter(({ status }) => status === 'rejected')
  expect(refused.length).toBe(20)
  for (const { reason } of refused as PromiseRejectedResult[]) expect(reason).toBeInstanceOf(RefusedError)
  expect(await stage('job_requests')).toMatchObject({ waiting: MOST_REQUESTS, bound: MOST_REQUESTS })
  await database.sql`update live.job_requests set state = 'succeeded' where request in (
    select request from live.job_requests order by request limit 1)`
  await expect(ask(300)).resolves.toBeGreaterThan(0)
})
