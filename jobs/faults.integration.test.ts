import { expect, test } from 'vitest'
import type { LogEvent } from '#domain/log-event.ts'
import { counted, placed, toLogEvents } from '#domain/testing/events.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { createTestBatch, ranSlots } from './testing/batch.ts'

const NIGHT = '2026-03-10T12:00:00Z'
const MARCH = { from: '2026-03-01', to: '2026-03-31' }

function sale(id: string, day: string, store = 'berlin'): LogEvent[] {
  return toLogEvents(
    placed({ id, at: `${day}T10:00:00+01:00`, store }, [{ sku: 'tea', units: 2, unitPrice: '2.50' }]),
  )
}

const EVENTS = ['2026-03-02', '2026-03-03'].flatMap(day => [
  ...sale(`a ${day}`, day),
  ...sale(`b ${day}`, day, 'berlin-west'),
])

test('Products that do not add up to the day fail, loudly and alone', async () => {
  const { sql, runDue } = await createTestBatch()
  await appendTestEvents(sql, EVENTS)
  // A header that says more than its lines.
  await sql`update log.event_log set total_units = 3 where store = 'berlin' and business_day = '2026-03-02'`
  const summary = await runDue(NIGHT)
  const failed = summary.sets.flatMap(set => set.failed)
  expect(failed.map(({ slot }) => `${slot.job} ${slot.store} ${slot.period}`)).toEqual([
    'daily_product_sales berlin 2026-03-02',
  ])
  expect(failed[0]?.error).toContain('does not add up to daily_sales (pos, EUR)')
  expect(failed[0]?.error).toContain('"units": 2')
  expect(failed[0]?.error).toContain('"units": 3')
  const ran = ranSlots(summary)
  expect(ran).toContain('daily_product_sales berlin-west 2026-03-02')
  expect(ran).toContain('daily_product_sales berlin 2026-03-03')
  expect(ran).toContain('monthly_product_sales berlin-west 2026-03-01')
  expect(ran).not.toContain('monthly_product_sales berlin 2026-03-01')
  const [kept] = await sql`
    select state, error from batch.runs where job = 'daily_product_sales' and store = 'berlin' and period = '2026-03-02'`
  expect(kept).toEqual({ state: 'failed', error: failed[0]?.error })
  expect(
    await sql`select from batch.daily_product_sales where store = 'berlin' and business_day = '2026-03-02'`,
  ).toHaveLength(0)
})

test('What has failed is tried again by hand at once, by the schedule with patience', async () => {
  const { sql, runDue, run } = await createTestBatch()
  await appendTestEvents(sql, EVENTS)
  await sql`update log.event_log set total_units = 3 where store = 'berlin' and business_day = '2026-03-02'`
  const now = new Date().toISOString()
  await runDue(now)
  expect((await runDue(now)).sets).toEqual([])
  await sql`update log.event_log set total_units = 2`
  await run(['daily_sales'], MARCH)
  expect(ranSlots(await run(['daily_product_sales'], MARCH))).toContain(
    'daily_product_sales berlin 2026-03-02',
  )
})

test('An error of the whole set is not tried again, and stays in the ledger', async () => {
  const { sql, runDue } = await createTestBatch()
  await appendTestEvents(sql, EVENTS)
  await sql`alter table batch.daily_sales rename to elsewhere`
  const retries: string[] = []
  const summary = await runDue(NIGHT, { onRetry: job => retries.push(job) })
  expect(summary.sets.find(set => set.report.name === 'daily_sales')?.failed).toHaveLength(4)
  expect(retries).toEqual([])
  const rows = await sql`select distinct state, attempt, error from batch.runs where job = 'daily_sales'`
  expect(rows).toMatchObject([
    { state: 'failed', attempt: 1, error: expect.stringContaining('batch.daily_sales') },
  ])
})

test('A day of stock that fails keeps the days after it from running', async () => {
  const { sql, runDue } = await createTestBatch()
  const count = toLogEvents(
    counted({ id: 'count', at: '2026-03-02T08:00:00+01:00' }, [{ sku: 'tea', units: 10 }]),
  )
  await appendTestEvents(sql, [...EVENTS, ...count])
  await runDue(NIGHT)
  // As if the run before had found a product more.
  await sql`update batch.current_runs set row_count = 2 where job = 'daily_inventory' and store = 'berlin' and period = '2026-03-02'`
  await appendTestEvents(sql, sale('late', '2026-03-02'))
  const failed = (await runDue(NIGHT)).sets.flatMap(set => set.failed)
  expect(failed.map(({ slot, error }) => `${slot.job} ${slot.period}: ${error}`)).toEqual([
    expect.stringMatching(/^daily_inventory 2026-03-02: 1 rows, where run \d+ had 2$/),
    'daily_inventory 2026-03-03: 2026-03-02 before it failed',
  ])
})

test('Events of a store that is no longer known are reported, and the others run', async () => {
  const { sql, runDue, run, connect } = await createTestBatch()
  await appendTestEvents(sql, EVENTS)
  await sql`delete from ref.stores where store = 'berlin'`
  const summary = await runDue(NIGHT)
  expect(summary.unknownStores).toEqual(['berlin'])
  expect(ranSlots(summary)).toContain('daily_sales berlin-west 2026-03-02')
  const onTwo = await run(['daily_sales'], { from: '2026-03-02', to: '2026-03-03' }, { besides: connect() })
  expect(onTwo.unknownStores).toEqual(['berlin'])
  expect(ranSlots(onTwo)).toContain('daily_sales berlin-west 2026-03-02')
})

test('Every committed set tells the lane of operations what changed', async () => {
  const { sql, runDue } = await createTestBatch()
  await appendTestEvents(sql, EVENTS)
  const heard: string[] = []
  const listener = await sql.listen('ops_changed', payload => heard.push(payload))
  const summary = await runDue(NIGHT)
  await listener.unlisten()
  const lane = await sql<{ payload: { jobs: string[] } }[]>`
    select payload from live.ops_lane where kind = 'batch_run' order by sequence`
  expect(lane).toHaveLength(summary.sets.length)
  expect(heard.length).toBe(summary.sets.length)
  expect(lane[0]?.payload).toMatchObject({
    jobs: ['daily_sales'],
    stores: 2,
    from: '2026-03-02',
    to: '2026-03-03',
  })
})
