import { once } from 'node:events'
import type { Sql } from '#db/client.ts'
import type { Transaction } from '#db/transaction.ts'
import { formatInstant } from '#domain/instant.ts'
import { LOG_START, type Position } from '#domain/log-event.ts'
import { messageOf } from '#platform/command.ts'
import { COPY_EVENTS, copyEventRow, copyTickRow } from '#server/log/event-rows.ts'
import { assertOwner, type Ownership } from '#server/log/fence.ts'
import { classifyLogError, isOfData } from '#server/log/log-errors.ts'
import type { ArchiveEntry } from './source.ts'

/** The archive's checkpoint was not where the entries begin: somebody wrote beside its owner. */
export class ArchiveMovedError extends Error {
  override readonly name = 'ArchiveMovedError'
}

/** What the archive holds of a partition; the log's start where nothing was archived yet. */
export async function loadArchived(sql: Sql, partition: number): Promise<Position> {
  const [row] = await sql<Position[]>`
    select "offset", appended_at as "appendedAt" from log.archived where partition = ${partition}`
  return row ?? LOG_START
}

export interface Archiving {
  ownership: Ownership
  /** Where the entries begin. */
  after: Position
  entries: readonly ArchiveEntry[]
  /** The last offset of the log, as far as is known. */
  end: number
}

/** An entry that became no row. */
export interface Unarchivable {
  offset: number
  reason: string
}

/**
 * Writes entries into log.event_log and moves the checkpoint behind the last of them, in one transaction. An entry that
 * nobody can read, or that Postgres does not take, is kept in log.set_aside instead; those around it are rows.
 *
 * @returns the new checkpoint, and what became no row
 * @throws FencedError when the partition was taken, ArchiveMovedError; what the database throws: nothing stands then
 */
export async function archiveEntries(
  sql: Sql,
  archiving: Archiving,
): Promise<{ through: Position; unarchivable: Unarchivable[] }> {
  const { after } = archiving
  const unarchivable: Unarchivable[] = []
  let through = after
  const pieces: ArchiveEntry[][] = [inOrderOfTime(archiving)]
  for (let piece = pieces.shift(); piece; piece = pieces.shift()) {
    const attempt = { ...archiving, after: through, entries: piece }
    try {
      const written = await writePiece(sql, attempt)
      through = written.through
      unarchivable.push(...written.unarchivable)
    } catch (error) {
      if (classifyLogError(error).kind === 'missing-day') {
        await ensureDaysOf(sql, piece)
        pieces.unshift(piece)
        continue
      }
      if (!isOfData(error)) throw error
      // Halved until the entry to blame stands alone: that one is set aside.
      const [only] = piece
      if (only && piece.length === 1) pieces.unshift([toUnreadable(only, error)])
      else {
        const middle = Math.ceil(piece.length / 2)
        pieces.unshift(piece.slice(0, middle), piece.slice(middle))
      }
    }
  }
  return { through, unarchivable }
}

async function writePiece(
  sql: Sql,
  { ownership, after, entries, end }: Archiving,
): Promise<{ through: Position; unarchivable: Unarchivable[] }> {
  const last = entries.at(-1) ?? after
  const through = { offset: last.offset, appendedAt: last.appendedAt }
  const unreadable: UnreadableEntry[] = []
  const rows = entries.map(entry => {
    try {
      if (entry.kind !== 'unreadable') return rowOf(entry, ownership.partition)
      unreadable.push(entry)
    } catch (error) {
      unreadable.push(toUnreadable(entry, error))
    }
    return ''
  })
  await sql.begin(async transaction => {
    await assertOwner(transaction, ownership)
    if (unreadable.length < entries.length) await copyRows(transaction, rows.join(''))
    for (const { offset, appendedAt, reason, payload } of unreadable) {
      await transaction`
        insert into log.set_aside (partition, "offset", appended_at, reason, payload)
        values (${ownership.partition}, ${offset}, ${appendedAt}, ${reason}, ${Buffer.from(payload)})`
    }
    await countRows(
      transaction,
      ownership.partition,
      entries.filter((_, index) => rows[index] !== ''),
    )
    await moveCheckpoint(transaction, { ownership, after, through, end })
  })
  return { through, unarchivable: unreadable }
}

