import { expect, test, vi } from 'vitest'
import type { Sql } from '#db/client.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { counted, placed, toLogEvents } from '#domain/testing/events.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { runWanted } from './run/run-wanted.ts'
import { createTestBatch, holdReport, ranSlots } from './testing/batch.ts'
import { startJobsProcess } from './testing/process.ts'

const NIGHT = '2026-03-10T12:00:00Z'

function sale(id: string, day: string, store = 'berlin'): LogEvent[] {
  return toLogEvents(
    placed({ id, at: `${day}T10:00:00+01:00`, store }, [{ sku: 'tea', units: 1, unitPrice: '2.50' }]),
  )
}

const THREE_DAYS = ['2026-03-02', '2026-03-03', '2026-03-04'].flatMap(day => [
  ...sale(`a ${day}`, day),
  ...sale(`b ${day}`, day, 'berlin-west'),
])

async function grossOf(sql: Sql, day: string): Promise<number | undefined> {
  const [row] = await sql<{ gross: number }[]>`
    select gross from batch.daily_sales where store = 'berlin' and business_day = ${day}`
  return row?.gross
}

async function ledger(sql: Sql): Promise<Record<string, number>> {
  const rows = await sql<{ state: string; count: number }[]>`
    select state, count(*) as count from batch.runs group by state`
  return Object.fromEntries(rows.map(row => [row.state, row.count]))
}

test('Of two schedulers on one slot, one runs it', async () => {
  const { sql, connect } = await createTestBatch()
  await appendTestEvents(sql, THREE_DAYS)
  const request = { wanted: { kind: 'due' }, trigger: 'schedule', now: () => Date.parse(NIGHT) } as const
  // Again and again, so that they meet in many places.
  for (let round = 0; round < 5; round += 1) {
    const summaries = await Promise.all(
      [connect(), connect(), connect()].map(client => runWanted(client, request)),
    )
    expect(summaries.flatMap(summary => summary.sets.flatMap(set => set.failed))).toEqual([])
    await appendTestEvents(sql, sale(`late ${round}`, '2026-03-03'))
  }
  await Promise.all([connect(), connect()].map(client => runWanted(client, request)))
  const twice = await sql`
    select job, store, period, through_offset from batch.runs where state = 'succeeded'
    group by job, store, period, through_offset, reason having count(*) > 1`
  expect(twice).toEqual([])
  expect(await grossOf(sql, '2026-03-03')).toBe(6 * 25_000)
  const summary = await runWanted(connect(), request)
  expect(summary.sets).toEqual([])
})

test('A scheduler that finds a slot taken leaves it, and runs the others', async () => {
  const { sql, runDue, connect } = await createTestBatch()
  await appendTestEvents(sql, THREE_DAYS)
  const other = connect()
  await other`
    insert into batch.runs (job, store, period, state, trigger, attempt, code_version, rules_version, partition,
      backend_pid, backend_start)
    select 'daily_sales', 'berlin', '2026-03-03', 'running', 'schedule', 1, '1', 1, 0, pid, backend_start
    from pg_stat_activity where pid = pg_backend_pid()`
  const ran = ranSlots(await runDue(NIGHT))
  expect(ran).toContain('daily_sales berlin 2026-03-02')
  expect(ran).not.toContain('daily_sales berlin 2026-03-03')
  // It dies: its claim goes with its connection.
  await other.end()
  const afterwards = ranSlots(await runDue(NIGHT))
  expect(afterwards).toContain('daily_sales berlin 2026-03-03')
  expect(await ledger(sql)).toMatchObject({ abandoned: 1 })
})

test('Stock is not carried past a day that somebody else has', async () => {
  const { sql, runDue, connect } = await createTestBatch()
  const count = counted({ id: 'count', at: '2026-03-02T08:00:00+01:00' }, [{ sku: 'tea', units: 10 }])
  await appendTestEvents(sql, [...toLogEvents(count), ...THREE_DAYS])
  const other = connect()
  await other`
    insert into batch.runs (job, store, period, state, trigger, attempt, code_version, rules_version, partition,
      backend_pid, backend_start)
    select 'daily_inventory', 'berlin', '2026-03-03', 'running', 'schedule', 1, '1', 1, 0, pid, backend_start
    from pg_stat_activity where pid = pg_backend_pid()`
  const inventory = (slots: string[]) => slots.filter(slot => slot.startsWith('daily_inventory berlin 2026'))
  expect(inventory(ranSlots(await runDue(NIGHT)))).toEqual(['daily_inventory berlin 2026-03-02'])
  await other.end()
  expect(inventory(ranSlots(await runDue(NIGHT)))).toHaveLength(2)
  const closings =
    await sql`select closing from batch.daily_inventory where store = 'berlin' order by business_day`
  expect(closings.map(row => row.closing)).toEqual([9, 8, 7])
})

