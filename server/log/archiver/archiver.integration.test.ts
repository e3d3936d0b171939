import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import { connect } from '#db/client.ts'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { randomEvents, seededRandom } from '#domain/testing/random-events.ts'
import { WakeUp } from '#platform/wake-up.ts'
import { FencedError, takePartition } from '#server/log/fence.ts'
import { createPostgresLog, ensureLogDays } from '#server/log/postgres-log.ts'
import { testEvent } from '#server/log/testing/events.ts'
import { ARCHIVER, archivePartition } from './archive-partition.ts'
import type { ArchiveEntry, ArchiveSource } from './source.ts'
import { ArchiveMovedError, archiveEntries, loadArchived } from './write-entries.ts'

const logger = pino({ level: 'silent' })
const NOON = Date.UTC(2026, 10, 20, 12)

let database: TestDatabase
const running: { stop(): Promise<void> }[] = []
beforeEach(async () => {
  database = await createTestDatabase()
})
afterEach(async () => {
  for (const archiver of running.splice(0)) await archiver.stop()
  await database.drop()
})

/** A log as Kafka is one: offsets with gaps, whole entries. */
class GappyLog implements ArchiveSource {
  readonly entries: ArchiveEntry[] = []
  reads = 0
  #offset = 0

  add(...events: (LogEvent | 'tick' | { reason: string })[]): void {
    for (const event of events) {
      // After every third entry the marker of a transaction.
      this.#offset += this.entries.length % 3 === 2 ? 2 : 1
      const at = { offset: this.#offset, appendedAt: NOON + this.#offset }
      if (event === 'tick') this.entries.push({ ...at, kind: 'tick' })
      else if ('reason' in event)
        this.entries.push({
          ...at,
          kind: 'unreadable',
          reason: event.reason,
          payload: Buffer.from('\u0000{'),
        })
      else this.entries.push({ ...at, kind: 'event', event })
    }
  }

  async read({ partition, after, limit }: Parameters<ArchiveSource['read']>[0]): Promise<ArchiveEntry[]> {
    this.reads += 1
    return partition === 0 ? this.entries.filter(({ offset }) => offset > after).slice(0, limit) : []
  }

  async endOf(): Promise<number> {
    return this.#offset
  }
}

function start(source: ArchiveSource, { owner = 'me', mostEntries = 100 } = {}): { stop(): Promise<void> } {
  const ending = new AbortController()
  const work = archivePartition({
    url: database.url,
    source,
    partition: 0,
    owner,
    wake: new WakeUp(),
    logger,
    signal: ending.signal,
    mostEntries,
  })
  const archiver = {
    async stop() {
      ending.abort()
      await work
    },
  }
  running.push(archiver)
  return archiver
}

const orders = (count: number, prefix = 'o') =>
  Array.from({ length: count }, (_, index) => testEvent({ id: `${prefix}-${index}`, partition: 0 }))

async function untilArchived(log: GappyLog): Promise<void> {
  await vi.waitFor(
    async () => expect((await loadArchived(database.sql, 0)).offset).toBe(log.entries.at(-1)?.offset),
    { timeout: 60_000, interval: 20 },
  )
}

async function archivedOffsets(): Promise<number[]> {
  const rows = await database.sql<{ offset: number }[]>`
    select "offset" from log.event_log where partition = 0 order by appended_at, "offset"`
  return rows.map(({ offset }) => offset)
}

describe('the archiver', () => {
  test('copies every entry once, in order, with the offsets of the log', async () => {
    const log = new GappyLog()
    log.add(...orders(250), 'tick', ...orders(3, 'later'))
    start(log)
    await untilArchived(log)
    expect(await archivedOffsets()).toEqual(log.entries.map(({ offset }) => offset))
    log.add(...orders(20, 'new'))
    await untilArchived(log)
    expect(await archivedOffsets()).toEqual(log.entries.map(({ offset }) => offset))
    const [row] = await database.sql<{ end: number }[]>`
      select end_offset as "end" from log.archived where partition = 0`
    expect(row?.end).toBe(log.entries.at(-1)?.offset)
  })

  test('writes the rows that an append writes, whatever the event', async () => {
    const other = await createTestDatabase()
    try {
      await ensureLogDays(other.sql)
      const random = seededRandom(inject('randomSeed'))
      const events = randomEvents({ random, count: 300, start: NOON }).map(event => ({
        ...event,
        partition: 0,
      }))
      await createPostgresLog(other.sql).append(0, events)
      await createPostgresLog(other.sql).appendTick(0, 0)
      const log = new GappyLog()
      log.add(...events, 'tick')
      start(log)
      await untilArchived(log)
      const rowsOf = async ({ sql }: TestDatabase) => {
        const rows = await sql<{ row: Record<string, unknown> }[]>`
          select to_jsonb(e) - 'offset' - 'appended_at' - case when type = 'tick' then 'event_time' else '' end as row
          from log.event_log e order by e."offset"`
        return rows.map(({ row }) => row)
      }
      expect(await rowsOf(database)).toEqual(await rowsOf(other))
    } finally {
      await other.drop()
    }
  })

  test('makes the days of what it copies, however old', async () => {
    const log = new GappyLog()
    log.add(...orders(2))
    for (const entry of log.entries) entry.appendedAt -= 400 * 86_400_000
    start(log)
    await untilArchived(log)
    expect(await archivedOffsets()).toHaveLength(2)
  })

  test('gives no row an earlier time than the row before it', async () => {
    const log = new GappyLog()
    log.add(...orders(9))
    for (const entry of log.entries.slice(4, 7)) entry.appendedAt -= 60_000
    start(log, { mostEntries: 3 })
    await untilArchived(log)
    expect(await archivedOffsets()).toEqual(log.entries.map(({ offset }) => offset))
  })

  test('loses nothing and doubles nothing, however often its connection ends', async () => {
    const log = new GappyLog()
    log.add(...orders(3_000))
    start(log, { mostEntries: 20 })
    const MOST_KILLS = 15
    let [kills, killedAt] = [0, 0]
    await vi.waitFor(
      async () => {
        const { offset } = await loadArchived(database.sql, 0)
        // In the middle of something, whatever it is; it has got on since. After that it is left to come to its end.
        if (offset > killedAt && kills < MOST_KILLS) {
          const ended = await database.sql`
            select pg_terminate_backend(pid) from pg_stat_activity
            where application_name = 'tillstream archiver 0' and datname = current_database()`
          kills += ended.length
          killedAt = offset
        }
        expect(offset).toBe(log.entries.at(-1)?.offset)
      },
      { timeout: 250_000, interval: 20 },
    )
    expect(kills).toBeGreaterThan(3)
    expect(await archivedOffsets()).toEqual(log.entries.map(({ offset }) => offset))
  })

  test('is one a partition: a second stands by, and goes on where the first ends', async () => {
    const log = new GappyLog()
    log.add(...orders(50))
    const first = start(log, { owner: 'first' })
    await untilArchived(log)
    start(log, { owner: 'second' })
    log.add(...orders(50, 'more'))
    await untilArchived(log)
    const owner = async () => {
      const [row] = await database.sql<
        { owner: string }[]
      >`select owner from log.owners where consumer = ${ARCHIVER}`
      return row?.owner
    }
    expect(await owner()).toBe('first')
    await first.stop()
    log.add(...orders(50, 'most'))
    await untilArchived(log)
    expect(await owner()).toBe('second')
    expect(await archivedOffsets()).toEqual(log.entries.map(({ offset }) => offset))
  })

  test('that was taken for dead writes nothing more', async () => {
    const log = new GappyLog()
    log.add(...orders(10))
    const [mine, theirs] = [connect(database.url, { max: 1 }), connect(database.url, { max: 1 })]
    try {
      const take = (sql: typeof mine, owner: string) =>
        takePartition(sql, { consumer: ARCHIVER, partition: 0, owner })
      const ownership = await take(mine, 'mine')
      const archiving = { ownership, after: { offset: 0, appendedAt: 0 }, entries: log.entries, end: 0 }
      const newer = await take(theirs, 'theirs')
      await expect(archiveEntries(database.sql, archiving)).rejects.toThrow(FencedError)
      await archiveEntries(theirs, { ...archiving, ownership: newer })
      // And who is its owner, but has not seen where the archive stands, writes nothing twice.
      await expect(archiveEntries(theirs, { ...archiving, ownership: newer })).rejects.toThrow(
        ArchiveMovedError,
      )
      expect(await archivedOffsets()).toHaveLength(10)
    } finally {
      await mine.end()
      await theirs.end()
    }
  })

  test('sets aside what is no event and what Postgres does not take, with a sentence, and goes on', async () => {
    const log = new GappyLog()
    const nul = { ...testEvent({ id: 'nul', partition: 0 }), attributes: { note: 'a\u0000b' } }
    const never = { ...testEvent({ id: 'never', partition: 0 }), eventTime: Number.NaN }
    const noDay = { ...testEvent({ id: 'no-day', partition: 0 }), businessDay: '2026-13-45' }
    log.add(
      ...orders(5),
      { reason: 'It is no JSON.' },
      nul,
      ...orders(5, 'p'),
      never,
      noDay,
      ...orders(5, 'q'),
    )
    start(log)
    await untilArchived(log)
    const aside = await database.sql<{ offset: number; reason: string }[]>`
      select "offset", reason from log.set_aside order by "offset"`
    expect(aside.map(({ reason }) => reason)).toEqual([
      'It is no JSON.',
      expect.stringMatching(/^Postgres does not take it: .*Unicode/),
      expect.stringMatching(/^Postgres does not take it: .*Invalid time/),
      expect.stringMatching(/^Postgres does not take it: .*2026-13-45/),
    ])
    const offsets = await archivedOffsets()
    expect(offsets).toHaveLength(15)
    expect([...offsets, ...aside.map(({ offset }) => offset)].sort((a, b) => a - b)).toEqual(
      log.entries.map(({ offset }) => offset),
    )
  })
})

describe('who commits results', () => {
  const awaited = (through: number, patience = '30 seconds') => database.sql<
    { offset: number; reason: string }[]
  >`
    select * from log.await_archive(0, 0, ${through}, ${patience}::interval)`

  test('waits for the archive, and learns what counts for nobody', async () => {
    const log = new GappyLog()
    log.add(...orders(2), { reason: 'It is no JSON.' })
    const waiting = awaited(log.entries.at(-1)?.offset ?? 0).execute()
    start(log)
    expect(await waiting).toEqual([{ offset: log.entries[2]?.offset, reason: 'It is no JSON.' }])
    expect(await archivedOffsets()).toHaveLength(2)
  })

  test('is told where the archive ends when it does not come', async () => {
    await expect(awaited(7, '10 milliseconds')).rejects.toThrow(
      'partition 0: the archive ends at offset 0, before 7',
    )
  })
})
