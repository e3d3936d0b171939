import { describe, expect, it } from 'vitest'
import type { Freshness } from '#server/serving/freshness/freshness.ts'
import { type HealthFacts, judgeHealth } from './flow.ts'

const NOW = Date.parse('2026-11-20T10:00:00Z')

function facts({
  stream = {},
  batch = {},
  ...more
}: Omit<Partial<HealthFacts>, 'freshness'> & {
  stream?: Partial<Freshness['stream']>
  batch?: Partial<Freshness['batch']>
} = {}): HealthFacts {
  const freshness: Freshness = {
    now: NOW,
    batch: {
      jobs: [],
      lastRunId: 1,
      computedAt: NOW - 90_000,
      nextTickAt: NOW + 30_000,
      heartbeatAt: NOW - 4_000,
      dirtyStoreDays: 3,
      partitions: [],
      lagEvents: 120,
      lagMs: 90_000,
      ...batch,
    },
    stream: {
      generation: 1,
      watermark: NOW - 31_000,
      processedAt: NOW - 200,
      partitions: [],
      lagEvents: 0,
      lagMs: 0,
      ...stream,
    },
  }
  return {
    freshness,
    witnesses: 'agree',
    intakeIsUp: true,
    streamOwned: 4,
    partitions: 4,
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
    expect(judgeHealth(facts({ streamOwned: 0 })).stream.health).toBe('down')
    expect(judgeHealth(facts({ streamOwned: 3 })).stream.health).toBe('behind')
  })

  it('says down when the jobs process has not been heard of, and when there never was one', () => {
    expect(judgeHealth(facts({ batch: { heartbeatAt: NOW - 31_000 } })).batch.health).toBe('down')
    expect(judgeHealth(facts({ batch: { heartbeatAt: null } })).batch.why).toBe('no jobs process has run yet')
  })

  it('says behind when a tick is overdue with work to do', () => {
    const nextTickAt = NOW - 61_000
    expect(judgeHealth(facts({ batch: { nextTickAt } })).batch.health).toBe('behind')
    expect(judgeHealth(facts({ batch: { nextTickAt, lagEvents: 0 } })).batch.health).toBe('ok')
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
