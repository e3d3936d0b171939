import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { addTestStores } from '#db/testing/stores.ts'
import { placed, toLogEvents } from '#domain/testing/events.ts'
import { EXAMPLE_STORES } from '#domain/testing/stores.ts'
import { type Program, runProgram, startProgram } from '#platform/process.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { writeRow } from '#server/log/testing/poison.ts'
import { readFlow } from '#server/serving/pipeline/flow.ts'
import type { WebService } from './server.ts'
import { startTestWeb } from './testing/web.ts'

const DAY = '2026-03-02'
const SALE = toLogEvents(
  placed({ id: 'o-1', at: `${DAY}T10:00:00+01:00` }, [{ sku: 'tea', units: 1, unitPrice: '2.50' }]),
)
const PARTITION = SALE[0]?.partition ?? 0
/** Longer than anything here takes: what is waited for is the state, not the time. */
const patiently = { timeout: 150_000, interval: 200 }

let database: TestDatabase
let web: WebService
const processes: Program[] = []

beforeEach(async () => {
  database = await createTestDatabase()
  await addTestStores(database.sql, EXAMPLE_STORES)
  await appendTestEvents(database.sql, SALE)
  web = await startTestWeb(database.url)
})
afterEach(async () => {
  for (const { kill, ended } of processes.splice(0)) {
    kill('SIGKILL')
    await ended
  }
  await web.stop()
  await database.drop()
})

const settings = () => ({
  DATABASE_URL: database.url,
  NODE_OPTIONS: '',
  LOG_LEVEL: 'warn',
  BATCH_SCHEDULE: '*/2 * * * * *',
})

function start(entry: string): Program {
  const program = startProgram({ entry, settings: settings() })
  processes.push(program)
  return program
}

/** What /readyz says of every part that is not ok, once it says `status` (and names `part`). */
async function untilReady(status: 200 | 503, part?: string): Promise<Record<string, string>> {
  let last: unknown
  try {
    return await vi.waitUntil(async () => {
      const response = await fetch(`${web.url}/readyz`)
      const { failing = [], parts } = (await response.json()) as {
        failing?: string[]
        parts: Record<string, string>
      }
      last = parts
      if (response.status !== status || (part !== undefined && !failing.includes(part))) return undefined
      return Object.fromEntries(failing.map(name => [name, parts[name] ?? '']))
    }, patiently)
  } catch (cause) {
    throw new Error(`/readyz does not come to ${status} ${part ?? ''}: ${JSON.stringify(last)}`, { cause })
  }
}

/** Until a tick that has begun after now has ended well: what there was to do is done. */
async function untilTick(): Promise<void> {
  const [clock] = await database.sql<{ now: number }[]>`select clock_timestamp() as now`
  await vi.waitUntil(async () => {
    const rows = await database.sql`
      select from batch.heartbeat
      where tick_began_at > ${clock?.now ?? 0}::timestamptz and tick_succeeded_at >= tick_began_at`
    return rows.length > 0
  }, patiently)
}

/** Time that passes for one who stands still: what it has told of itself is so much older. */
async function age(minutes: number): Promise<void> {
  const { count } = await database.sql`
    update batch.heartbeat set
      beat_at = beat_at - past, next_tick_at = next_tick_at - past, tick_began_at = tick_began_at - past,
      tick_succeeded_at = tick_succeeded_at - past, tick_overdue_at = tick_overdue_at - past
    from make_interval(mins => ${minutes}) past`
  expect(count).toBe(1)
}

async function page() {
  const { health } = await readFlow({ sql: database.sql, intake: null })
  return Object.fromEntries(Object.entries(health).map(([part, judged]) => [part, judged.health]))
}

