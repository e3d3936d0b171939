import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Reading } from '#db/transaction.ts'
import { formatInstant, type Instant } from '#domain/instant.ts'
import type { AppendDay } from '#domain/log-archive.ts'
import type { Position } from '#domain/log-event.ts'
import { openDuckDb } from '#platform/duckdb.ts'
import { readS3Settings } from '#platform/environment.ts'
import type { LogRecord, ReadRequest } from '#server/log/order-log.ts'
import { type ReadColumns, toRecords } from '#server/log/read-statement.ts'
import type { ArchivedDay } from './archived-days.ts'
import { fetchDay } from './contents.ts'
import { openArchiveStore } from './open-store.ts'
import {
  type Movement,
  type MovementsRequest,
  movementsStatement,
  positionStatement,
  readStatement,
} from './read-archive.ts'
import { readDayManifest, refuseOtherVersion } from './verify-day.ts'

/** Records that are read from a file at once: opening it and finding the place takes longer than reading them. */
const PAGE = 8_192

/** Where readers keep what they fetched last: a reader has no end of its own, so it goes with the process. */
const FOLDERS = new Set<string>()
process.once('exit', () => {
  for (const folder of FOLDERS) rmSync(folder, { recursive: true, force: true })
})

/**
 * The days of the log that it has no longer, read from the archive as the log would have read them. Where a day lies is
 * in `log.archived_days`; its file is held against its checksum before the first row of it is used.
 */
export class ArchivedLog {
  readonly #sql: Reading
  /** The file that was opened last: who reads a day comes back for more of it. */
  #open: { day: AppendDay; file: string; folder: string } | null = null
  /** What was read last of each partition. */
  readonly #pages = new Map<number, readonly LogRecord[]>()
  #busy: Promise<void> = Promise.resolve()

  constructor(sql: Reading) {
    this.#sql = sql
  }

  /**
   * Records after a position, of the one day in which the next of them lies.
   * @returns none where the log itself has what comes next
   * @throws ArchiveError where the archive is not what it should be
   */
  async read({
    partition,
    after,
    limit,
    through = Number.MAX_SAFE_INTEGER,
  }: ReadRequest): Promise<LogRecord[]> {
    const next = after.offset + 1
    if (next > through) return []
    const held = this.#held(partition, next)
    const records = held ?? (await this.#readPage(partition, next))
    const first = records.findIndex(record => record.offset >= next)
    if (first === -1) return []
    return records.slice(first, first + limit).filter(({ offset }) => offset <= through)
  }

  /** The place of an offset; null where no archived day that was dropped holds it. */
  async positionOf(partition: number, offset: number): Promise<Position | null> {
    const day = await this.#dayOf(partition, offset)
    return day && this.#position(day, { partition, upTo: `"offset" <= ${offset}` })
  }

  /** The last place before an instant, if it lies behind an offset that the log itself has found. */
  async positionBefore(partition: number, before: Instant, behind: number): Promise<Position | null> {
    const days = await this.#sql<ArchivedDay[]>`
      ${this.#columns()} where dropped_at is not null and append_day <= ${formatInstant(before).slice(0, 10)}
        and last_offsets[${partition + 1}::integer] > ${behind} order by append_day desc limit 2`
    for (const day of days) {
      const upTo = `appended_at < make_timestamptz(${before * 1_000})`
      const position = await this.#position(day, { partition, upTo })
      if (position) return position
    }
    return null
  }

  /** What moves stock in the days that were dropped, from an append time up to a position; as the log's own rows. */
  async movements(request: MovementsRequest): Promise<Movement[]> {
    const { from, through, partition } = request
    const days = await this.#sql<ArchivedDay[]>`
      ${this.#columns()} where dropped_at is not null and last_offsets[${partition + 1}::integer] > 0
        and append_day between ${formatInstant(from).slice(0, 10)} and ${formatInstant(through.appendedAt).slice(0, 10)}
      order by append_day`
    const found: Movement[] = []
    for (const day of days) {
      found.push(
        ...(await this.#query(
          day,
          file => movementsStatement(file, request),
          rows => rows.map(asMovement),
        )),
      )
    }
    return found
  }

  #held(partition: number, next: number): readonly LogRecord[] | null {
    const records = this.#pages.get(partition) ?? []
    const [first, last] = [records[0], records.at(-1)]
    return first && last && first.offset <= next && next <= last.offset ? records : null
  }

  async #readPage(partition: number, next: number): Promise<readonly LogRecord[]> {
    const day = await this.#dayOf(partition, next)
    if (day === null) return []
    const records = await this.#query(
      day,
      file => readStatement(file, { partition, from: next, limit: PAGE }),
      ([row = {}]) => toRecords(Object.values(row as object) as ReadColumns, partition),
    )
    this.#pages.set(partition, records)
    return records
  }

  async #dayOf(partition: number, offset: number): Promise<ArchivedDay | null> {
    const [day] = await this.#sql<ArchivedDay[]>`
      ${this.#columns()} where dropped_at is not null and first_offsets[${partition + 1}::integer] <= ${offset}
        and last_offsets[${partition + 1}::integer] >= ${offset}`
    return day ?? null
  }

  async #position(day: ArchivedDay, place: { partition: number; upTo: string }): Promise<Position | null> {
    return this.#query(
      day,
      file => positionStatement(file, place),
      ([row]) => {
        const found = row as { offset: bigint; appended_at: bigint } | undefined
        return found ? { offset: Number(found.offset), appendedAt: Number(found.appended_at) } : null
      },
    )
  }

  #columns() {
    return this.#sql`
      select append_day as "appendDay", archive, file, sha256, rows, contents, first_offsets as "firstOffsets",
        last_offsets as "lastOffsets", verified_at as "verifiedAt", dropped_at as "droppedAt"
      from log.archived_days`
  }

  /** One after the other: the file that is open is one, and partitions are read beside each other. */
  #query<Answer>(
    day: ArchivedDay,
    statement: (file: string) => string,
    read: (rows: unknown[]) => Answer,
  ): Promise<Answer> {
    const answer = this.#busy.then(async () => {
      const file = await this.#fileOf(day)
      const duck = await openDuckDb([this.#open?.folder ?? tmpdir(), path.dirname(file)])
      try {
        return read(await duck.all(statement(file)))
      } finally {
        duck.close()
      }
    })
    this.#busy = answer.then(
      () => {},
      () => {},
    )
    return answer
  }

  async #fileOf(day: ArchivedDay): Promise<string> {
    if (this.#open?.day === day.appendDay) return this.#open.file
    if (this.#open) await rm(this.#open.folder, { recursive: true, force: true })
    this.#open = null
    const folder = await mkdtemp(path.join(tmpdir(), 'tillstream-archived-'))
    FOLDERS.add(folder)
    const store = await openArchiveStore(day.archive, readS3Settings())
    const manifest = await readDayManifest(store, day.appendDay)
    refuseOtherVersion(manifest, day)
    const file = await fetchDay(store, manifest, folder)
    this.#open = { day: day.appendDay, file, folder }
    return file
  }
}

function asMovement(row: unknown): Movement {
  const movement = row as Omit<Movement, 'details'> & { details: string | null }
  return { ...movement, details: movement.details === null ? null : JSON.parse(movement.details) }
}
