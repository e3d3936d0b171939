import pino from 'pino'
import { expect, test } from 'vitest'
import { placed, toLogEvents } from '#domain/testing/events.ts'
import type { OtherJob, OtherJobRequest } from '#jobs/ledger/other-jobs.ts'
import { createTestBatch } from '#jobs/testing/batch.ts'
import { CostMeter } from '#platform/cost-meter.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { reconcileChanges } from './reconcile-changes.ts'

const TEA = [{ sku: 'tea', units: 1, unitPrice: '2.50' }]

async function createTicks() {
  const { sql, url, connect, runDue, run } = await createTestBatch()
  const asked: Pick<OtherJobRequest, 'range' | 'depth'>[] = []
  const job: OtherJob = {
    name: 'reconciliation',
    async run({ range, depth }) {
      asked.push({ range, depth })
      return { text: '', json: null, detail: '', rowCount: 0 }
    },
  }
  const followUp = reconcileChanges(job)
  const runs = connect()
  return {
    sql,
    /** A sale of the day, a tick, and what follows it. @returns what was asked of the reconciliation */
    async tick(id: string, day: string) {
      asked.length = 0
      await appendTestEvents(sql, toLogEvents(placed({ id, at: `${day}T10:00:00+01:00` }, TEA)))
      await runDue(`${day}T12:00:00Z`)
      await followUp({
        databaseUrl: url,
        runs,
        changedDays: [day],
        logger: pino({ level: 'silent' }),
        meter: new CostMeter(),
      })
      return [...asked]
    },
    /** A sale of the day, and its figures by hand. */
    async backfill(id: string, day: string) {
      await appendTestEvents(sql, toLogEvents(placed({ id, at: `${day}T10:00:00+01:00` }, TEA)))
      await run(['daily_sales'], { from: day, to: day })
    },
    /** As if the last audit had been an hour earlier. */
    anHourPasses: () => sql`update batch.runs set started_at = started_at - interval '1 hour'`,
  }
}

const days = (from: string, to = from) => ({ from, to })

test('The first tick audits every row, those of the next hour compare figures', async () => {
  const { tick } = await createTicks()
  expect(await tick('1', '2026-03-02')).toEqual([{ range: days('2026-03-02'), depth: 'rows' }])
  expect(await tick('2', '2026-03-02')).toEqual([{ range: days('2026-03-02'), depth: 'figures' }])
  expect(await tick('3', '2026-03-02')).toEqual([{ range: days('2026-03-02'), depth: 'figures' }])
})

test('The first audit takes in the days that somebody backfilled before', async () => {
  const { tick, backfill } = await createTicks()
  await backfill('1', '2026-03-01')
  expect(await tick('2', '2026-03-02')).toEqual([{ range: days('2026-03-01', '2026-03-02'), depth: 'rows' }])
})

test('The hourly audit takes in every day that has changed since the last', async () => {
  const { tick, anHourPasses } = await createTicks()
  await tick('1', '2026-03-02')
  await tick('2', '2026-03-03')
  await anHourPasses()
  expect(await tick('3', '2026-03-04')).toEqual([{ range: days('2026-03-02', '2026-03-04'), depth: 'rows' }])
  await anHourPasses()
  expect(await tick('4', '2026-03-04')).toEqual([{ range: days('2026-03-04'), depth: 'rows' }])
})

test('An audit that failed is due again', async () => {
  const { sql, tick } = await createTicks()
  await tick('1', '2026-03-02')
  await sql`update batch.runs set state = 'failed' where job = 'reconciliation'`
  expect(await tick('2', '2026-03-02')).toEqual([{ range: days('2026-03-02'), depth: 'rows' }])
})

test('How a reconciliation is worded in the ledger decides nothing: its depth is a column', async () => {
  const { sql, tick } = await createTicks()
  await tick('1', '2026-03-02')
  await sql`update batch.runs set reason = 'reworded' where job = 'reconciliation'`
  expect(await tick('2', '2026-03-03')).toMatchObject([{ depth: 'figures' }])
  await sql`update batch.runs set reason = 'every row of it' where job = 'reconciliation'`
  await sql`update batch.runs set depth = 'figures' where job = 'reconciliation'`
  expect(await tick('3', '2026-03-04')).toMatchObject([{ depth: 'rows' }])
})
