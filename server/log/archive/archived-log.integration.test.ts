import { cp, mkdtemp, rm, truncate } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { connect, type Sql } from '#db/client.ts'
import { createTestDatabase } from '#db/testing/database.ts'
import { installPostgresClock } from '#db/testing/postgres-clock.ts'
import { formatInstant, HOUR_MS } from '#domain/instant.ts'
import { completeDays, folderOfDay, manifestOfDay } from '#domain/log-archive.ts'
import { LOG_START } from '#domain/log-event.ts'
import { assertOwner, takePartition } from '#server/log/fence.ts'
import type { OrderLog } from '#server/log/order-log.ts'
import { createPostgresLog } from '#server/log/postgres-log.ts'
import { describeOrderLog, revisionOf } from '#server/log/testing/conformance.ts'
import { testEvent } from '#server/log/testing/events.ts'
import { listArchivedDays, listLogDays } from './archived-days.ts'
import { archivedMovements } from './archived-movements.ts'
import { dropDay } from './drop-day.ts'
import { openFolderStore } from './folder-store.ts'
import { bringBackDay } from './restore.ts'
import { verifyDay } from './verify-day.ts'
import { writeDay } from './write-day.ts'

const START = Date.parse('2026-03-01T00:00:00Z')

/**
 * A log that ages as it is used: every append comes six hours after the one before, and before a read every day that is
 * over is archived and dropped, but those that hold a partition's newest entry.
 */
async function openAgingLog() {
  const database = await createTestDatabase()
  let now = START
  const setClock = await installPostgresClock(database.sql, now)
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tillstream-test-archive-'))
  const store = openFolderStore(folder)
  // Made after the clock: it holds for connections of now.
  const sql = connect(database.url)
  const log = createPostgresLog(sql)
  const later = async () => {
    now += 6 * HOUR_MS
    await setClock(now)
  }
  let ageing = Promise.resolve()
  const age = () => {
    ageing = ageing.then(() => dropOldDays(sql, { store, now }))
    return ageing
  }
  const aging: OrderLog = {
    ...log,
    async append(...given) {
      await later()
      return log.append(...given)
    },
    async appendTogether(...given) {
      await later()
      return log.appendTogether(...given)
    },
    async read(request) {
      await age()
      return log.read(request)
    },
  }
  return {
    database,
    sql,
    folder,
    log: aging,
    async close() {
      await sql.end({ timeout: 1 })
      await database.drop()
      await rm(folder, { recursive: true })
    },
  }
}

async function dropOldDays(
  sql: Sql,
  { store, now }: { store: ReturnType<typeof openFolderStore>; now: number },
) {
  const { days } = await listLogDays(sql)
  const newest = await sql<{ day: string }[]>`
    select distinct (l.appended_at at time zone 'UTC')::date as day
    from log.partitions p cross join lateral log.last_position(p.partition) l`
  for (const day of completeDays(days, now)) {
    if (newest.some(held => held.day === day)) continue
    await writeDay(sql, store, day)
    await dropDay(sql, store, day)
  }
}

describeOrderLog('the Postgres log whose oldest days lie in the archive', async () => {
  const aging = await openAgingLog()
  const owners: Sql[] = []
  return {
    log: aging.log,
    revision: await revisionOf(aging.sql),
    async take(consumer, partition, owner) {
      const connection = connect(aging.database.url, { max: 1 })
      owners.push(connection)
      return takePartition(connection, { consumer, partition, owner })
    },
    async writeUnder(ownership) {
      await aging.database.sql.begin(transaction => assertOwner(transaction, ownership))
    },
    async close() {
      const dropped = (await listArchivedDays(aging.sql)).filter(({ droppedAt }) => droppedAt !== null)
      expect(dropped.length).toBeGreaterThan(10)
      await Promise.all(owners.map(owner => owner.end({ timeout: 1 })))
      await aging.close()
    },
  }
})

