import { DAY_MS, type Instant, MINUTE_MS } from '#domain/instant.ts'
import { SCENARIOS } from '#domain/scenario.ts'
import type { Serving } from '#server/serving/serving.ts'
import { readFaultsSince } from './faults.ts'

/** Something that happened to the pipeline. */
export interface TimelineEntry {
  at: Instant
  kind:
    | 'started'
    | 'stopped'
    | 'killed'
    | 'takes over'
    | 'fault'
    | 'replay'
    | 'scenario'
    | 'run asked for'
    | 'dead letters'
  /** In a sentence, with its figures. */
  text: string
}

export interface Timeline {
  now: Instant
  /** Of the last 24 hours, the newest first. */
  entries: TimelineEntry[]
  /** How many there are: `entries` holds the newest. */
  count: number
}

const SHOWN_ENTRIES = 200

/** What happened in the last 24 hours: as the processes, people and simulators wrote it down themselves. */
export async function readTimeline({ sql }: Pick<Serving, 'sql'>): Promise<Timeline> {
  const [[clock], processes, takings, others] = await Promise.all([
    sql<{ now: Instant }[]>`select clock_timestamp() as now`,
    sql<ProcessLife[]>`
      select p.name, p.started_at as "startedAt", p.ended_at as "endedAt", p.beat_at as "beatAt",
        exists (select from pg_stat_activity a
          where a.pid = p.backend_pid and a.backend_start = p.backend_start) as "isConnected"
      from stream.processes p where p.beat_at > now() - interval '24 h'`,
    sql<Taking[]>`
      select consumer, partition, epoch, owner, working_at as "workingAt" from stream.takings
      where working_at > now() - interval '24 h'`,
    sql<OtherRow[]>`
      select coalesce(ended_at, started_at, requested_at) as at, 'replay' as kind, replay as number, kind as name,
        state, detail
      from live.replays where requested_at > now() - interval '24 h'
      union all
      select coalesce(ended_at, started_at, requested_at), 'scenario', run, scenario, state, detail
      from live.scenario_runs where requested_at > now() - interval '24 h'
      union all
      select coalesce(ended_at, started_at, requested_at), 'run asked for', request,
        concat(job, ' ' || from_day || ' to ' || to_day), state, detail
      from live.job_requests where requested_at > now() - interval '24 h'
      union all
      select date_trunc('minute', met_at), 'dead letters', count(*), mode() within group (order by reason), null, null
      from intake.dead_letters where met_at > now() - interval '24 h' group by 1`,
  ])
  const now = clock?.now ?? 0
  const faults = (await readFaultsSince(sql, now - DAY_MS)).map(
    (fault): TimelineEntry => ({ ...fault, kind: 'fault' }),
  )
  const entries = [...streamEntries(processes, takings), ...faults, ...others.map(describeOther)].sort(
    (one, other) => other.at - one.at,
  )
  return { now, entries: entries.slice(0, SHOWN_ENTRIES), count: entries.length }
}

/** A stream process as it wrote itself down. */
export interface ProcessLife {
  name: string
  startedAt: Instant
  /** When it said that it ends; null: it has not. */
  endedAt: Instant | null
  /** When it last said that it is there: about once a second. */
  beatAt: Instant
  isConnected: boolean
}

/** When a process first wrote results of a partition that it had taken. */
export interface Taking {
  consumer: string
  partition: number
  /** Rises by one with every taking. */
  epoch: number
  owner: string
  workingAt: Instant
}

