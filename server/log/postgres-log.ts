import type { Sql } from '#db/client.ts'
import type { Instant } from '#domain/instant.ts'
import { LOG_START, type LogEvent, type Position } from '#domain/log-event.ts'
import type { ArchivedLog } from './archive/archived-log.ts'
import { APPEND_STATEMENT, appendParameters, appendTogetherStatement } from './event-rows.ts'
import { untilSettled } from './log-errors.ts'
import type {
  AppendOutcome,
  AppendResult,
  LogRecord,
  OrderLog,
  PartitionEvents,
  ReadRequest,
} from './order-log.ts'
import { READ_STATEMENT, type ReadColumns, toRecords } from './read-statement.ts'

/** Days created ahead of time; an append that finds its day missing creates it and goes on. */
const DAYS_AHEAD = 7

/** The order log in Postgres: `log.event_log`, `log.event_keys` and their functions. Offsets are dense. */
export function createPostgresLog(sql: Sql): OrderLog {
  let partitionCount: number | undefined

  async function append(
    partition: number,
    events: readonly LogEvent[],
    revision?: number,
  ): Promise<AppendResult> {
    if (events.length === 0) return { appendedAt: 0, outcomes: [] }
    const parameters = appendParameters(partition, events, revision)
    const row = await withRetry(sql, async () => {
      const [answer] = await sql.unsafe<AppendRow[]>(APPEND_STATEMENT, parameters, { prepare: true })
      if (!answer) throw new Error('log.append answered nothing')
      return answer
    })
    return { appendedAt: row.appended_at, outcomes: outcomesOf(row, events.length) }
  }

  async function appendTogether(
    groups: readonly PartitionEvents[],
    revision?: number,
  ): Promise<AppendResult[]> {
    // Locked in the order of the partitions, so that two of these wait for each other in one direction only.
    const inOrder = groups
      .filter(({ events }) => events.length > 0)
      .toSorted((a, b) => a.partition - b.partition)
    const statement = appendTogetherStatement(inOrder.length)
    const parameters = inOrder.flatMap(({ partition, events }) =>
      appendParameters(partition, events, revision),
    )
    const rows = await withRetry(sql, async () => {
      const answers = await sql.unsafe<(AppendRow & { group: number })[]>(statement, parameters, {
        prepare: true,
      })
      return new Map(answers.map(answer => [inOrder[answer.group], answer]))
    })
    return groups.map(group => {
      const row = rows.get(group)
      if (!row && group.events.length > 0)
        throw new Error(`log.append answered nothing for ${group.partition}`)
      return row
        ? { appendedAt: row.appended_at, outcomes: outcomesOf(row, group.events.length) }
        : { appendedAt: 0, outcomes: [] }
    })
  }

  async function appendTick(partition: number, quietMs: number): Promise<number | null> {
    const [row] = await withRetry(
      sql,
      () => sql<{ offset: number | null }[]>`
        select log.append_tick(${partition}, ${quietMs}::float8 * interval '1 millisecond') as "offset"`,
    )
    return row?.offset ?? null
  }

  /** Days that retention has dropped; loaded where the log lacks what comes next. */
  let archived: ArchivedLog | undefined
  async function archivedLog(): Promise<ArchivedLog> {
    const { ArchivedLog } = await import('./archive/archived-log.ts')
    archived ??= new ArchivedLog(sql)
    return archived
  }
  /** By partition, where a page of the log itself ended: nothing behind it was dropped, for the newest entry never is. */
  const seenInLog = new Map<number, number>()

  async function read(request: ReadRequest): Promise<LogRecord[]> {
    const { partition, limit } = request
    const records: LogRecord[] = []
    for (let { after } = request; ; ) {
      const page = await readLog({ ...request, after, limit: limit - records.length })
      const following = withoutHole(page, after)
      for (const record of following) records.push(record)
      after = positionOf(records.at(-1)) ?? after
      if (following.length > 0 && following.length === page.length) {
        seenInLog.set(partition, after.offset)
        return records
      }
      if (records.length === limit) return records
      if (page.length === 0 && seenInLog.get(partition) === after.offset) return records
      const old = await (await archivedLog()).read({ ...request, after, limit: limit - records.length })
      // A hole that no archive explains is the reader's to judge.
      if (old.length === 0) return [...records, ...page.slice(following.length)]
      for (const record of old) records.push(record)
      after = positionOf(old.at(-1)) ?? after
      if (records.length === limit) return records
    }
  }

  async function readLog({ partition, after, limit, through }: ReadRequest): Promise<LogRecord[]> {
    const [columns] = await sql
      .unsafe(
        READ_STATEMENT,
        [
          partition,
          new Date(after.appendedAt).toISOString(),
          after.offset,
          through ?? Number.MAX_SAFE_INTEGER,
          limit,
        ],
        { prepare: true },
      )
      .values()
    return toRecords(columns as ReadColumns, partition)
  }

  async function end(): Promise<Position[]> {
    const rows = await sql<{ partition: number; offset: number; appendedAt: Instant }[]>`
      select p.partition, l."offset", l.appended_at as "appendedAt"
      from log.partitions p cross join lateral log.last_position(p.partition) l order by p.partition`
    return rows.map(({ offset, appendedAt }) => ({ offset, appendedAt }))
  }

  async function seekToOffset(partition: number, offset: number): Promise<Position> {
    const [row] = await sql<Position[]>`
      select "offset", appended_at as "appendedAt" from log.event_log
      where partition = ${partition} and "offset" < ${offset}
      order by appended_at desc, "offset" desc limit 1`
    if (row?.offset === offset - 1 || offset <= 1) return row ?? LOG_START
    return (await (await archivedLog()).positionOf(partition, offset - 1)) ?? row ?? LOG_START
  }

  async function seekToAppendTime(partition: number, appendedAt: Instant): Promise<Position> {
    const [row] = await sql<Position[]>`
      select "offset", appended_at as "appendedAt" from log.event_log
      where partition = ${partition} and appended_at < ${new Date(appendedAt).toISOString()}
      order by appended_at desc, "offset" desc limit 1`
    const behind = row?.offset ?? 0
    return (await (await archivedLog()).positionBefore(partition, appendedAt, behind)) ?? row ?? LOG_START
  }

  return {
    offsets: 'dense',
    async partitionCount() {
      if (partitionCount === undefined) {
        const [row] = await sql<{ count: number }[]>`select count(*) as count from log.partitions`
        partitionCount = row?.count ?? 0
      }
      return partitionCount
    },
    append,
    appendTogether,
    appendTick,
    read,
    end,
    seekToOffset,
    seekToAppendTime,
  }
}

