import { describe, expect, test } from 'vitest'
import { placed, toLogEvents } from '#domain/testing/events.ts'
import { createTestBatch } from '#jobs/testing/batch.ts'
import { startJobsProcess } from '#jobs/testing/process.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'

async function jobs(databaseUrl: string, line: string) {
  const program = startJobsProcess({ entry: 'main.ts', args: line.split(' '), databaseUrl })
  const { code, stdout, stderr } = await program.ended
  return { code, stdout, stderr }
}

describe('npm run jobs', () => {
  test('backfills with no other process running, and keeps standard output clean for --json', async () => {
    const { url, sql } = await createTestBatch()
    const sale = placed({ id: '1', at: '2026-03-02T10:00:00+01:00' }, [
      { sku: 'tea', units: 1, unitPrice: '2.50' },
    ])
    await appendTestEvents(sql, toLogEvents(sale))
    const result = await jobs(url, 'backfill all --from 2026-03-01 --to 2026-03-31 --json')
    expect(result.code).toBe(0)
    expect(JSON.parse(result.stdout)).toMatchObject({
      from: '2026-03-01',
      to: '2026-03-31',
      jobs: expect.arrayContaining([{ job: 'daily_sales', runs: 1, rows: 1, failed: 0, taken: 0 }]),
      failures: [],
      blocked: [],
    })
    expect(result.stderr).toContain('daily_sales: 1 run, 1 row')
    const history = await jobs(url, 'history monthly_sales --json')
    expect(JSON.parse(history.stdout)).toMatchObject([
      {
        job: 'monthly_sales',
        store: 'berlin',
        period: '2026-03-01',
        state: 'succeeded',
        trigger: 'backfill',
        rowCount: 1,
      },
    ])
    const again = await jobs(url, 'run daily_sales --from 2025-01-01 --to 2025-01-31')
    expect(again).toMatchObject({
      code: 0,
      stdout: 'Nothing to run: the log has no events of 2025-01-01 to 2025-01-31.\n',
    })
  })

  test('fails with what the ledger keeps when a run fails', async () => {
    const { url, sql } = await createTestBatch()
    const sale = placed({ id: '1', at: '2026-03-02T10:00:00+01:00' }, [
      { sku: 'tea', units: 1, unitPrice: '2.50' },
    ])
    await appendTestEvents(sql, toLogEvents(sale))
    await sql`update log.event_log set total_gross = 1`
    const result = await jobs(url, 'run all --from 2026-03-01 --to 2026-03-31')
    expect(result.code).toBe(1)
    expect(result.stdout).toContain(
      'daily_product_sales of berlin, 2026-03-02 failed: does not add up to daily_sales',
    )
    expect(result.stdout).toContain(
      'monthly_product_sales of berlin, 2026-03-01 could not run: it waits for daily_product_sales 2026-03-02',
    )
  })

  test('reconciles, and the ledger has it', async () => {
    const { url } = await createTestBatch()
    const result = await jobs(url, 'run reconciliation --from 2026-03-01 --to 2026-03-02 --json')
    expect(result).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(result.stdout)).toMatchObject({ unexplained: 0, findings: [] })
    const history = await jobs(url, 'history reconciliation')
    expect(history.stdout).toMatch(/reconciliation +all +2026-03-01 +succeeded/)
  })

  test('says what is wrong with a command, and how to go on', async () => {
    const { url } = await createTestBatch()
    const result = await jobs(url, 'run daily_sales --from yesterday --to 2026-03-31')
    expect(result).toEqual({
      code: 2,
      stdout: '',
      stderr:
        '--from "yesterday" is not a date YYYY-MM-DD that exists, between 1900-01-01 and 2199-12-31\n"npm run jobs -- --help" shows how.\n',
    })
  })

  test('says what is wrong with the database', async () => {
    const result = await jobs('postgres://127.0.0.1:1/nothing', 'history')
    expect(result.code).toBe(1)
    expect(result.stderr).toContain('nothing listens there')
  })
})