/** What became of stream processes, and of the partitions of those that ended. */
export function streamEntries(
  processes: readonly ProcessLife[],
  takings: readonly Taking[],
): TimelineEntry[] {
  const byPlace = new Map(takings.map(taking => [placeOf(taking), taking]))
  const successions = takings.flatMap(taking => {
    const before = byPlace.get(placeOf({ ...taking, epoch: taking.epoch - 1 }))
    return before && before.owner !== taking.owner ? [{ taking, from: before.owner }] : []
  })
  const lives = processes.flatMap((process): TimelineEntry[] => {
    const { name, startedAt, endedAt, beatAt, isConnected } = process
    const began: TimelineEntry = { at: startedAt, kind: 'started', text: `${name} began` }
    if (endedAt === null && isConnected) return [began]
    const end = endedAt ?? beatAt
    // What it had when it ended: later takings from a process of the same name are another one's.
    const after = successions
      .filter(
        ({ from, taking }) =>
          from === name && taking.workingAt >= end && taking.workingAt < end + AFTERMATH_MS,
      )
      .map(({ taking }) => taking)
    const said = endedAt === null ? `${name} was killed` : `${name} ended as it was told to`
    return [
      began,
      { at: end, kind: endedAt === null ? 'killed' : 'stopped', text: `${said}${aftermath(end, after)}` },
    ]
  })
  return [
    ...lives,
    ...takeOversOf(successions).map((together): TimelineEntry => {
      const [first] = together
      const at = Math.max(...together.map(({ taking }) => taking.workingAt))
      const partitions = listOf(together.map(({ taking }) => taking.partition))
      return {
        at,
        kind: 'takes over',
        text: `${first?.taking.owner} works on ${partitions}, after ${first?.from}`,
      }
    }),
  ]
}

interface Succession {
  taking: Taking
  /** Who had the partition before. */
  from: string
}

/** Partitions that one process took from another within a minute of the first of them: that is one event. */
function takeOversOf(successions: readonly Succession[]): Succession[][] {
  const groups: Succession[][] = []
  for (const next of successions.toSorted((one, other) => one.taking.workingAt - other.taking.workingAt)) {
    const group = groups.findLast(
      ([first]) =>
        first?.taking.owner === next.taking.owner &&
        first.from === next.from &&
        next.taking.workingAt - first.taking.workingAt < MINUTE_MS,
    )
    if (group) group.push(next)
    else groups.push([next])
  }
  return groups
}

/** Takings that are put down to the end of a process. */
const AFTERMATH_MS = 10 * MINUTE_MS

function placeOf({ consumer, partition, epoch }: Pick<Taking, 'consumer' | 'partition' | 'epoch'>): string {
  return `${consumer} ${partition} ${epoch}`
}

/** For people, as pages write it: `1.9 s`, `2 min 19 s`. */
function secondsText(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`
}

function aftermath(end: Instant, takings: readonly Taking[]): string {
  if (takings.length === 0) return ''
  const seconds = (Math.max(...takings.map(({ workingAt }) => workingAt)) - end) / 1_000
  return `: others worked on ${listOf(takings.map(({ partition }) => partition))} within ${secondsText(seconds)}`
}

function listOf(partitions: readonly number[]): string {
  const sorted = [...new Set(partitions)].sort((one, other) => one - other)
  return `${sorted.length === 1 ? 'partition' : 'partitions'} ${sorted.join(', ')}`
}

interface OtherRow {
  at: Instant
  kind: 'replay' | 'scenario' | 'run asked for' | 'dead letters'
  /** Its number; of dead letters how many. */
  number: number
  name: string
  state: string | null
  detail: string | null
}

function describeOther({ at, kind, number, name, state, detail }: OtherRow): TimelineEntry {
  const ending = detail ? `${state}, ${detail}` : `${state}`
  switch (kind) {
    case 'replay':
      return { at, kind, text: `${name === 'switch_back' ? 'Switch back' : 'Replay'} ${number}: ${ending}` }
    case 'scenario':
      return { at, kind, text: `${SCENARIOS.find(known => known.name === name)?.title ?? name}: ${ending}` }
    case 'run asked for':
      return { at, kind, text: `${name}: ${ending}` }
    case 'dead letters':
      return { at, kind, text: `${number} in this minute, ${number === 1 ? '' : 'most of them '}${name}` }
  }
}
