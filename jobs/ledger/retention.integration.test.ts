import { expect, test } from 'vitest'
import type { Sql } from '#db/client.ts'
import { createTestBatch } from '#jobs/testing/batch.ts'
import { ledgerRetention, trimLane, trimLedger } from './retention.ts'

interface Entry {
  state?: 'running' | 'succeeded' | 'failed' | 'abandoned'
  trigger?: 'schedule' | 'manual' | 'backfill' | 'request'
  ageDays: number
  job?: string
  store?: string
}

async function record(sql: Sql, entry: Entry): Promise<number> {
  const { state = 'succeeded', trigger = 'schedule', ageDays, job = 'daily_sales', store = 'berlin' } = entry
  const [row] = await sql<{ id: number }[]>`
    insert into batch.runs (job, store, period, state, trigger, attempt, code_version, rules_version, partition,
      backend_pid, backend_start, started_at)
    values (${job}, ${store}, '2026-03-02', ${state}, ${trigger}, 1, '1', 1, 0, 0, now(),
      now() - make_interval(days => ${ageDays}::integer))
    returning run_id as id`
  return row?.id ?? 0
}

async function kept(sql: Sql): Promise<number[]> {
  return (await sql<{ id: number }[]>`select run_id as id from batch.runs order by 1`).map(({ id }) => id)
}

test('Replaced runs of the schedule go after two days, everything else after thirty', async () => {
  const { sql } = await createTestBatch()
  await record(sql, { ageDays: 3 })
  await record(sql, { ageDays: 31, state: 'failed' })
  await record(sql, { ageDays: 31, trigger: 'manual' })
  const stay = [
    await record(sql, { ageDays: 1 }),
    await record(sql, { ageDays: 29, state: 'failed' }),
    await record(sql, { ageDays: 29, state: 'abandoned' }),
    await record(sql, { ageDays: 29, trigger: 'backfill' }),
    await record(sql, { ageDays: 29, trigger: 'request' }),
    await record(sql, { ageDays: 100, state: 'running' }),
  ]
  // In steps, as a long neglected ledger is trimmed.
  expect(await trimLedger(sql, { step: 2 })).toBe(3)
  expect(await kept(sql)).toEqual(stay)
})

test('Nothing that a figure, a closed day, a restatement or a reconciliation refers to is lost', async () => {
  const { sql } = await createTestBatch()
  const [current, closing, restating, reconciling, finding, gone] = await Promise.all(
    Array.from({ length: 6 }, () => record(sql, { ageDays: 400 })),
  )
  await sql`
    insert into batch.current_runs (job, store, period, run_id, code_version, rules_version, partition, through_offset,
      through_appended_at, row_count, checksum, computed_at)
    values ('daily_sales', 'berlin', '2026-03-02', ${current ?? 0}, '1', 1, 0, 1, now(), 1, '', now())`
  await sql`
    insert into batch.closed_days (store, business_day, run_id) values ('berlin', '2026-03-02', ${closing ?? 0})`
  await sql`
    insert into batch.restatements (business_day, store, channel, currency, metric, old_value, new_value, cause, run_id)
    values ('2026-03-02', 'berlin', 'pos', 'EUR', 'orders', 1, 2, 'late', ${restating ?? 0})`
  await sql`
    insert into recon.reconciliation (business_day, store, currency, metric, batch, stream, after_batch, before_stream,
      rule_version, unexplained, after_batch_events, before_stream_events, run_id, batch_through, stream_through,
      partition, computed_at)
    values ('2026-03-02', 'berlin', 'EUR', 'orders', 1, 1, 0, 0, 0, 0, 0, 0, ${reconciling ?? 0}, 1, 1, 0, now())`
  await sql`
    insert into recon.findings (run_id, kind, path, relation, row_key, metric)
    values (${finding ?? 0}, 'audit row', 'batch', 'batch.daily_sales', '{}', 'orders')`
  const lastImport = await record(sql, { ageDays: 400, job: 'reviews_import', store: 'all' })
  await trimLedger(sql)
  const ids = await kept(sql)
  expect(ids).toEqual(
    [current, closing, restating, reconciling, finding, lastImport].toSorted((a, b) => (a ?? 0) - (b ?? 0)),
  )
  expect(ids).not.toContain(gone)
})

test('It is due once a day', async () => {
  const { sql } = await createTestBatch()
  expect(await ledgerRetention.isReady?.(sql)).toBe(true)
  await sql`
    insert into batch.runs (job, store, period, state, trigger, attempt, code_version, rules_version, partition,
      backend_pid, backend_start)
    values ('ledger_retention', 'all', (now() at time zone 'UTC')::date, 'succeeded', 'schedule', 1, '1', 1, 0, 0, now())`
  expect(await ledgerRetention.isReady?.(sql)).toBe(false)
})

test('The lane of operations keeps two days, and its newest entries whatever their age', async () => {
  const { sql } = await createTestBatch()
  const add = async (ageDays: number) => {
    await sql`select live.append_ops('test', '{}')`
    await sql`
      update live.ops_lane set at = now() - make_interval(days => ${ageDays}::integer)
      where sequence = (select max(sequence) from live.ops_lane)`
  }
  for (const ageDays of [9, 8, 3, 3, 3]) await add(ageDays)
  const sequences = async () =>
    (await sql`select sequence from live.ops_lane order by 1`).map(row => row.sequence)
  expect(await trimLane(sql, { keep: 2 })).toBe(3)
  expect(await sequences()).toEqual([4, 5])
  await add(1)
  await add(1)
  expect(await trimLane(sql, { keep: 1 })).toBe(2)
  // What is appended next follows on.
  await add(0)
  expect(await sequences()).toEqual([6, 7, 8])
})
