import { createConnection } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { connect } from '#db/client.ts'
import { createTestDatabase, startPrivatePostgres, type TestDatabase } from '#db/testing/database.ts'
import { partitionOf } from '#domain/partition.ts'
import { type Answer, addTestStores, order, post, startTestIntake } from './testing/intake.ts'

const BERLIN = partitionOf('berlin', 4)
const HAMBURG = partitionOf('hamburg', 4)

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
  await addTestStores(database.url)
  expect(BERLIN).not.toBe(HAMBURG)
})

afterAll(async () => {
  await database?.drop()
})

/** Holds the append lock of a partition: nothing is committed there until it is released. */
async function blockPartition(partition: number): Promise<() => Promise<void>> {
  const blocker = connect(database.url, { max: 1, applicationName: 'test blocker' })
  await blocker`select pg_advisory_lock(7411, ${partition})`
  return async () => {
    await blocker.end()
  }
}

/** Waits until an append hangs at the lock of the blocked partition. @returns its backend */
async function waitingAppend(): Promise<number> {
  return vi.waitFor(
    async () => {
      const [row] = await database.sql<{ pid: number }[]>`
        select l.pid from pg_locks l join pg_stat_activity a using (pid)
        where not l.granted and l.locktype = 'advisory' and a.datname = current_database()
          and a.application_name = 'tillstream intake append'`
      if (!row) throw new Error('no append waits')
      return row.pid
    },
    { timeout: 60_000, interval: 10 },
  )
}

async function countOf(source: string): Promise<number> {
  const [row] = await database.sql<{ count: number }[]>`
    select count(*) as count from log.event_log where source = ${source}`
  return row?.count ?? -1
}