test('Killed in the middle of a report, it leaves the old figures, and the next run makes up exactly what is missing', async () => {
  const { url, sql, runDue } = await createTestBatch()
  await appendTestEvents(sql, THREE_DAYS)
  await runDue(NIGHT)
  await appendTestEvents(sql, sale('late', '2026-03-03'))
  const held = await holdReport(sql, 'daily_sales')
  const args = ['run', 'daily_sales', '--from', '2026-03-03', '--to', '2026-03-03']
  const child = startJobsProcess({ entry: 'main.ts', args, databaseUrl: url })
  await held.reached()
  child.kill('SIGKILL')
  await child.ended
  expect(await grossOf(sql, '2026-03-03')).toBe(25_000)
  // Still blocked, its backend notices that nobody is there any more.
  await vi.waitUntil(
    async () =>
      (
        await sql`select from pg_stat_activity where application_name = 'tillstream jobs command'
      and datname = current_database()`
      ).length === 0,
    { timeout: 60_000, interval: 50 },
  )
  await held.release()
  expect(await grossOf(sql, '2026-03-03')).toBe(25_000)
  const daily = ranSlots(await runDue(NIGHT)).filter(slot => slot.startsWith('daily_sales'))
  expect(daily).toEqual(['daily_sales berlin 2026-03-03'])
  expect(await grossOf(sql, '2026-03-03')).toBe(50_000)
  // Of its two lanes one waited for the report; whether the other had claimed its part by then is chance.
  expect((await ledger(sql)).abandoned).toBeGreaterThanOrEqual(1)
})

test('Readers see the old figures until the commit', async () => {
  const { sql, runDue } = await createTestBatch()
  await appendTestEvents(sql, THREE_DAYS)
  await runDue(NIGHT)
  await appendTestEvents(sql, sale('late', '2026-03-03'))
  const held = await holdReport(sql, 'daily_sales')
  const running = runDue(NIGHT)
  await held.reached()
  expect(await grossOf(sql, '2026-03-03')).toBe(25_000)
  await held.release()
  await running
  expect(await grossOf(sql, '2026-03-03')).toBe(50_000)
})

test('A late event between the computation and the commit keeps the day dirty', async () => {
  const { sql, runDue } = await createTestBatch()
  await appendTestEvents(sql, THREE_DAYS)
  await runDue(NIGHT)
  await appendTestEvents(sql, sale('late', '2026-03-03'))
  const held = await holdReport(sql, 'daily_sales')
  const running = runDue(NIGHT)
  await held.reached()
  await appendTestEvents(sql, sale('later', '2026-03-03'))
  await held.release()
  await running
  expect(await grossOf(sql, '2026-03-03')).toBe(50_000)
  const daily = ranSlots(await runDue(NIGHT)).filter(slot => slot.startsWith('daily_sales'))
  expect(daily).toEqual(['daily_sales berlin 2026-03-03'])
  expect(await grossOf(sql, '2026-03-03')).toBe(75_000)
})

test('A connection that is lost in the middle of a run is a transient error: it is tried again', async () => {
  const { sql, runDue } = await createTestBatch()
  await appendTestEvents(sql, THREE_DAYS)
  const held = await holdReport(sql, 'daily_sales')
  const retries: string[] = []
  const running = runDue(NIGHT, { onRetry: job => retries.push(job) })
  const pid = await held.reached()
  await sql`select pg_terminate_backend(${pid})`
  await held.release()
  const { sets } = await running
  expect(sets.flatMap(set => set.failed)).toEqual([])
  expect(retries).toEqual(['daily_sales'])
  const attempts = await sql`
    select attempt, state, count(*) from batch.runs where job = 'daily_sales' group by 1, 2 order by 1`
  expect(attempts).toEqual([
    { attempt: 1, state: 'failed', count: 6 },
    { attempt: 2, state: 'succeeded', count: 6 },
  ])
})

test.each([
  // As another planner does when it takes our backend for dead.
  [
    'was given to somebody else',
    sql => sql`update batch.runs set state = 'abandoned' where state = 'running'`,
  ],
  // As after a restart of the server, when a new backend is given the pid of the old one.
  [
    'is that of an earlier backend with our pid',
    sql =>
      sql`update batch.runs set backend_start = backend_start - interval '1 day' where state = 'running'`,
  ],
] satisfies [string, (sql: Sql) => Promise<unknown>][])(
  'A run whose claim %s writes nothing',
  async (_, lose) => {
    const { sql, runDue } = await createTestBatch()
    await appendTestEvents(sql, THREE_DAYS)
    const held = await holdReport(sql, 'daily_sales')
    const running = runDue(NIGHT)
    await held.reached()
    await lose(sql)
    await held.release()
    const [first] = (await running).sets
    expect(first).toMatchObject({ succeeded: [], failed: [] })
    expect(first?.taken).toHaveLength(6)
    expect(await grossOf(sql, '2026-03-03')).toBe(undefined)
  },
)

test('Nobody replaces a day while its month is added up', async () => {
  const { sql, runDue, run } = await createTestBatch()
  await appendTestEvents(sql, THREE_DAYS)
  await runDue(NIGHT)
  const held = await holdReport(sql, 'monthly_sales')
  const running = run(['monthly_sales'], { from: '2026-03-01', to: '2026-03-31' })
  await held.reached()
  const replacing = sql.begin(async transaction => {
    await transaction`set local lock_timeout = '100ms'`
    await transaction`update batch.current_runs set checksum = 'another' where job = 'daily_sales'`
  })
  await expect(replacing).rejects.toThrow('lock timeout')
  await held.release()
  expect((await running).sets.flatMap(set => set.failed)).toEqual([])
})