/**
 * Creates the log's day partitions from today on; the intake calls it at start and once an hour. Today is the
 * database's: its clock gives the append times, and ours may say another day.
 *
 * @param from an earlier day to begin with
 */
export async function ensureLogDays(sql: Sql, from: Instant | null = null): Promise<void> {
  await sql`
    select log.ensure_days((coalesce(${from}::timestamptz, now) at time zone 'UTC')::date,
      (now at time zone 'UTC')::date + ${DAYS_AHEAD}::integer)
    from clock_timestamp() as now`
}

/** The records that follow a position, and each other, without a hole. */
function withoutHole(page: readonly LogRecord[], after: Position): readonly LogRecord[] {
  const last = page.at(-1)
  // Offsets rise, so one look says that none is missing.
  if (!last || last.offset - after.offset === page.length) return page
  return page.slice(
    0,
    page.findIndex(({ offset }, index) => offset !== after.offset + 1 + index),
  )
}

function positionOf(record: LogRecord | undefined): Position | undefined {
  return record && { offset: record.offset, appendedAt: record.appendedAt }
}

interface AppendRow {
  first_offset: number
  appended: number
  appended_at: Instant
  duplicates: number[]
  conflicts: number[]
}

function outcomesOf(row: AppendRow, count: number): AppendOutcome[] {
  const outcomes = new Array<AppendOutcome>(count)
  for (const ordinal of row.duplicates) outcomes[ordinal - 1] = { kind: 'duplicate' }
  for (const ordinal of row.conflicts) outcomes[ordinal - 1] = { kind: 'conflict' }
  let offset = row.first_offset
  for (let index = 0; index < count; index += 1) {
    if (outcomes[index] === undefined) {
      outcomes[index] = { kind: 'appended', offset }
      offset += 1
    }
  }
  return outcomes
}

/** Whoever makes the days ahead may have slept past midnight: what is missing is created. */
function withRetry<Result>(sql: Sql, attempt: () => Promise<Result>): Promise<Result> {
  return untilSettled(attempt, () => ensureLogDays(sql))
}
