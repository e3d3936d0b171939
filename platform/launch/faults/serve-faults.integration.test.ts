import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { kill } from 'node:process'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Sql } from '#db/client.ts'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { addTestStores } from '#db/testing/stores.ts'
import { type FaultFigures, type FaultName, faultSentence } from '#domain/fault.ts'
import type { Instant } from '#domain/instant.ts'
import { berlin, lisboa } from '#domain/testing/stores.ts'
import { reservePorts } from '#platform/launch/ports.ts'
import { processEntries } from '#platform/launch/processes.ts'
import { type Supervisor, supervise } from '#platform/launch/supervisor.ts'
import { askPs, processIdentity } from '#platform/process-identity.mjs'
import { pause } from '#platform/time.ts'
import { countEffects } from './count-effects.ts'
import { isStreamAgain } from './processing-again.ts'
import { serveFaults } from './serve-faults.ts'
import { readStand } from './stream-stand.ts'

/** Real processes under the real supervisor, on a database of the tests; a till sells all the while. */
let database: TestDatabase
let sql: Sql
let supervisor: Supervisor
let faults: ReturnType<typeof serveFaults>
let dataDir = ''
let till: ReturnType<typeof openTill>

const patiently = { timeout: 120_000, interval: 50 }

beforeAll(async () => {
  database = await createTestDatabase()
  sql = database.sql
  await addTestStores(sql, [berlin, lisboa])
  dataDir = mkdtempSync(path.join(os.tmpdir(), 'tillstream-faults-'))
  const { giveUp, intakePort } = await reservePorts('127.0.0.1', { port: 31_000 + (process.pid % 500) * 2 })
  await giveUp()
  const intakeUrl = `http://127.0.0.1:${intakePort}`
  supervisor = supervise({
    programOf: name => ({
      entry: processEntries[name],
      settings: {
        DATABASE_URL: database.url,
        DATA_DIR: dataDir,
        INTAKE_PORT: String(intakePort),
        NODE_OPTIONS: '',
      },
    }),
    onEnd: () => {},
  })
  supervisor.start(['intake', 'stream', 'jobs'])
  till = openTill(intakeUrl)
  faults = serveFaults({
    databaseUrl: database.url,
    pidOf: name => (name === 'kafka' ? undefined : supervisor.running().get(name)),
    intakeUrl,
    targets: new Set(['stream', 'intake', 'jobs']),
    warn: () => {},
    freezeMs: 1_500,
  })
  await vi.waitUntil(async () => (await countedSales()) > 20, patiently)
  await vi.waitUntil(async () => (await sql`select from live.supervisor`).length === 1, patiently)
})

afterAll(async () => {
  await till.stop()
  await faults.stop()
  supervisor.killAll()
  await database.drop()
  rmSync(dataDir, { recursive: true })
})

test.each([
  ['kill-stream', /^Stream killed [\d:]+, processing again [\d:]+, 0 lost, 0 twice: /],
  ['kill-intake', /^Intake killed [\d:]+, processing again [\d:]+, 0 lost, 0 twice: /],
  ['kill-jobs', /^Jobs killed [\d:]+, processing again [\d:]+, 0 lost, 0 twice: /],
  ['freeze-stream', /^Stream frozen [\d:]+, let go on [\d:]+, processing again [\d:]+, 0 lost, 0 twice: /],
  ['freeze-intake', /^Intake frozen [\d:]+, let go on [\d:]+, processing again [\d:]+, 0 lost, 0 twice: /],
] as const)('%s: the process comes back by itself, and what followed is told', async (name, sentence) => {
  const target = name.split('-')[1] as 'stream' | 'intake' | 'jobs'
  const before = supervisor.running().get(target)
  const ended = await ask(name)
  expect(faultSentence(ended)).toMatch(sentence)
  expect(ended.figures).toMatchObject({ lost: 0, twice: 0, differing: 0 })
  expect(ended.figures?.events).toBeGreaterThan(0)
  expect(ended.figures?.rows).toBeGreaterThan(0)
  expect(ended.againAt).toBeGreaterThan(ended.struckAt ?? Number.POSITIVE_INFINITY)
  if (name.startsWith('kill')) expect(supervisor.running().get(target)).not.toBe(before)
  else expect(supervisor.running().get(target)).toBe(before)
})

test('a stream that has not been struck is not back; one that was let go on is once it asks for something', async () => {
  await till.stop()
  await vi.waitUntil(
    async () => (await readStand(sql)).partitions.every(({ offset, end }) => offset === end),
    patiently,
  )
  const unharmed = { before: await readStand(sql), at: await now(), releasedAt: null }
  expect(await isStreamAgain(sql, unharmed)).toMatchObject({ again: false })
  await vi.waitUntil(
    async () => (await isStreamAgain(sql, { ...unharmed, releasedAt: unharmed.at })).again,
    patiently,
  )
  expect(await isStreamAgain(sql, unharmed)).toMatchObject({ again: false })
})

