import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { HOUR_MS } from '#domain/instant.ts'
import { LOG_START } from '#domain/log-event.ts'
import { type HistoricEvent, historyChunks, LogNotEmptyError, loadHistory } from './history.ts'
import { assertDense } from './order-log.ts'
import { createPostgresLog, ensureLogDays } from './postgres-log.ts'
import { testEvent } from './testing/events.ts'

const FROM = Date.UTC(2026, 8, 1, 8)

/** One event every twenty minutes, each partition in turn. */
function historyOf(count: number): HistoricEvent[] {
  return Array.from({ length: count }, (_, index) => {
    const eventTime = FROM + (index * HOUR_MS) / 3
    return {
      event: testEvent({ id: `h-${index}`, partition: index % 4, eventTime }),
      appendedAt: eventTime + 200,
    }
  })
}

function optionsOf(events: HistoricEvent[]) {
  return { chunks: historyChunks(events), from: FROM, to: FROM + 30 * 24 * HOUR_MS }
}

describe('loading history', () => {
  let database: TestDatabase
  beforeEach(async () => {
    database = await createTestDatabase()
  })
  afterEach(async () => {
    await database.drop()
  })

  async function countOf(table: string): Promise<number> {
    const [row] = await database.sql.unsafe<{ count: number }[]>(
      `select count(*)::int as count from ${table}`,
    )
    return row?.count ?? -1
  }

  test('gives dense offsets per partition in the order of append, over many days', async () => {
    const history = historyOf(500)
    const positions = await loadHistory(database.sql, optionsOf(history))
    const log = createPostgresLog(database.sql)
    for (const partition of [0, 1, 2, 3]) {
      const records = await log.read({ partition, after: LOG_START, limit: 1_000 })
      assertDense(records, LOG_START, partition)
      expect(records.map(record => ('id' in record ? [record.id, record.appendedAt] : []))).toEqual(
        history
          .filter(({ event }) => event.partition === partition)
          .map(({ event, appendedAt }) => [event.id, appendedAt]),
      )
      expect(positions.get(partition)).toEqual((await log.end())[partition])
    }
    expect(await countOf('log.event_keys')).toBe(500)
  })

  test('stores what an append would have stored, down to awkward characters', async () => {
    const awkward = {
      ...testEvent({ id: 'a\\b "c" {d},e', partition: 0, skus: ['tab-less \\ "x"', 'NULL', '{}'] }),
      register: '\\N',
      attributes: { note: 'two\nlines\tand a \\ backslash' },
      details: { tenders: [{ type: 'card', amount: null }], session: 's "1"' },
    }
    await loadHistory(database.sql, optionsOf([{ event: awkward, appendedAt: FROM }]))
    const other = await createTestDatabase()
    await ensureLogDays(other.sql)
    await createPostgresLog(other.sql).append(0, [awkward])
    const contents = ({ sql }: TestDatabase) =>
      sql`select to_jsonb(e) - 'appended_at' as row from log.event_log e`
    expect(await contents(database)).toEqual(await contents(other))
    await other.drop()
  })

  test('an event of the history that is sent again is a duplicate, and new ones follow its offsets', async () => {
    const history = historyOf(8)
    await loadHistory(database.sql, optionsOf(history))
    await ensureLogDays(database.sql)
    const again = history.flatMap(({ event }) => (event.partition === 0 ? [event] : []))
    const { outcomes } = await createPostgresLog(database.sql).append(0, [
      ...again,
      testEvent({ id: 'new', partition: 0 }),
    ])
    expect(outcomes).toEqual([
      { kind: 'duplicate' },
      { kind: 'duplicate' },
      { kind: 'appended', offset: again.length + 1 },
    ])
  })

  test('a log that holds anything is refused and stays as it is', async () => {
    await loadHistory(database.sql, optionsOf(historyOf(10)))
    await expect(loadHistory(database.sql, optionsOf(historyOf(20)))).rejects.toThrow(LogNotEmptyError)
    expect(await countOf('log.event_log')).toBe(10)
  })

  test('a history that fails half way leaves nothing behind', async () => {
    function* broken(): Generator<HistoricEvent> {
      yield* historyOf(9_000)
      throw new Error('the generator gave up')
    }
    await expect(
      loadHistory(database.sql, {
        chunks: historyChunks(broken()),
        from: FROM,
        to: FROM + 200 * 24 * HOUR_MS,
      }),
    ).rejects.toThrow('the generator gave up')
    expect(await countOf('log.event_log')).toBe(0)
    expect(await countOf('log.event_keys')).toBe(0)
  })

  test('the same key twice in a history is refused whole', async () => {
    const [first, ...rest] = historyOf(5)
    if (!first) throw new Error('no history')
    const twice = [first, ...rest, { ...first, appendedAt: rest.at(-1)?.appendedAt ?? 0 }]
    await expect(loadHistory(database.sql, optionsOf(twice))).rejects.toThrow(/event_keys_pkey/)
    expect(await countOf('log.event_log')).toBe(0)
  })

  test('an append time that runs backwards is refused with the event named', async () => {
    const [first, second] = historyOf(2)
    if (!first || !second) throw new Error('no history')
    await expect(loadHistory(database.sql, optionsOf([second, first]))).rejects.toThrow(
      /till\/h-0 is appended at .* before/,
    )
  })

  test('an append that meets the loading waits for its end', async () => {
    await ensureLogDays(database.sql)
    const log = createPostgresLog(database.sql)
    let appending: Promise<unknown> | undefined
    function* meeting(): Generator<HistoricEvent> {
      for (const [index, entry] of historyOf(9_000).entries()) {
        if (index === 6_000) appending = log.append(0, [testEvent({ id: 'live', partition: 0 })])
        yield entry
      }
    }
    await loadHistory(database.sql, {
      chunks: historyChunks(meeting()),
      from: FROM,
      to: FROM + 200 * 24 * HOUR_MS,
    })
    expect(await appending).toMatchObject({ outcomes: [{ kind: 'appended', offset: 2_251 }] })
  })
})
