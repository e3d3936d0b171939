import { describe, expect, it } from 'vitest'
import { NOW, testFreshness, testPartition } from '#server/serving/testing/freshness.ts'
import type { PartitionArchive } from './archive.ts'

const OK = { stream: 'ok', jobs: 'ok', reports: 'ok', archive: 'ok', events: 'ok' }

describe('health', () => {
  it('is ok while both paths get on', () => {
    expect(testFreshness().health).toEqual(OK)
    expect(testFreshness({ stream: { lagMs: 30_000, lagEvents: 5 } }).health).toEqual(OK)
  })

  it('names a stream that is far behind', () => {
    expect(testFreshness({ stream: { lagMs: 95_000, lagEvents: 12 } }).health).toEqual({
      ...OK,
      stream: '12 events behind, the oldest for 95 s: does the stream process run?',
    })
  })

  it('names a partition that nobody works on, and one whose owner stands still, though nothing waits', () => {
    const partitions = [testPartition(0), testPartition(1, { owner: null, isWorkedOn: false })]
    expect(testFreshness({ stream: { partitions } }).health.stream).toBe(
      'nobody works on partition 1: does the stream process run?',
    )
    const frozen = [testPartition(0), testPartition(1, { isWorkedOn: false })]
    expect(testFreshness({ stream: { partitions: frozen } }).health.stream).toBe(
      'partition 1 stands still: stream box:7 has it, and has not asked for anything in 10 s',
    )
  })

  it('names an archive that nobody writes, and one that is far behind', () => {
    const archived = (part: Partial<PartitionArchive>): PartitionArchive => ({
      partition: 2,
      through: 90,
      end: 100,
      lagEvents: 10,
      lagMs: 400,
      seenAt: NOW - 12_000,
      isWorkedOn: true,
      ...part,
    })
    const health = (part: Partial<PartitionArchive>) => {
      const partition = archived(part)
      const { lagEvents, lagMs } = partition
      const archive = { topic: 'orders', partitions: [partition], lagEvents, lagMs }
      return testFreshness({ archive, stream: { lagMs: 95_000, lagEvents: 12 } }).health
    }
    const BEHIND = '12 events behind, the oldest for 95 s:'
    expect(health({})).toMatchObject({ archive: 'ok', stream: `${BEHIND} does the stream process run?` })
    // Nobody is to look for a fault of the stream then.
    expect(health({ isWorkedOn: false }).stream).toBe(`${BEHIND} it goes no further than the archive`)
    expect(health({ isWorkedOn: false }).archive).toBe(
      'nobody archives partition 2 (last seen 12 s ago, 10 events behind the log, for 0 s), and no figure goes past it: do the archiver and Kafka run?',
    )
    expect(health({ isWorkedOn: false, lagEvents: 0, lagMs: 0 }).archive).toBe(
      'nobody archives partition 2 (last seen 12 s ago), and no figure goes past it: do the archiver and Kafka run?',
    )
    expect(health({ lagMs: 31_000 }).archive).toBe(
      'the archive is 10 events behind the log, for 31 s: see the log of the archiver',
    )
  })

  it('names a schedule that is silent, or never was', () => {
    expect(testFreshness({ batch: { heartbeatAt: NOW - 31_000 } }).health.jobs).toBe(
      'the schedule was last heard of 31 s ago: does the jobs process run?',
    )
    expect(testFreshness({ batch: { heartbeatAt: null } }).health.jobs).toContain('no schedule has run yet')
  })

  it('is not taken in by a heartbeat: two ticks without success are told', () => {
    const ticks = { beganAt: NOW - 400_000, succeededAt: NOW - 399_000, overdueAt: NOW - 1, error: null }
    expect(testFreshness({ batch: { ticks } }).health.jobs).toContain('no tick has succeeded since 399 s ago')
    const hanging = { ...ticks, beganAt: NOW - 130_000 }
    const lastRunEndedAt = NOW - 399_500
    expect(testFreshness({ batch: { ticks: hanging, lastRunEndedAt } }).health.jobs).toContain(
      'no tick has succeeded',
    )
    expect(testFreshness({ batch: { ticks: { ...ticks, overdueAt: NOW } } }).health.jobs).toBe('ok')
  })

  it('tells the error of the last tick at once', () => {
    const ticks = {
      beganAt: NOW,
      succeededAt: NOW - 60_000,
      overdueAt: NOW + 60_000,
      error: 'the log has a hole',
    }
    expect(testFreshness({ batch: { ticks } }).health.jobs).toBe('the last tick failed: the log has a hole')
  })

  it('lets a long tick work as long as its runs end', () => {
    const ticks = { beganAt: NOW - 900_000, succeededAt: null, overdueAt: null, error: null }
    expect(testFreshness({ batch: { ticks, lastRunEndedAt: NOW - 119_000 } }).health.jobs).toBe('ok')
    expect(testFreshness({ batch: { ticks, lastRunEndedAt: NOW - 121_000 } }).health.jobs).toContain(
      'no tick has succeeded yet',
    )
  })

  it('names a report that is due and not there, and a store that nothing can be planned of', () => {
    const first = { job: 'daily_sales', store: 'berlin', period: '2026-11-19', error: 'bigint out of range' }
    expect(testFreshness({ batch: { unpublished: { count: 2, first } } }).health.reports).toBe(
      '2 reports are due and not there: daily_sales of berlin, 2026-11-19 failed: bigint out of range',
    )
    const untried = { count: 1, first: { ...first, error: null } }
    expect(testFreshness({ batch: { unpublished: untried } }).health.reports).toBe(
      '1 report is due and not there: daily_sales of berlin, 2026-11-19 has not been tried for two ticks',
    )
    expect(
      testFreshness({ batch: { unplanned: [{ store: 'mars', error: 'no zone' }] } }).health.reports,
    ).toBe('nothing can be planned of mars: no zone')
  })

  it('names an event that a path goes on without, and a store that is not known', () => {
    const first = {
      path: 'batch' as const,
      store: 'berlin',
      partition: 2,
      offset: 9,
      reason: 'it names no store',
    }
    expect(testFreshness({ setAside: { count: 1, first } }).health.events).toBe(
      '1 event cannot be digested, the newest by the batch path: berlin, partition 2, offset 9: it names no store',
    )
    expect(testFreshness({ unknownStores: ['atlantis'] }).health.events).toContain(
      'store atlantis has events',
    )
  })
})