test('each thing that does not get on is named by /readyz and on the page, and green again when it is mended', async () => {
  const { sql } = database
  expect(await untilReady(503)).toMatchObject({
    stream: expect.stringContaining('nobody works on partition 0, 1, 2, 3'),
    jobs: expect.stringContaining('no schedule has run yet'),
  })
  const stream = start('server/stream/main.ts')
  const jobs = start('jobs/schedule/main.ts')
  await untilReady(200)

  // A stream that is frozen: its timers say nothing, it asks for nothing. Of a partition that it has in a transaction
  // just then, the server ends the connection.
  stream.kill('SIGSTOP')
  expect(await untilReady(503, 'stream')).toMatchObject({
    stream: expect.stringMatching(/stands still|nobody works on partition/),
  })
  // Behind while others hold what they read, down once it has stood still for long enough.
  await vi.waitFor(
    async () => expect(await page()).toMatchObject({ stream: 'down', liveTables: 'behind' }),
    patiently,
  )
  stream.kill('SIGCONT')
  await untilReady(200)
  expect(await page()).toMatchObject({ stream: 'ok' })

  // A till's empty date, as an old log may hold it.
  const offset = await writeRow(sql, PARTITION, {
    type: 'till.closed',
    register: 'till-1',
    skus: null,
    units: null,
    details: { zBusinessDay: '', zOrders: 1, zUnits: 1, zNet: 25_000 },
  })
  expect(await untilReady(503, 'events')).toEqual({
    events: expect.stringContaining(`berlin, partition ${PARTITION}, offset ${offset}`),
  })
  expect(await page()).toMatchObject({ log: 'behind', batch: 'ok' })
  await sql`
    update log.event_log set details = details || '{"zBusinessDay": "2026-03-02"}'
    where partition = ${PARTITION} and "offset" = ${offset}`
  await untilReady(200)
  // The reports of the day are computed with it now, and none of them is to meet what follows.
  await untilTick()

  // A tick that fails before it claims anything.
  await sql`alter table batch.till_head rename to elsewhere`
  expect(await untilReady(503, 'jobs')).toMatchObject({
    jobs: expect.stringContaining('the last tick failed'),
  })
  expect(await page()).toMatchObject({ batch: 'down', reports: 'behind' })
  const [kept] = await sql`select job, store, state, error from batch.runs order by run_id desc limit 1`
  expect(kept).toEqual({
    job: 'planning',
    store: 'all',
    state: 'failed',
    error: expect.stringContaining('till_head'),
  })
  await sql`alter table batch.elsewhere rename to till_head`
  await untilReady(200)
  // The row that was written past the append is a finding of the fourth witness, which is another part.
  expect(await page()).toMatchObject({ batch: 'ok' })

  // A report that fails.
  await sql`alter table batch.hourly_sales add constraint refusing check (business_day <> '2026-03-03')`
  await appendTestEvents(
    sql,
    toLogEvents(
      placed({ id: 'o-2', at: '2026-03-03T10:00:00+01:00' }, [{ sku: 'tea', units: 1, unitPrice: '2.50' }]),
    ),
  )
  expect(await untilReady(503, 'reports')).toEqual({
    reports: expect.stringMatching(/hourly_sales of berlin, 2026-03-03 failed: .*refusing/),
  })
  expect(await page()).toMatchObject({ reports: 'behind' })
  await sql`alter table batch.hourly_sales drop constraint refusing`
  const asked = ['run', 'hourly_sales', '--from', '2026-03-03', '--to', '2026-03-03']
  await runProgram({ entry: 'jobs/main.ts', args: asked, settings: settings() })
  await untilReady(200)

  // A planner that is killed.
  jobs.kill('SIGKILL')
  await jobs.ended
  await age(5)
  await untilReady(503, 'jobs')
  expect(await page()).toMatchObject({ batch: 'down' })
  start('jobs/schedule/main.ts')
  await untilReady(200)
}, 900_000)

test('a planner that is frozen is seen, whatever its heartbeat said last', async () => {
  start('server/stream/main.ts')
  const jobs = start('jobs/schedule/main.ts')
  await untilReady(200)
  jobs.kill('SIGSTOP')
  await age(5)
  await untilReady(503, 'jobs')
  jobs.kill('SIGCONT')
  await untilReady(200)
}, 400_000)
