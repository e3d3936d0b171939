import { expect, test, vi } from 'vitest'
import type { Sql } from '#db/client.ts'
import { createTestBatch, type TestBatch } from '#jobs/testing/batch.ts'
import { silentLogger } from '#platform/logger.ts'
import { abandonDeadRuns, ClaimLostError } from './claims.ts'
import { AlreadyRunningError, type OtherJob, runOtherJob } from './other-jobs.ts'

const MARCH = { from: '2026-03-01', to: '2026-03-31' }
const DONE = { text: '', json: null, detail: '', rowCount: 3 }

function run({ url }: TestBatch, sql: Sql, job: OtherJob, range: typeof MARCH | null) {
  const ask = { job, range, trigger: 'schedule', reason: 'a test' } as const
  return runOtherJob(sql, ask, { databaseUrl: url, logger: silentLogger() })
}

async function ledger(sql: Sql): Promise<Record<string, unknown>[]> {
  const rows = await sql`
    select job, period, range_to as "rangeTo", depth, state, row_count as "rowCount" from batch.runs order by run_id`
  return rows.map(row => ({ ...row }))
}

test('a job that takes days has them, and how deep it went, in columns of its row', async () => {
  const batch = await createTestBatch()
  await run(batch, batch.connect(), { name: 'reconciliation', run: async () => DONE }, MARCH)
  expect(await ledger(batch.sql)).toEqual([
    {
      job: 'reconciliation',
      period: MARCH.from,
      rangeTo: MARCH.to,
      depth: 'rows',
      state: 'succeeded',
      rowCount: 3,
    },
  ])
})

test('a job that loses its claim while it works has not succeeded, whatever it answers', async () => {
  const batch = await createTestBatch()
  const { sql } = batch
  const losing: OtherJob = {
    name: 'reconciliation',
    async run({ runId }) {
      const [claim] = await sql<{ pid: number }[]>`
        select backend_pid as pid, pg_terminate_backend(backend_pid) from batch.runs where run_id = ${runId}`
      await vi.waitUntil(
        async () => (await sql`select from pg_stat_activity where pid = ${claim?.pid ?? 0}`).length === 0,
        { timeout: 60_000 },
      )
      await abandonDeadRuns(sql)
      return DONE
    },
  }
  await expect(run(batch, batch.connect(), losing, MARCH)).rejects.toThrow(ClaimLostError)
  expect(await ledger(sql)).toMatchObject([{ state: 'abandoned', rowCount: null }])
})

test('of a job that takes no days one runs at a time, also when a day begins meanwhile', async () => {
  const batch = await createTestBatch()
  const { sql } = batch
  const second: OtherJob = { name: 'journal_import', run: async () => DONE }
  const first: OtherJob = {
    name: 'journal_import',
    async run() {
      // It has run since yesterday.
      await sql`update batch.runs set period = period - 1`
      await expect(run(batch, batch.connect(), second, null)).rejects.toThrow(AlreadyRunningError)
      await run(batch, batch.connect(), { name: 'reviews_import', run: async () => DONE }, null)
      return DONE
    },
  }
  await run(batch, batch.connect(), first, null)
  await run(batch, batch.connect(), second, null)
  expect((await ledger(sql)).map(({ job, state }) => [job, state])).toEqual([
    ['journal_import', 'succeeded'],
    ['reviews_import', 'succeeded'],
    ['journal_import', 'succeeded'],
  ])
})
