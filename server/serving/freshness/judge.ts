import { ENGINE_TITLES, OWN_ENGINE } from '#domain/engine.ts'
import { type Instant, MINUTE_MS, SECOND_MS } from '#domain/instant.ts'
import { STANDSTILL_MS } from '#server/log/fence.ts'
import type { FreshnessFacts } from './facts.ts'

/** What freshness says of the parts that have to get on: 'ok', or a sentence. */
export interface Judgement {
  /** Every partition is worked on, and its events are read. */
  stream: string
  /** The schedule's ticks succeed when they should. */
  jobs: string
  /** What is due is there. */
  reports: string
  /** Where the log is Kafka: every partition is archived, so that figures can be made of its events. */
  archive: string
  /** Every event of the log counts. */
  events: string
}

/** Figures older than this are no live figures. */
const MAX_STREAM_LAG_MS = 30 * SECOND_MS
/** The schedule says that it lives three times as often. */
const MAX_HEARTBEAT_AGE_MS = 30 * SECOND_MS
/** Of a tick that takes longer than two of them: within this it has ended a run, or begun. */
const MAX_WORK_MS = 2 * MINUTE_MS
/** Judges by what was done, and when it should have been; a sign of life alone is no progress. */
export function judgeFreshness(freshness: FreshnessFacts): Judgement {
  return {
    stream: judgeStream(freshness) ?? 'ok',
    jobs: judgeSchedule(freshness.now, freshness.batch) ?? 'ok',
    reports: judgeReports(freshness.batch) ?? 'ok',
    archive: judgeArchive(freshness) ?? 'ok',
    events: judgeEvents(freshness) ?? 'ok',
  }
}

function judgeStream(freshness: FreshnessFacts): string | null {
  const { partitions, lagEvents, lagMs, engine } = freshness.stream
  const doesItRun =
    engine === OWN_ENGINE ? 'does the stream process run?' : `does ${ENGINE_TITLES[engine]} run?`
  const frozen = partitions.find(({ owner, isWorkedOn }) => owner !== null && !isWorkedOn)
  if (frozen) {
    return `partition ${frozen.partition} stands still: ${frozen.owner} has it, and has not asked for anything in ${STANDSTILL_MS / SECOND_MS} s`
  }
  const free = partitions.filter(({ isWorkedOn }) => !isWorkedOn)
  if (free.length > 0) {
    const which = free.map(({ partition }) => partition).join(', ')
    return `nobody works on partition ${which}: ${doesItRun}`
  }
  if (lagMs <= MAX_STREAM_LAG_MS) return null
  const why = judgeArchive(freshness) === null ? doesItRun : 'it goes no further than the archive'
  return `${lagEvents} events behind, the oldest for ${Math.round(lagMs / SECOND_MS)} s: ${why}`
}

function judgeSchedule(
  now: Instant,
  {
    heartbeatAt,
    ticks,
    lastRunEndedAt,
  }: Pick<FreshnessFacts['batch'], 'heartbeatAt' | 'ticks' | 'lastRunEndedAt'>,
): string | null {
  const ago = (then: Instant) => `${Math.round((now - then) / SECOND_MS)} s ago`
  if (heartbeatAt === null) return 'no schedule has run yet: does the jobs process run?'
  if (now - heartbeatAt > MAX_HEARTBEAT_AGE_MS) {
    return `the schedule was last heard of ${ago(heartbeatAt)}: does the jobs process run?`
  }
  const { beganAt, succeededAt, overdueAt, error } = ticks
  if (error !== null) return `the last tick failed: ${error}`
  if (overdueAt !== null && now <= overdueAt) return null
  // The first of all, and one that has much to do, may take longer than ticks are apart.
  const lastMove = Math.max(beganAt ?? 0, lastRunEndedAt ?? 0)
  const isUnderWay = beganAt !== null && (succeededAt === null || beganAt > succeededAt)
  if (isUnderWay && now - lastMove <= MAX_WORK_MS) return null
  return succeededAt === null
    ? 'no tick has succeeded yet: see the log of the jobs process'
    : `no tick has succeeded since ${ago(succeededAt)}, and two were due: see the log of the jobs process`
}

function judgeArchive({ now, archive }: Pick<FreshnessFacts, 'now' | 'archive'>): string | null {
  if (archive === null) return null
  const free = archive.partitions.filter(({ isWorkedOn }) => !isWorkedOn)
  if (free.length > 0) {
    const which = free.map(({ partition }) => partition).join(', ')
    const seen = Math.min(...free.map(({ seenAt }) => seenAt ?? now))
    const ago = Math.round((now - seen) / SECOND_MS)
    const behind = archive.lagEvents === 0 ? '' : `, ${behindBy(archive)}`
    return `nobody archives partition ${which} (last seen ${ago} s ago${behind}), and no figure goes past it: do the archiver and Kafka run?`
  }
  if (archive.lagMs <= MAX_STREAM_LAG_MS) return null
  return `the archive is ${behindBy(archive)}: see the log of the archiver`
}

function behindBy({ lagEvents, lagMs }: { lagEvents: number; lagMs: number }): string {
  return `${lagEvents} events behind the log, for ${Math.round(lagMs / SECOND_MS)} s`
}

function judgeReports({ unpublished, unplanned }: FreshnessFacts['batch']): string | null {
  const [store] = unplanned
  if (store) return `nothing can be planned of ${store.store}: ${store.error}`
  const { count, first } = unpublished
  if (!first) return null
  const { job, store: of, period, error } = first
  const what = count === 1 ? '1 report is due and not there' : `${count} reports are due and not there`
  return `${what}: ${job} of ${of}, ${period} ${error === null ? 'has not been tried for two ticks' : `failed: ${error}`}`
}

function judgeEvents({ setAside, unknownStores }: FreshnessFacts): string | null {
  const [store] = unknownStores
  if (store !== undefined) {
    return `store ${store} has events but is not known: add it with 'npm run stores -- add FILE'`
  }
  const { count, first } = setAside
  if (!first) return null
  const { path, store: of, partition, offset, reason } = first
  const what = count === 1 ? '1 event cannot be digested' : `${count} events cannot be digested`
  return `${what}, the newest by the ${path === 'log' ? 'archive' : `${path} path`}: ${of === '' ? 'no store' : of}, partition ${partition}, offset ${offset}: ${reason}`
}