/** Tells how far the log is where nothing is to be archived. @throws FencedError, ArchiveMovedError */
export async function noteEnd(
  sql: Sql,
  { ownership, after, end }: Omit<Archiving, 'entries'>,
): Promise<void> {
  await sql.begin(async transaction => {
    await assertOwner(transaction, ownership)
    await moveCheckpoint(transaction, { ownership, after, through: after, end })
  })
}

/** Adds to what log.event_log should hold of each of its days. */
async function countRows(
  transaction: Transaction,
  partition: number,
  entries: readonly ArchiveEntry[],
): Promise<void> {
  const ofDays = Map.groupBy(entries, dayOf)
  if (ofDays.size === 0) return
  const counts = Array.from(ofDays.values(), ({ length }) => length)
  await transaction`
    insert into log.archived_rows as kept (partition, append_day, rows)
    select ${partition}, day::date, rows
    from unnest(${[...ofDays.keys()]}::text[], ${counts}::bigint[]) as written(day, rows)
    on conflict (partition, append_day) do update set rows = kept.rows + excluded.rows`
}

/** The day of log.event_log that an entry is in. */
function dayOf({ appendedAt }: ArchiveEntry): string {
  return formatInstant(appendedAt).slice(0, 10)
}

async function moveCheckpoint(
  transaction: Transaction,
  { ownership, after, through, end }: Omit<Archiving, 'entries'> & { through: Position },
): Promise<void> {
  const { partition } = ownership
  const moved = await transaction`
    insert into log.archived as kept (partition, "offset", appended_at, end_offset, seen_at)
    values (${partition}, ${through.offset}, ${through.appendedAt}, ${Math.max(end, through.offset)}, clock_timestamp())
    on conflict (partition) do update set "offset" = excluded."offset", appended_at = excluded.appended_at,
      end_offset = greatest(excluded.end_offset, kept.end_offset), seen_at = excluded.seen_at
    where kept."offset" = ${after.offset}`
  if (moved.count !== 1) {
    throw new ArchiveMovedError(
      `partition ${partition}: the archive is not at offset ${after.offset}, where these entries begin`,
    )
  }
}

/** Days are made ahead from today on: a log that is archived anew has older ones. */
async function ensureDaysOf(sql: Sql, entries: readonly ArchiveEntry[]): Promise<void> {
  const days = entries.map(dayOf).sort()
  await sql`select log.ensure_days(${days[0] ?? null}, ${days.at(-1) ?? null})`
}

async function copyRows(transaction: Transaction, rows: string): Promise<void> {
  const stream = await transaction.unsafe(COPY_EVENTS).writable()
  stream.end(rows)
  await once(stream, 'finish')
}

type UnreadableEntry = Extract<ArchiveEntry, { kind: 'unreadable' }>

/** @throws RangeError where a value of it has no text */
function rowOf(entry: Exclude<ArchiveEntry, UnreadableEntry>, partition: number): string {
  const { offset, appendedAt } = entry
  if (entry.kind === 'tick') return copyTickRow(partition, entry)
  return copyEventRow({ ...entry.event, partition }, offset, appendedAt)
}

/**
 * Readers skip what was appended before their checkpoint's time, so times may not run backwards here. A broker's clock
 * that is set back, or a partition that moved to a broker whose clock is behind, gives such times.
 */
function inOrderOfTime({ after, entries }: Archiving): ArchiveEntry[] {
  let latest = after.appendedAt
  return entries.map(entry => {
    latest = Math.max(latest, entry.appendedAt)
    return entry.appendedAt === latest ? entry : { ...entry, appendedAt: latest }
  })
}

function toUnreadable(entry: ArchiveEntry, cause: unknown): UnreadableEntry {
  const { offset, appendedAt } = entry
  return {
    kind: 'unreadable',
    offset,
    appendedAt,
    reason: `Postgres does not take it: ${messageOf(cause)}`,
    payload: Buffer.from(JSON.stringify(entry.kind === 'event' ? entry.event : entry.kind)),
  }
}
