import { expect, test } from 'vitest'
import type { Sql } from '#db/client.ts'
import { placed, toLogEvents } from '#domain/testing/events.ts'
import { createTestBatch } from '#jobs/testing/batch.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'

const TEA = [{ sku: 'tea', units: 1, unitPrice: '2.50' }]

async function sell(sql: Sql, id: string, day: string): Promise<void> {
  await appendTestEvents(sql, toLogEvents(placed({ id, at: `${day}T10:00:00+01:00` }, TEA)))
}

async function verdicts(sql: Sql): Promise<string[]> {
  const rows = await sql<{ verdict: string }[]>`
    select concat_ws(' ', job, period, state) as verdict from batch.open_slots
    where job in ('daily_sales', 'daily_reviews') order by job desc, period`
  return rows.map(({ verdict }) => verdict)
}

test('a tick leaves its verdicts behind, and so does a run by hand; what has been settled has none', async () => {
  const { sql, run, runDue } = await createTestBatch()
  await sell(sql, '1', '2026-03-02')
  await runDue('2026-03-02T12:00:00Z')
  expect(await verdicts(sql)).toEqual(['daily_reviews 2026-03-02 early'])

  await runDue('2026-03-03T12:00:00Z')
  expect(await verdicts(sql)).toEqual([])

  await sell(sql, '2', '2026-03-02')
  await sell(sql, '3', '2026-03-03')
  const day = { from: '2026-03-03', to: '2026-03-03' }
  await run(['daily_sales'], day, { now: () => Date.parse('2026-03-03T12:00:00Z') })
  expect(await verdicts(sql)).toEqual([
    'daily_sales 2026-03-02 due',
    'daily_reviews 2026-03-02 due',
    'daily_reviews 2026-03-03 early',
  ])
  const [standing] = await sql<{ isOurs: boolean }[]>`
    select bool_and(o.run_id is not distinct from c.run_id) as "isOurs"
    from batch.open_slots o left join batch.current_runs c using (job, store, period)`
  expect(standing?.isOurs).toBe(true)
})

test('verdicts of two halves of the partitions stand beside each other', async () => {
  const { sql, connect, runDue } = await createTestBatch()
  await sell(sql, '1', '2026-03-02')
  await appendTestEvents(
    sql,
    toLogEvents(placed({ id: '2', store: 'kolkata', at: '2026-03-02T10:00:00Z' }, TEA)),
  )
  await runDue('2026-03-02T12:00:00Z', { besides: connect() })
  const rows = await sql<{ store: string }[]>`select distinct store from batch.open_slots order by store`
  expect(rows.map(({ store }) => store)).toEqual(['berlin', 'kolkata'])
})