test('what a path has not counted is lost, what it has counted again is twice', async () => {
  await till.stop()
  const before = { before: await readStand(sql), at: await now() }
  const sold = await till.sellOne()
  await vi.waitUntil(
    async () => (await readStand(sql)).partitions.every(({ offset, end }) => offset === end),
    patiently,
  )
  expect(await countEffects(sql, before)).toMatchObject({ lost: 0, twice: 0, differing: 0 })
  const touch = (orders: number) => sql`
    update stream.windows set orders = orders + ${orders}
    where ctid = (select ctid from stream.windows order by window_start desc, store limit 1)`
  await touch(1)
  expect(await countEffects(sql, before)).toMatchObject({ lost: 0, twice: 1, differing: 1 })
  await touch(-2)
  expect(await countEffects(sql, before)).toMatchObject({ lost: 1, twice: 0, differing: 1 })
  await touch(1)
  // The stream says that it has counted one event fewer than it has read.
  await sql`update stream.checkpoints set events = events - 1 where partition = ${berlin.partition}`
  expect(await countEffects(sql, before)).toMatchObject({ lost: 1, twice: 0, differing: 0 })
  await sql`update stream.checkpoints set events = events + 1 where partition = ${berlin.partition}`
  // A hand in the log: an event twice, and one that is gone.
  await sql`update log.event_log set id = 'again' where id = any (${sold.slice(0, 1)}::text[])`
  await sql`update log.event_log set id = 'again' where "offset" = (
    select max("offset") - 1 from log.event_log where partition = ${berlin.partition} and type <> 'tick')
    and partition = ${berlin.partition}`
  expect((await countEffects(sql, before)).twice).toBeGreaterThan(0)
})

test('a process that a supervisor has left frozen goes on when the next one begins', async () => {
  const left = spawn('sleep', ['600'], { stdio: 'ignore' })
  const pid = left.pid ?? 0
  try {
    kill(pid, 'SIGSTOP')
    await vi.waitUntil(() => askPs(pid, 'stat=').startsWith('T'), patiently)
    await faults.stop()
    await sql`
      insert into live.faults (name, state, struck_at, pid, process_identity)
      values ('freeze-stream', 'running', now(), ${pid}, ${processIdentity(pid) ?? ''})`
    faults = serveFaults({
      databaseUrl: database.url,
      pidOf: () => undefined,
      intakeUrl: '',
      targets: new Set(),
      warn: () => {},
    })
    await vi.waitUntil(() => !askPs(pid, 'stat=').startsWith('T'), patiently)
    const [row] = await sql`select state, detail from live.faults order by fault desc limit 1`
    expect(row).toEqual({ state: 'failed', detail: 'The supervisor ended before it saw what followed.' })
  } finally {
    left.kill('SIGKILL')
  }
})

interface Ended {
  name: FaultName
  state: 'recovered' | 'failed'
  struckAt: Instant | null
  releasedAt: Instant | null
  againAt: Instant | null
  figures: FaultFigures | null
  detail: string | null
}

/** Asks for a fault, and waits for what followed. */
async function ask(name: FaultName): Promise<Ended> {
  const [asked] = await sql<
    { fault: number }[]
  >`insert into live.faults (name) values (${name}) returning fault`
  return vi.waitUntil(async () => {
    const [row] = await sql<Ended[]>`
      select name, state, struck_at as "struckAt", released_at as "releasedAt", again_at as "againAt", figures, detail
      from live.faults where fault = ${asked?.fault ?? 0} and state in ('recovered', 'failed')`
    return row
  }, patiently) as Promise<Ended>
}

async function countedSales(): Promise<number> {
  const [row] = await sql<
    { orders: number }[]
  >`select coalesce(sum(orders), 0)::bigint as orders from stream.windows`
  return row?.orders ?? 0
}

async function now(): Promise<Instant> {
  const [row] = await sql<{ now: Instant }[]>`select clock_timestamp() as now`
  return row?.now ?? 0
}

/** Sells on and on; what is not answered is sent again, as a till does. */
function openTill(intakeUrl: string) {
  const ending = new AbortController()
  let sent = 0

  async function send(id: string, stop?: AbortSignal): Promise<void> {
    const body = JSON.stringify({
      source: 'till-1',
      id,
      type: 'order.placed',
      store: berlin.id,
      channel: berlin.channel,
      eventTime: new Date().toISOString(),
      orderId: id,
      currency: berlin.currency,
      lines: [{ sku: 'tea', units: 1, unitPrice: '4.00' }],
    })
    while (!stop?.aborted) {
      const signal = AbortSignal.timeout(5_000)
      const answer = await fetch(`${intakeUrl}/api/v1/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        signal,
      }).catch(() => null)
      await answer?.body?.cancel()
      if (answer?.status === 200) return
      await pause(50, stop)
    }
  }

  async function sellOn(): Promise<void> {
    for (; !ending.signal.aborted; await pause(20, ending.signal)) {
      sent += 1
      await send(`sale-${sent}`, ending.signal)
    }
  }
  const selling = sellOn()
  return {
    async stop() {
      ending.abort()
      await selling
    },
    async sellOne() {
      sent += 1
      await send(`sale-${sent}`)
      return [`sale-${sent}`]
    },
  }
}
