import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { connect, type Sql } from '#db/client.ts'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { DAY_MS } from '#domain/instant.ts'
import { LOG_START } from '#domain/log-event.ts'
import { APPEND_STATEMENT, appendParameters } from './event-rows.ts'
import { assertOwner, FencedError, keepPartition, takePartition } from './fence.ts'
import { assertDense, LogUnavailableError } from './order-log.ts'
import { createPostgresLog, ensureLogDays } from './postgres-log.ts'
import { describeOrderLog, revisionOf } from './testing/conformance.ts'
import { testEvent } from './testing/events.ts'

describeOrderLog('the Postgres log', async () => {
  const database = await createTestDatabase()
  const owners: Sql[] = []
  return {
    log: createPostgresLog(database.sql),
    revision: await revisionOf(database.sql),
    async take(consumer, partition, owner) {
      const connection = connect(database.url, { max: 1 })
      owners.push(connection)
      return takePartition(connection, { consumer, partition, owner })
    },
    async writeUnder(ownership) {
      await database.sql.begin(transaction => assertOwner(transaction, ownership))
    },
    async close() {
      await Promise.all(owners.map(owner => owner.end({ timeout: 1 })))
      await database.drop()
    },
  }
})

describe('the Postgres log under concurrency and faults', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase()
    await ensureLogDays(database.sql)
  })
  afterAll(async () => {
    await database.drop()
  })

  async function idsOf(partition: number): Promise<string[]> {
    const rows = await database.sql<{ id: string }[]>`
      select id from log.event_log where partition = ${partition} and id is not null order by appended_at, "offset"`
    return rows.map(row => row.id)
  }

  test('a writer that dies between two partitions leaves nothing in either, and the next try is whole', async () => {
    const holder = await database.sql.reserve()
    const writer = connect(database.url, { max: 1 })
    const legs = [
      { partition: 2, events: [testEvent({ id: 'torn-out', partition: 2 })] },
      { partition: 3, events: [testEvent({ id: 'torn-in', partition: 3 })] },
    ]
    try {
      const [backend] = await writer<{ pid: number }[]>`select pg_backend_pid() as pid`
      // Somebody is appending to the second partition: the writer has its first leg in and waits.
      await holder`select pg_advisory_lock(7411, 3)`
      const appending = createPostgresLog(writer).appendTogether(legs)
      appending.catch(() => {})
      await vi.waitFor(
        async () => {
          const [waiting] = await database.sql<{ at: string | null }[]>`
          select wait_event as at from pg_stat_activity where pid = ${backend?.pid ?? 0}`
          expect(waiting?.at).toBe('advisory')
        },
        { timeout: 60_000 },
      )
      await database.sql`select pg_terminate_backend(${backend?.pid ?? 0})`
      await expect(appending).rejects.toThrow(LogUnavailableError)
      await holder`select pg_advisory_unlock(7411, 3)`
      expect([...(await idsOf(2)), ...(await idsOf(3))].filter(id => id.startsWith('torn'))).toEqual([])
      const again = await createPostgresLog(database.sql).appendTogether(legs)
      expect(again.map(({ outcomes }) => outcomes[0]?.kind)).toEqual(['appended', 'appended'])
      expect([(await idsOf(2)).at(-1), (await idsOf(3)).at(-1)]).toEqual(['torn-out', 'torn-in'])
    } finally {
      holder.release()
      await writer.end({ timeout: 1 })
    }
  })

  test('sixteen writers beside readers: nothing lost, skipped, doubled or out of order', async () => {
    const writers = 16
    const batches = 12
    const sizes = [1, 3, 20, 50]
    const clients = Array.from({ length: writers }, () => connect(database.url, { max: 1 }))
    const partitions = [0, 1]
    const expected = new Set<string>()
    let writing = true

    // Readers follow the log as consumers do, from a checkpoint and at small pages, while it is written.
    const follow = async (partition: number) => {
      const log = createPostgresLog(database.sql)
      const seen: string[] = []
      let position = LOG_START
      for (;;) {
        const stillWriting = writing
        const records = await log.read({ partition, after: position, limit: 64 })
        assertDense(records, position, partition)
        for (const record of records) if ('id' in record) seen.push(record.id)
        const last = records.at(-1)
        if (last) position = { offset: last.offset, appendedAt: last.appendedAt }
        else if (!stillWriting) return seen
      }
    }
    const followers = Promise.all(partitions.map(follow))

    await Promise.all(
      clients.map(async (client, writer) => {
        const log = createPostgresLog(client)
        for (let batch = 0; batch < batches; batch += 1) {
          const partition = (writer + batch) % partitions.length
          const size = sizes[(writer + batch) % sizes.length] ?? 1
          const events = Array.from({ length: size }, (_, index) =>
            testEvent({ id: `w${writer}-${batch}-${index}`, partition, source: `till-${writer}` }),
          )
          for (const event of events) expected.add(event.id)
          const { outcomes } = await log.append(partition, events)
          expect(outcomes.every(({ kind }) => kind === 'appended')).toBe(true)
        }
      }),
    )
    writing = false
    const seen = (await followers).flat()
    expect(seen.length).toBe(expected.size)
    expect(new Set(seen)).toEqual(expected)
    await Promise.all(clients.map(client => client.end()))
  })

  test('two partitions that take the same keys at once: each key once, whoever wins', async () => {
    const keys = Array.from({ length: 40 }, (_, index) => `race-${index}`)
    const clients = [connect(database.url, { max: 1 }), connect(database.url, { max: 1 })]
    const results = await Promise.all(
      clients.map((client, partition) =>
        createPostgresLog(client).append(
          partition + 2,
          (partition === 0 ? keys : keys.toReversed()).map(id =>
            testEvent({ id, partition: partition + 2, source: 'race' }),
          ),
        ),
      ),
    )
    const appended = results.flatMap(result => result.outcomes).filter(({ kind }) => kind === 'appended')
    expect(appended.length).toBe(keys.length)
    expect([...(await idsOf(2)), ...(await idsOf(3))].filter(id => id.startsWith('race-')).length).toBe(
      keys.length,
    )
    await Promise.all(clients.map(client => client.end()))
  })

  test('a key that another partition is about to commit, among known ones: waited for, and recognised', async () => {
    const log = createPostgresLog(database.sql)
    const known = testEvent({ id: 'lost-known', partition: 2, source: 'lost' })
    await log.append(2, [known])
    const other = connect(database.url, { max: 1 })
    const own = connect(database.url, { max: 1, applicationName: 'waits for a key' })
    const { promise: held, resolve: release } = Promise.withResolvers<void>()
    const { promise: hasTaken, resolve: taken } = Promise.withResolvers<void>()
    const winner = other.begin(async inside => {
      const event = testEvent({ id: 'lost-new', partition: 3, source: 'lost' })
      await inside.unsafe(APPEND_STATEMENT, appendParameters(3, [event]))
      taken()
      await held
    })
    await hasTaken
    // The known key has the batch judged while nobody sees the other one yet: that is lost at the insert alone.
    const batch = [known, testEvent({ id: 'lost-new', partition: 2, source: 'lost' })]
    const appending = createPostgresLog(own).append(2, batch)
    await vi.waitFor(
      async () => {
        const waiting = await database.sql`
        select from pg_stat_activity where application_name = 'waits for a key' and wait_event_type = 'Lock'`
        expect(waiting.length).toBe(1)
      },
      { timeout: 60_000 },
    )
    release()
    await winner
    // Another partition is another body: the first stands.
    expect((await appending).outcomes).toEqual([{ kind: 'duplicate' }, { kind: 'conflict' }])
    expect((await idsOf(2)).filter(id => id.startsWith('lost-'))).toEqual(['lost-known'])
    expect((await idsOf(3)).filter(id => id.startsWith('lost-'))).toEqual(['lost-new'])
    await Promise.all([other.end(), own.end()])
  })

  test.each(['repeatable read', 'serializable'])(
    'the append refuses %s and writes nothing',
    async isolation => {
      const parameters = appendParameters(0, [testEvent({ id: `iso-${isolation}`, partition: 0 })])
      const attempt = database.sql.begin(`isolation level ${isolation}`, transaction =>
        transaction.unsafe(APPEND_STATEMENT, parameters),
      )
      await expect(attempt).rejects.toThrow(/READ COMMITTED only/)
      expect(await idsOf(0)).not.toContain(`iso-${isolation}`)
    },
  )

  test('a batch that fails leaves no hole and no key', async () => {
    const log = createPostgresLog(database.sql)
    const good = testEvent({ id: 'rollback-1', partition: 0 })
    const bad = { ...testEvent({ id: 'rollback-2', partition: 0 }), businessDay: '2026-02-31' }
    const before = (await log.end())[0]
    await expect(log.append(0, [good, bad])).rejects.toThrow(/date/)
    expect((await log.end())[0]).toEqual(before)
    expect((await log.append(0, [good])).outcomes).toEqual([
      { kind: 'appended', offset: (before?.offset ?? 0) + 1 },
    ])
  })

  test('a writer that holds its transaction open delays its own partition only, and nothing is skipped', async () => {
    const log = createPostgresLog(database.sql)
    const slow = connect(database.url, { max: 1 })
    let release = () => {}
    const held = new Promise<void>(resolve => {
      release = resolve
    })
    let appended = () => {}
    const hasAppended = new Promise<void>(resolve => {
      appended = resolve
    })
    const transaction = slow.begin(async inside => {
      await inside.unsafe(APPEND_STATEMENT, appendParameters(0, [testEvent({ id: 'held', partition: 0 })]))
      appended()
      await held
    })
    await hasAppended
    const blocked = log.append(0, [testEvent({ id: 'behind-held', partition: 0 })])
    await log.append(1, [testEvent({ id: 'beside-held', partition: 1 })])
    expect(await idsOf(1)).toContain('beside-held')
    expect(await idsOf(0)).not.toContain('behind-held')
    release()
    await transaction
    await blocked
    expect((await idsOf(0)).slice(-2)).toEqual(['held', 'behind-held'])
    await slow.end()
  })

  test('a long write transaction elsewhere delays neither append nor read', async () => {
    const log = createPostgresLog(database.sql)
    const other = connect(database.url, { max: 1 })
    let release = () => {}
    const held = new Promise<void>(resolve => {
      release = resolve
    })
    let started = () => {}
    const hasStarted = new Promise<void>(resolve => {
      started = resolve
    })
    const transaction = other.begin(async inside => {
      await inside`insert into ref.settings (name, value) values ('long', '1')`
      started()
      await held
    })
    await hasStarted
    const before = (await log.end())[1] ?? LOG_START
    await log.append(1, [testEvent({ id: 'beside-long', partition: 1 })])
    const records = await log.read({ partition: 1, after: before, limit: 10 })
    expect(records.map(record => 'id' in record && record.id)).toEqual(['beside-long'])
    release()
    await transaction
    await other.end()
  })

  test('a connection cut while the append is under way: the sender repeats and it counts once', async () => {
    const cut = connect(database.url, { max: 1 })
    const [backend] = await cut<{ pid: number }[]>`select pg_backend_pid() as pid`
    const events = Array.from({ length: 200 }, (_, index) =>
      testEvent({ id: `cut-${index}`, partition: 0, source: 'cut' }),
    )
    // A trigger ends the backend after the rows are written and before they are committed.
    await database.sql.unsafe(`
      create function cut_now() returns trigger language plpgsql as
        $$ begin perform pg_terminate_backend(${backend?.pid ?? 0}); perform pg_sleep(5); return null; end $$;
      create trigger cut_now after insert on log.event_keys for each statement execute function cut_now()`)
    await expect(createPostgresLog(cut).append(0, events)).rejects.toThrow(LogUnavailableError)
    await database.sql.unsafe('drop trigger cut_now on log.event_keys; drop function cut_now()')
    expect((await idsOf(0)).filter(id => id.startsWith('cut-'))).toEqual([])
    const log = createPostgresLog(database.sql)
    await log.append(0, events)
    expect((await log.append(0, events)).outcomes.every(({ kind }) => kind === 'duplicate')).toBe(true)
    expect((await idsOf(0)).filter(id => id.startsWith('cut-')).length).toBe(200)
    await cut.end({ timeout: 1 })
  })

  describe('a day that has no table yet', () => {
    let fresh: TestDatabase
    beforeEach(async () => {
      fresh = await createTestDatabase()
      await fresh.sql.unsafe(`do $$ declare t regclass; begin
        for t in select inhrelid::regclass from pg_inherits where inhparent = 'log.event_log'::regclass loop
          execute format('drop table %s', t); end loop; end $$`)
    })
    afterEach(async () => {
      vi.useRealTimers()
      await fresh.drop()
    })

    test('is created by the append that needs it', async () => {
      const { outcomes } = await createPostgresLog(fresh.sql).append(0, [
        testEvent({ id: 'first', partition: 0 }),
      ])
      expect(outcomes).toEqual([{ kind: 'appended', offset: 1 }])
    })

    test.each([-40, 40])('is created by the clock of the database; ours is %i days off', async days => {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + days * DAY_MS })
      const { outcomes } = await createPostgresLog(fresh.sql).append(0, [
        testEvent({ id: 'first', partition: 0 }),
      ])
      expect(outcomes).toEqual([{ kind: 'appended', offset: 1 }])
    })

    test('and cannot be created is the fault of the log, not of the event', async () => {
      await fresh.sql.unsafe(
        'create or replace function log.ensure_days(p_from date, p_to date) returns integer language sql as $$ select 0 $$',
      )
      const append = createPostgresLog(fresh.sql).append(0, [testEvent({ id: 'late', partition: 0 })])
      await expect(append).rejects.toThrow(LogUnavailableError)
    })
  })

  test('an owner frozen inside its transaction is ended by the taker, and writes nothing when it wakes', async () => {
    const frozen = connect(database.url, { max: 1 })
    const taker = connect(database.url, { max: 1 })
    const first = await takePartition(frozen, { consumer: 'freeze', partition: 0, owner: 'frozen' })
    let wake = () => {}
    const asleep = new Promise<void>(resolve => {
      wake = resolve
    })
    let inTransaction = () => {}
    const isInside = new Promise<void>(resolve => {
      inTransaction = resolve
    })
    const write = frozen.begin(async transaction => {
      await assertOwner(transaction, first)
      inTransaction()
      await asleep
      await transaction`insert into ref.settings (name, value) values ('from-the-frozen', '1')`
    })
    const outcome = write.then(
      () => 'committed',
      () => 'refused',
    )
    await isInside
    const second = await takePartition(taker, { consumer: 'freeze', partition: 0, owner: 'taker' })
    wake()
    expect(await outcome).toBe('refused')
    await expect(keepPartition(frozen, first)).rejects.toThrow(FencedError)
    expect(await database.sql`select 1 from ref.settings where name = 'from-the-frozen'`).toHaveLength(0)
    await taker.begin(transaction => assertOwner(transaction, second))
    await frozen.end({ timeout: 1 })
    await taker.end()
  })

  test('a backend that has the pid of an old owner, but is another, is left alone', async () => {
    const bystander = connect(database.url, { max: 1 })
    const taker = connect(database.url, { max: 1 })
    const first = await takePartition(bystander, { consumer: 'reuse', partition: 0, owner: 'old' })
    // As after a restart of the server: the pid is given again, the start is another.
    await database.sql`
      update log.owners set backend_start = backend_start - interval '1 day' where consumer = 'reuse'`
    const [before] = await bystander<{ pid: number }[]>`select pg_backend_pid() as pid`
    const second = await takePartition(taker, { consumer: 'reuse', partition: 0, owner: 'new' })
    expect(await bystander`select pg_backend_pid() as pid`).toEqual([before])
    expect(second.epoch).toBe(first.epoch + 1)
    // And so is the taker itself, should it have that pid.
    const [me] = await taker<{ pid: number }[]>`select pg_backend_pid() as pid`
    await database.sql`
      update log.owners set backend_start = backend_start - interval '1 day' where consumer = 'reuse'`
    const third = await takePartition(taker, { consumer: 'reuse', partition: 0, owner: 'new' })
    expect(third.epoch).toBe(second.epoch + 1)
    const [owner] = await database.sql`
      select o.backend_pid as pid, a.pid is not null as lives from log.owners o
      left join pg_stat_activity a on a.pid = o.backend_pid and a.backend_start = o.backend_start
      where o.consumer = 'reuse'`
    expect(owner).toEqual({ pid: me?.pid, lives: true })
    await bystander.end()
    await taker.end()
  })

  test('an owner that lost its connection goes on with the next one', async () => {
    const owner = connect(database.url, { max: 1 })
    const ownership = await takePartition(owner, { consumer: 'reconnect', partition: 0, owner: 'me' })
    const [backend] = await owner<{ pid: number }[]>`select pg_backend_pid() as pid`
    await database.sql`select pg_terminate_backend(${backend?.pid ?? 0})`
    await vi.waitUntil(
      async () => {
        const [row] = await owner<{ pid: number }[]>`select pg_backend_pid() as pid`.catch(() => [])
        return row !== undefined && row.pid !== backend?.pid
      },
      { timeout: 60_000 },
    )
    await keepPartition(owner, ownership)
    await owner.begin(transaction => assertOwner(transaction, ownership))
    await owner.end()
  })
})