/** Sends until it is acknowledged, as a till does. */
async function sendUntilAcknowledged(intake: { url: string }, events: unknown): Promise<Answer> {
  for (;;) {
    const answer = await post(intake, events).catch((): Answer | null => null)
    if (answer && answer.status !== 429 && answer.status !== 503) return answer
    if (answer) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

test('the answer comes after the commit, not before', async () => {
  const intake = await startTestIntake(database.url)
  const release = await blockPartition(BERLIN)
  let answered = false
  const answer = post(intake, order('1', { source: 'after-commit' })).finally(() => {
    answered = true
  })
  await waitingAppend()
  expect([answered, await countOf('after-commit')]).toEqual([false, 0])
  await release()
  expect((await answer).status).toBe(200)
  expect(await countOf('after-commit')).toBe(1)
  await intake.stop()
})

test('a connection lost while the commit is under way: 503, and sent again the events count once', async () => {
  const intake = await startTestIntake(database.url)
  const release = await blockPartition(BERLIN)
  // Hamburg's partition commits, Berlin's is lost: nothing is acknowledged.
  const events = [order('1', { source: 'lost' }), order('2', { source: 'lost', store: 'hamburg' })]
  const first = post(intake, events)
  const backend = await waitingAppend()
  await database.sql`select pg_terminate_backend(${backend})`
  const { status, headers } = await first
  expect(status).toBe(503)
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
  await release()
  expect(await countOf('lost')).toBe(1)
  expect((await sendUntilAcknowledged(intake, events)).body).toEqual({
    accepted: 1,
    duplicates: 1,
    rejected: [],
  })
  expect(await countOf('lost')).toBe(2)
  await intake.stop()
})

test('connections killed at random while tills send: what was acknowledged is stored, each event once', async () => {
  const intake = await startTestIntake(database.url)
  let sending = true
  const killer = (async () => {
    while (sending) {
      await database.sql`
        select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'tillstream intake append' and datname = current_database() and random() < 0.3`
      await new Promise(resolve => setTimeout(resolve, 30))
    }
  })()
  const tills = Array.from({ length: 8 }, async (_, till) => {
    for (let request = 0; request < 10; request += 1) {
      const events = Array.from({ length: 5 }, (_, index) =>
        order(`${till}-${request}-${index}`, { source: 'killed', store: index % 2 ? 'berlin' : 'hamburg' }),
      )
      const { status, body } = await sendUntilAcknowledged(intake, events)
      expect([status, Number(body.accepted) + Number(body.duplicates)]).toEqual([200, 5])
    }
  })
  await Promise.all(tills)
  sending = false
  await killer
  expect(await countOf('killed')).toBe(400)
  await intake.stop()
})

test('duplicates in the same request, a day later and after a restart count once', async () => {
  const first = await startTestIntake(database.url)
  const events = Array.from({ length: 20 }, (_, index) => order(`${index}`, { source: 'again' }))
  expect((await post(first, [...events, ...events.slice(0, 2)])).body).toMatchObject({
    accepted: 20,
    duplicates: 2,
  })
  await first.stop()
  const nextDay = await startTestIntake(database.url, { clock: () => Date.now() + 24 * 3_600_000 })
  expect((await post(nextDay, events)).body).toMatchObject({ accepted: 0, duplicates: 20 })
  expect(await countOf('again')).toBe(20)
  await nextDay.stop()
})

test("a till's clock a day ahead is a dead letter; three days behind is taken", async () => {
  const intake = await startTestIntake(database.url)
  const at = (ms: number): string => new Date(Date.now() + ms).toISOString()
  const { body } = await post(intake, [
    order('ahead', { source: 'clock', eventTime: at(24 * 3_600_000) }),
    order('just-ahead', { source: 'clock', eventTime: at(60_000) }),
    order('behind', { source: 'clock', eventTime: at(-72 * 3_600_000) }),
  ])
  expect(body).toMatchObject({ accepted: 2, rejected: [{ id: 'ahead', reason: 'clock_skew' }] })
  await intake.stop()
})

describe('a partition that does not commit', () => {
  test('fills to its bound and is refused with 429, while others flow; then it drains', async () => {
    const intake = await startTestIntake(database.url, {
      // Whoever waits does so until the partition is released, however long that takes.
      limits: { maxPending: { events: 200, bytes: 10_000_000 }, answerWithinMs: 300_000 },
    })
    const release = await blockPartition(BERLIN)
    const early: Answer[] = []
    const answers = Array.from({ length: 60 }, (_, request) =>
      post(
        intake,
        Array.from({ length: 5 }, (_, index) => order(`${request}-${index}`, { source: 'full' })),
      ).then(answer => {
        early.push(answer)
        return answer
      }),
    )
    // Half of the bound is one partition's: 20 requests of 5 wait, the others are refused at once.
    await waitingAppend()
    await vi.waitUntil(() => early.length >= 40, { timeout: 60_000 })
    expect(early).toHaveLength(40)
    for (const { status, headers } of early) {
      expect(status).toBe(429)
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    }
    expect((await post(intake, order('1', { source: 'beside', store: 'hamburg' }))).status).toBe(200)
    await release()
    const acknowledged = (await Promise.all(answers)).filter(answer => answer.status === 200)
    expect(acknowledged).toHaveLength(20)
    expect(await countOf('full')).toBe(100)
    await intake.stop()
  })

  test('is answered with 503 in time, and what it stores later is recognised', async () => {
    const intake = await startTestIntake(database.url, { limits: { answerWithinMs: 200 } })
    const release = await blockPartition(BERLIN)
    const event = order('1', { source: 'slow' })
    expect((await post(intake, event)).status).toBe(503)
    await release()
    await expect.poll(() => countOf('slow'), { timeout: 60_000 }).toBe(1)
    expect((await sendUntilAcknowledged(intake, event)).body).toMatchObject({ accepted: 0, duplicates: 1 })
    await intake.stop()
  })
})

test('senders that trickle are cut, in the head and in the body', async () => {
  const intake = await startTestIntake(database.url, { limits: { headWithinMs: 400 } })
  const { port } = new URL(intake.url)
  const head = 'POST /api/v1/events HTTP/1.1\r\nHost: localhost\r\n'
  const slow = [head, `${head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{`].map(
    async begun => {
      const socket = createConnection({ host: '127.0.0.1', port: Number(port) })
      socket.write(begun)
      return text(socket)
    },
  )
  expect(await Promise.all(slow)).toEqual([
    expect.stringMatching(/^HTTP\/1\.1 408 /),
    expect.stringMatching(/^HTTP\/1\.1 408 /),
  ])
  expect((await post(intake, order('1', { source: 'quick' }))).status).toBe(200)
  await intake.stop()
})

test('readers are woken by a hint, after the commit', async () => {
  const intake = await startTestIntake(database.url)
  const listener = connect(database.url, { max: 1 })
  const hints: { partition: string; stored: number }[] = []
  await listener.listen('log_appended', async partition => {
    hints.push({ partition, stored: await countOf('hint') })
  })
  await post(intake, [order('1', { source: 'hint' }), order('2', { source: 'hint', store: 'hamburg' })])
  await vi.waitUntil(() => new Set(hints.map(hint => hint.partition)).size === 2, { timeout: 60_000 })
  expect(hints.every(hint => hint.stored > 0)).toBe(true)
  expect(hints.map(hint => hint.partition).sort()).toEqual([`${BERLIN}`, `${HAMBURG}`].sort())
  await listener.end()
  await intake.stop()
})

test('a stop answers what is in flight and takes nothing new', async () => {
  const intake = await startTestIntake(database.url)
  const release = await blockPartition(BERLIN)
  const inFlight = post(intake, order('1', { source: 'stop' }))
  await waitingAppend()
  const stopped = intake.stop()
  await release()
  expect((await inFlight).status).toBe(200)
  await stopped
  await expect(post(intake, order('2', { source: 'stop' }))).rejects.toThrow()
  expect(await countOf('stop')).toBe(1)
})

test('a stop beside a database that does not answer is done too', async () => {
  const intake = await startTestIntake(database.url)
  const release = await blockPartition(BERLIN)
  const inFlight = post(intake, order('1', { source: 'stuck' })).catch(() => 'cut')
  await waitingAppend()
  await intake.stop()
  expect(await inFlight).toBe('cut')
  await release()
})

test('Postgres is stopped at once and started: acknowledged events survive, and the intake goes on by itself', async () => {
  const postgres = await startPrivatePostgres()
  try {
    await addTestStores(postgres.url)
    const intake = await startTestIntake(postgres.url)
    const acknowledged: string[] = []
    let sent = 0
    let sending = true
    const tills = Array.from({ length: 4 }, async () => {
      while (sending) {
        sent += 1
        const id = `${sent}`
        const answer = await post(intake, order(id, { source: 'restart' }))
        if (answer.status === 200) acknowledged.push(id)
        else expect(answer.status).toBe(503)
        if (answer.status !== 200) await new Promise(resolve => setTimeout(resolve, 50))
      }
    })
    await vi.waitUntil(() => acknowledged.length > 50, { timeout: 60_000 })
    await postgres.stopImmediately()
    await expect.poll(async () => (await fetch(`${intake.url}/readyz`)).status, { timeout: 60_000 }).toBe(503)
    expect((await fetch(`${intake.url}/healthz`)).status).toBe(200)
    await postgres.start()
    const before = acknowledged.length
    await vi.waitUntil(() => acknowledged.length > before + 50, { timeout: 60_000 })
    sending = false
    await Promise.all(tills)
    const sql = connect(postgres.url, { max: 1 })
    const stored = await sql<{ id: string }[]>`select id from log.event_log where source = 'restart'`
    await sql.end()
    const ids = new Set(stored.map(row => row.id))
    expect(ids.size).toBe(stored.length)
    expect(acknowledged.filter(id => !ids.has(id))).toEqual([])
    await intake.stop()
  } finally {
    await postgres.drop()
  }
})
