import type { Sql } from '#db/client.ts'
import { HOUR_MS, type Instant } from '#domain/instant.ts'
import type { Position } from '#domain/log-event.ts'
import { SOURCE_IDLE_MS } from '#domain/watermark.ts'
import { windowStartOf, windowState } from '#domain/window.ts'
import type { OrderLog } from '#server/log/order-log.ts'
import type { OnAppended } from './appender.ts'

/** A partition is quiet when nothing was appended for this long. */
const QUIET_MS = 5_000

/** How far time has come in a partition: its last entry, and the newest event time of any of its events. */
export interface PartitionTime {
  last: Position
  /** Null while no event is known. */
  maxEventTime: Instant | null
}

/**
 * Whether a quiet partition needs a tick: while its newest window is not final by its last entry. In a quiet
 * partition every source falls idle, and then its watermark is that entry's append time - 60 s: judged by the
 * entry, not by the clock, the last tick is the one that makes the window final.
 */
export function needsTick({ last, maxEventTime }: PartitionTime, now: Instant): boolean {
  if (maxEventTime === null || now - last.appendedAt < QUIET_MS) return false
  return windowState(windowStartOf(maxEventTime), last.appendedAt - SOURCE_IDLE_MS) !== 'final'
}

/** What is known after an append of our own, or after reading what others appended. */
export function withAppended(
  time: PartitionTime,
  appended: { last: Position; maxEventTime: Instant | null },
): PartitionTime {
  const { last, maxEventTime } = appended
  return {
    last: last.offset > time.last.offset ? last : time.last,
    maxEventTime:
      maxEventTime === null || (time.maxEventTime !== null && time.maxEventTime > maxEventTime)
        ? time.maxEventTime
        : maxEventTime,
  }
}

interface Ticker {
  /** Keeps in mind what this process appended itself: the next look at the log need not read it. */
  onAppended: OnAppended
  /** Looks at what others appended and ticks the quiet partitions; about once a second. @returns those ticked */
  run(now: Instant): Promise<number[]>
}

// A window is open for two hours and a minute at most after its last event: older entries say nothing.
const LOOK_BACK_MS = 3 * HOUR_MS
/** Entries read to find the newest event time after a start; it is not far from the end. */
const LOOK_BACK_ENTRIES = 100_000

/** Lets time move in quiet partitions, whoever appends to them: importers and other intakes too. */
export async function createTicker({ sql, log }: { sql: Sql; log: OrderLog }): Promise<Ticker> {
  const times = await restore(sql, log)

  async function readOthers(): Promise<void> {
    const rows = await sql.unsafe<SeenRow[]>(
      SEEN_SINCE,
      [
        times.map((_, partition) => partition),
        times.map(time => time.last.offset),
        times.map(time => new Date(time.last.appendedAt).toISOString()),
      ],
      { prepare: true },
    )
    for (const { partition, offset, appendedAt, maxEventTime } of rows) {
      const time = times[partition]
      if (time) times[partition] = withAppended(time, { last: { offset, appendedAt }, maxEventTime })
    }
  }

  return {
    onAppended({ partition, first, last, appendedAt, maxEventTime }) {
      const time = times[partition]
      // Only what follows straight on: a gap was appended by another process and is read by `run`.
      if (!time || last === null || first !== time.last.offset + 1) return
      times[partition] = withAppended(time, { last: { offset: last, appendedAt }, maxEventTime })
    },
    async run(now) {
      await readOthers()
      const ticked: number[] = []
      for (const [partition, time] of times.entries()) {
        if (needsTick(time, now) && (await log.appendTick(partition, QUIET_MS)) !== null)
          ticked.push(partition)
      }
      return ticked
    },
  }
}

interface SeenRow extends Position {
  partition: number
  maxEventTime: Instant | null
}

const SEEN_SINCE = `
  select known.partition, seen."offset", seen.appended_at as "appendedAt", seen.event_time as "maxEventTime"
  from unnest($1::integer[], $2::bigint[], $3::timestamptz[]) as known(partition, "offset", appended_at)
  cross join lateral (
    select max(e."offset") as "offset", max(e.appended_at) as appended_at,
      max(e.event_time) filter (where e.type <> 'tick') as event_time
    from log.event_log e
    where e.partition = known.partition and e.appended_at >= known.appended_at and e."offset" > known."offset"
  ) seen
  where seen."offset" is not null`

async function restore(sql: Sql, log: OrderLog): Promise<PartitionTime[]> {
  const ends = await log.end()
  return Promise.all(
    ends.map(async (last, partition): Promise<PartitionTime> => {
      if (last.offset === 0) return { last, maxEventTime: null }
      const [row] = await sql<{ maxEventTime: Instant | null }[]>`
        select max(event_time) as "maxEventTime" from (
          select event_time from log.event_log
          where partition = ${partition} and type <> 'tick'
            and appended_at >= ${new Date(last.appendedAt - LOOK_BACK_MS).toISOString()}
          order by appended_at desc, "offset" desc
          limit ${LOOK_BACK_ENTRIES}
        ) newest`
      return { last, maxEventTime: row?.maxEventTime ?? null }
    }),
  )
}