describe('days that were dropped', () => {
  async function tenDays() {
    const aging = await openAgingLog()
    onTestFinished(aging.close)
    for (let index = 0; index < 40; index += 1) {
      await aging.log.append(0, [
        testEvent({ id: `e-${index}`, partition: 0, eventTime: START + index * 6 * HOUR_MS }),
      ])
    }
    await aging.log.read({ partition: 0, after: LOG_START, limit: 1 })
    return aging
  }

  test('are read as one log with those that are there, across every border, by pages of any size', async () => {
    const { log, sql } = await tenDays()
    const [kept] = await sql<
      { first: number }[]
    >`select min("offset") as first from log.event_log where partition = 0`
    expect(kept?.first).toBeGreaterThan(30)
    for (const limit of [1, 7, 100]) {
      const offsets: number[] = []
      for (let after = LOG_START; ; ) {
        const page = await log.read({ partition: 0, after, limit })
        offsets.push(...page.map(({ offset }) => offset))
        const last = page.at(-1)
        if (!last) break
        after = { offset: last.offset, appendedAt: last.appendedAt }
      }
      expect(offsets).toEqual(Array.from({ length: 40 }, (_, index) => index + 1))
    }
    const through = await log.read({ partition: 0, after: LOG_START, limit: 100, through: 9 })
    expect(through.map(({ offset }) => offset)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  test('are sought by offset and by append time', async () => {
    const { log } = await tenDays()
    const all = await log.read({ partition: 0, after: LOG_START, limit: 100 })
    for (const { offset, appendedAt } of all.slice(1)) {
      const before = all[offset - 2]
      const position = { offset: offset - 1, appendedAt: before?.appendedAt }
      expect(await log.seekToOffset(0, offset)).toEqual(position)
      expect(await log.seekToAppendTime(0, appendedAt)).toEqual(position)
    }
    expect(await log.seekToOffset(0, 1)).toEqual(LOG_START)
    expect(await log.seekToAppendTime(0, START)).toEqual(LOG_START)
  })

  test('tell a count that comes late what has moved since', async () => {
    const { log, sql } = await tenDays()
    const ninth = (await log.read({ partition: 0, after: LOG_START, limit: 100 }))[8]
    const movements = await archivedMovements(sql, {
      partition: 0,
      from: START,
      eventsFrom: START + 12 * HOUR_MS,
      through: { offset: 9, appendedAt: ninth?.appendedAt ?? 0 },
      stores: ['store-0'],
      skus: ['tea'],
    })
    expect(movements.map(({ eventTime }) => eventTime)).toEqual(
      [2, 3, 4, 5, 6, 7, 8].map(index => START + index * 6 * HOUR_MS),
    )
    expect(movements[0]).toMatchObject({
      type: 'order.placed',
      store: 'store-0',
      details: null,
      stocked: null,
    })
    expect(movements[0]).toMatchObject({ skus: ['tea', 'milk'], units: [2, 2] })
  })

  test('are recognised when their events come again, and offsets go on', async () => {
    const { log } = await tenDays()
    const known = testEvent({ id: 'e-0', partition: 0, eventTime: START })
    const changed = testEvent({ id: 'e-0', partition: 0, eventTime: START, units: 9 })
    const { outcomes } = await log.append(0, [known, changed, testEvent({ id: 'new', partition: 0 })])
    expect(outcomes).toEqual([{ kind: 'duplicate' }, { kind: 'conflict' }, { kind: 'appended', offset: 41 }])
  })

  test('cannot be read from a file that was changed: the reader is told, and skips nothing', async () => {
    const { folder, sql } = await tenDays()
    const [day] = await sql<
      { file: string }[]
    >`select file from log.archived_days order by append_day limit 1`
    await truncate(path.join(folder, `append_day=${formatInstant(START).slice(0, 10)}`, day?.file ?? ''), 100)
    const reading = createPostgresLog(sql).read({ partition: 0, after: LOG_START, limit: 10 })
    await expect(reading).rejects.toThrow('it was cut short or changed')
  })

  test('are neither verified nor brought back from files that fit each other, but are not what was dropped', async () => {
    const { folder, sql } = await tenDays()
    const store = openFolderStore(folder)
    const [first, second] = (await listArchivedDays(sql)).map(({ appendDay }) => appendDay)
    if (!first || !second) throw new Error('nothing was dropped')
    await verifyDay(sql, store, first)
    const other = JSON.parse((await store.readText(manifestOfDay(second))) ?? '')
    await store.writeText(manifestOfDay(first), JSON.stringify({ ...other, appendDay: first }))
    await cp(path.join(folder, folderOfDay(second)), path.join(folder, folderOfDay(first)), {
      recursive: true,
      filter: source => !source.endsWith('.json'),
    })
    const said = `append day ${first} of the archive is not the one that was verified when the log dropped it`
    await expect(verifyDay(sql, store, first)).rejects.toThrow(said)
    await expect(bringBackDay(sql, store, first)).rejects.toThrow(said)
    expect(await bringBackDay(sql, store, second)).toBe(true)
  })

  test('stay where their archive is not what the log holds', async () => {
    const { database, sql, folder } = await openAgingLog().then(aging => {
      onTestFinished(aging.close)
      return aging
    })
    const log = createPostgresLog(sql)
    await log.append(0, [testEvent({ id: 'one', partition: 0 })])
    const store = openFolderStore(folder)
    const day = formatInstant(START).slice(0, 10)
    await writeDay(sql, store, day)
    await database.sql`update log.event_log set total_gross = total_gross + 1`
    await expect(dropDay(sql, store, day)).rejects.toThrow('differs: the log holds 1 rows')
    expect(await sql`select from log.event_log`).toHaveLength(1)
  })
})
