import { describe, expect, it } from 'vitest'
import { NOW, testFreshness, testPartition } from '#server/serving/testing/freshness.ts'
import { type HealthFacts, judgeHealth } from './flow.ts'

function facts({
  stream = {},
  batch = {},
  ...more
}: Partial<HealthFacts> & Parameters<typeof testFreshness>[0] = {}): HealthFacts {
  return {
    freshness: testFreshness({ stream, batch }),
    witnesses: 'agree',
    intakeReadiness: 'ok',
    liveEventsPerMinute: 60,
    bulkEventsPerMinute: 10,
    untakenFiles: 0,
    failedJobs: [],
    ...more,
  }
}

describe('the health of the pipeline', () => {
  it('is ok while the batch waits for its tick: that is how it works', () => {
    expect(Object.values(judgeHealth(facts())).map(({ health }) => health)).toEqual(Array(9).fill('ok'))
  })

  it('says of files what lies untaken, before it says that they are quiet', () => {
    const files = (untakenFiles: number, bulkEventsPerMinute: number) =>
      judgeHealth(facts({ untakenFiles, bulkEventsPerMinute })).files
    expect(files(2, 0)).toEqual({ health: 'behind', why: '2 not taken: see Lag' })
    expect(files(2, 10).health).toBe('behind')
    expect(files(0, 0).health).toBe('quiet')
    expect(files(0, 10).health).toBe('ok')
  })

  it('says behind when an event lies unread too long, and its tables with it', () => {
    const health = judgeHealth(facts({ stream: { lagEvents: 9, lagMs: 8_000 } }))
    expect(health.stream).toEqual({ health: 'behind', why: 'its oldest unread event waits 8 s' })
    expect(health.liveTables.health).toBe('behind')
  })

  it('says down when no stream process owns a partition, even though nothing waits', () => {
    const free = testPartition(0, { owner: null, isWorkedOn: false })
    expect(judgeHealth(facts({ stream: { partitions: [free] } })).stream.health).toBe('down')
    expect(judgeHealth(facts({ stream: { partitions: [free, testPartition(1)] } })).stream.health).toBe(
      'behind',
    )
  })

  it('says down when the jobs process has not been heard of, and when there never was one', () => {
    expect(judgeHealth(facts({ batch: { heartbeatAt: NOW - 31_000 } })).batch.health).toBe('down')
    expect(judgeHealth(facts({ batch: { heartbeatAt: null } })).batch.why).toContain(
      'no schedule has run yet',
    )
  })

  it('says what /readyz says of ticks, reports and events', () => {
    const ticks = {
      beganAt: NOW,
      succeededAt: NOW - 60_000,
      overdueAt: NOW + 60_000,
      error: 'the log has a hole',
    }
    expect(judgeHealth(facts({ batch: { ticks } })).batch).toEqual({
      health: 'down',
      why: 'the last tick failed: the log has a hole',
    })
    const first = { job: 'daily_sales', store: 'berlin', period: '2026-11-19', error: 'too large' }
    expect(judgeHealth(facts({ batch: { unpublished: { count: 1, first } } })).reports).toMatchObject({
      health: 'behind',
      why: expect.stringContaining('daily_sales of berlin'),
    })
    const aside = {
      path: 'stream' as const,
      store: 'berlin',
      partition: 0,
      offset: 3,
      reason: 'it has no lines',
    }
    const freshness = testFreshness({ setAside: { count: 1, first: aside } })
    expect(judgeHealth(facts({ freshness })).log).toMatchObject({ health: 'behind' })
  })

  it('says what the intake says of itself: one that runs and takes nothing is down', () => {
    const intakeReadiness = 'is not ready: log (no broker answers)'
    expect(judgeHealth(facts({ intakeReadiness })).intake).toEqual({ health: 'down', why: intakeReadiness })
  })

  it('names the jobs whose last run failed', () => {
    expect(judgeHealth(facts({ failedJobs: ['daily_sales'] })).reports.why).toBe(
      'last run failed: daily_sales',
    )
  })

  it('calls silent sources quiet, not down: a shop may be closed', () => {
    expect(judgeHealth(facts({ liveEventsPerMinute: 0 })).tills.health).toBe('quiet')
  })
})
