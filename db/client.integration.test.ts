import { Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { startProgram } from '#platform/process.ts'
import { connect, type Sql } from './client.ts'
import { createTestDatabase, type TestDatabase } from './testing/database.ts'

// What patches/postgres+*.patch mends (docs/decisions/002): without it the first of these ends the process,
// and the others run a dead transaction's statements in somebody else's.
describe('a client whose connection is lost', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createTestDatabase()
  })
  afterAll(async () => {
    await database.drop()
  })

  async function endBackend(sql: Pick<Sql, 'unsafe'>): Promise<void> {
    const [backend] = await sql.unsafe<{ pid: number }[]>('select pg_backend_pid() as pid')
    await database.sql`select pg_terminate_backend(${backend?.pid ?? 0}, 5000)`
  }

  async function settings(): Promise<string[]> {
    const rows = await database.sql<{ name: string }[]>`select name from ref.settings order by name`
    return rows.map(row => row.name)
  }

  test('refuses what a lost transaction still sends, and serves the next one', async () => {
    const sql = connect(database.url, { max: 1 })
    const lost = sql.begin(async transaction => {
      await transaction`insert into ref.settings (name, value) values ('before-loss', '1')`
      await endBackend(transaction)
      await transaction`insert into ref.settings (name, value) values ('after-loss', '1')`
    })
    await expect(lost).rejects.toThrow(/CONNECTION_CLOSED|terminating connection|ECONNRESET/)
    await sql.begin(transaction => transaction`insert into ref.settings (name, value) values ('next', '1')`)
    expect(await settings()).toContain('next')
    expect(await settings()).not.toContain('before-loss')
    expect(await settings()).not.toContain('after-loss')
    await sql.end()
  })

  test('never runs a lost transaction’s statements inside another', async () => {
    const sql = connect(database.url, { max: 1 })
    let goOn = () => {}
    const isOther = new Promise<void>(resolve => {
      goOn = resolve
    })
    const lost = sql.begin(async transaction => {
      await endBackend(transaction)
      await isOther
      await transaction`insert into ref.settings (name, value) values ('stray', '1')`
    })
    const lostOutcome = lost.then(
      () => 'committed',
      () => 'refused',
    )
    await lostOutcome.then(() => {})
    const rolledBack = sql.begin(async transaction => {
      await transaction`insert into ref.settings (name, value) values ('rolled-back', '1')`
      goOn()
      await new Promise(resolve => setImmediate(resolve))
      await transaction`select 1`
      throw new Error('take it back')
    })
    await expect(rolledBack).rejects.toThrow('take it back')
    expect(await lostOutcome).toBe('refused')
    expect(await settings()).not.toContain('stray')
    expect(await settings()).not.toContain('rolled-back')
    await sql.end()
  })

  test('rejects the statement that was running, and runs the next', async () => {
    const sql = connect(database.url, { max: 1 })
    const [backend] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`
    const running = sql`select pg_sleep(30)`.execute()
    const outcome = running.then(
      () => 'done',
      () => 'refused',
    )
    await database.sql`select pg_terminate_backend(${backend?.pid ?? 0}, 5000)`
    expect(await outcome).toBe('refused')
    for (let round = 0; round < 3; round += 1)
      expect(await sql`select ${round}::int as n`).toEqual([{ n: round }])
    await sql.end()
  })

  test('ends a reservation with its connection', async () => {
    const sql = connect(database.url, { max: 1 })
    const reserved = await sql.reserve()
    await endBackend(reserved)
    await expect(reserved`select 1`.then(() => {})).rejects.toThrow()
    reserved.release()
    expect(await sql`select 1 as n`).toEqual([{ n: 1 }])
    await sql.end()
  })
})

test('int8 arrives as a number and refuses to be rounded; instants and dates keep their form', async () => {
  const database = await createTestDatabase()
  const [row] = await database.sql`
    select 9007199254740991::int8 as big, '2026-11-20T10:15:30.123Z'::timestamptz as at, '2026-11-20'::date as day`
  expect(row).toEqual({
    big: Number.MAX_SAFE_INTEGER,
    at: Date.parse('2026-11-20T10:15:30.123Z'),
    day: '2026-11-20',
  })
  await expect(database.sql`select 9007199254740993::int8 as big`.then(() => {})).rejects.toThrow(
    /safe integers/,
  )
  await database.drop()
})

// Patched too: with Nagle's algorithm the end of a message of several writes waits 40 ms for the server's
// delayed ACK; a seeding had eighty of those waits.
test('a connection sends what it has at once', async () => {
  const database = await createTestDatabase()
  const setNoDelay = vi.spyOn(Socket.prototype, 'setNoDelay')
  try {
    const sql = connect(database.url, { max: 1 })
    await sql`select 1`
    const port = Number(new URL(database.url).port)
    const sockets = setNoDelay.mock.contexts.filter(socket => (socket as Socket).remotePort === port)
    expect(sockets).toHaveLength(1)
    expect(setNoDelay.mock.lastCall).toEqual([true])
    await sql.end()
  } finally {
    setNoDelay.mockRestore()
    await database.drop()
  }
})

// Patched too: a COPY whose last bytes came while the socket was paused for a full stream never resumed it, and the next
// statement on the connection waited for ever.
test('a connection goes on after a COPY that its reader could not keep up with', async () => {
  const database = await createTestDatabase()
  const sql = connect(database.url, { max: 1 })
  // One row more than a stream holds: it is full when the last one comes, and the end right behind that.
  const rows = 17
  const copied = sql.begin(async transaction => {
    const copy = await transaction
      .unsafe(`copy (select repeat('x', 4000) from generate_series(1, ${rows})) to stdout`)
      .readable()
    await vi.waitUntil(() => copy.readableLength === rows * 4_001, { timeout: 60_000 })
    return (await buffer(copy)).length
  })
  expect(await copied).toBe(rows * 4_001)
  await sql.end()
  await database.drop()
})

test('what the first transaction of a process worked on is let go of after it', async () => {
  const database = await createTestDatabase()
  try {
    const { ended } = startProgram({ entry: 'db/testing/first-transaction-main.ts', args: [database.url] })
    expect(await ended).toMatchObject({ code: 0, stdout: 'let go' })
  } finally {
    await database.drop()
  }
})
