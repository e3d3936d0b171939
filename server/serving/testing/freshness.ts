import type { FreshnessFacts } from '#server/serving/freshness/facts.ts'
import type { Freshness } from '#server/serving/freshness/freshness.ts'
import { judgeFreshness } from '#server/serving/freshness/judge.ts'

export const NOW = Date.parse('2026-11-20T12:00:00Z')

type Partition = FreshnessFacts['stream']['partitions'][number]

/** A partition that is worked on, and of which everything is read. */
export function testPartition(partition: number, part: Partial<Partition> = {}): Partition {
  return {
    partition,
    through: 10,
    end: 10,
    lagEvents: 0,
    lagMs: 0,
    watermark: NOW - 31_000,
    processedAt: NOW - 200,
    owner: 'stream box:7',
    isWorkedOn: true,
    ...part,
  }
}

/** Both paths at `NOW`, doing well: the batch's last tick was a minute ago, the next two are within three minutes. */
export function testFreshness({
  batch = {},
  stream = {},
  ...more
}: Partial<Omit<FreshnessFacts, 'batch' | 'stream'>> & {
  batch?: Partial<FreshnessFacts['batch']>
  stream?: Partial<FreshnessFacts['stream']>
} = {}): Freshness {
  const facts: FreshnessFacts = {
    now: NOW,
    batch: {
      jobs: [],
      lastRunId: 1,
      computedAt: NOW - 60_000,
      nextTickAt: NOW + 60_000,
      heartbeatAt: NOW - 4_000,
      ticks: { beganAt: NOW - 62_000, succeededAt: NOW - 60_000, overdueAt: NOW + 195_000, error: null },
      lastRunEndedAt: NOW - 61_000,
      unpublished: { count: 0, first: null },
      unplanned: [],
      dirtyStoreDays: 3,
      partitions: [],
      lagEvents: 120,
      lagMs: 60_000,
      ...batch,
    },
    archive: null,
    setAside: { count: 0, first: null },
    unknownStores: [],
    stream: {
      generation: 1,
      engine: 'tillstream',
      watermark: NOW - 31_000,
      processedAt: NOW - 200,
      partitions: [0, 1, 2, 3].map(partition => testPartition(partition)),
      lagEvents: 0,
      lagMs: 0,
      ...stream,
    },
    others: [],
    ...more,
  }
  return {
    ...facts,
    health: judgeFreshness(facts),
    live: {
      now: NOW,
      knownUpTo: NOW - facts.stream.lagMs,
      lagEvents: facts.stream.lagEvents,
      processedAt: NOW - 200,
    },
  }
}
