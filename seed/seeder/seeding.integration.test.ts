import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { type Program, startProgram } from '#platform/process.ts'
import { readSeedRecord } from '#seed/world/world-files.ts'

const UNTIL = '2026-11-20T12:00:00Z'
const WORLD = ['--days', '3', '--stores', '8', '--orders-per-day', '200', '--until', UNTIL]
/** Long enough to be met while it loads. */
const LONG_WORLD = ['--days', '60', '--stores', '8', '--orders-per-day', '2000', '--until', UNTIL]

// Whole processes on a machine that does other things beside.
describe('the seeder', () => {
  let database: TestDatabase
  let dataDir: string
  beforeEach(async () => {
    database = await createTestDatabase()
    dataDir = await mkdtemp(path.join(os.tmpdir(), 'tillstream-seeding-'))
  })
  afterEach(async () => {
    await database.drop()
    await rm(dataDir, { recursive: true })
  })

  function start(entry: string, args: readonly string[]): Program {
    const settings = { DATABASE_URL: database.url, DATA_DIR: dataDir, LOG_LEVEL: 'warn' }
    const program = startProgram({ entry, args, settings })
    onTestFinished(() => program.kill('SIGKILL'))
    return program
  }

  async function isTrue(condition: string): Promise<boolean> {
    const [row] = await database.sql.unsafe<{ is: boolean }[]>(`select (${condition}) as is`)
    return row?.is === true
  }

  async function until(condition: string): Promise<void> {
    while (!(await isTrue(condition))) await sleep(20)
  }

  const RANGE = ['--from', '2026-11-17', '--to', '2026-11-21']
  const IS_EMPTY = `not exists (select from log.event_log) and not exists (select from log.event_keys)`
  const SEEDER_IS_GONE = `not exists (
    select from pg_stat_activity where datname = current_database() and application_name = 'tillstream seed')`

  test('takes its history through both paths, and refuses to do it twice', async () => {
    const first = await start('seed/seeder/main.ts', ['--json', ...WORLD]).ended
    expect(first).toMatchObject({ code: 0, output: expect.stringContaining('nothing unexplained') })
    const times: unknown = JSON.parse(first.output.split('\n').find(line => line.startsWith('{')) ?? '')
    expect(times).toMatchObject({
      parts: ['history', 'stream path', 'batch path', 'reconciliation'].map(name =>
        expect.objectContaining({ name }),
      ),
    })
    const second = await start('seed/seeder/main.ts', WORLD).ended
    expect(second).toMatchObject({ code: 1, output: expect.stringMatching(/already holds events.*--reset/s) })
    expect((await start('server/serving/reconcile/main.ts', RANGE).ended).code).toBe(0)
  })

  test('killed while it loads leaves a log that is empty, which the next one fills', async () => {
    const killed = start('seed/seeder/main.ts', LONG_WORLD)
    await until(
      `exists (select from pg_stat_progress_copy where datname = current_database() and relid = 'log.event_log'::regclass)`,
    )
    killed.kill('SIGKILL')
    await killed.ended
    await until(SEEDER_IS_GONE)
    expect(await isTrue(IS_EMPTY)).toBe(true)
    expect(await start('seed/seeder/main.ts', WORLD).ended).toMatchObject({ code: 0 })
    expect(await isTrue(IS_EMPTY)).toBe(false)
  })

  test('killed when its history is loaded leaves the rest to the services', async () => {
    const killed = start('seed/seeder/main.ts', WORLD)
    await until(`not (${IS_EMPTY})`)
    killed.kill('SIGKILL')
    await killed.ended
    expect(await readSeedRecord(dataDir)).toMatchObject({ ordersPerDay: 200 })
    // As the demo starts them when it finds a log that is not empty.
    const services = [start('server/stream/main.ts', []), start('jobs/schedule/main.ts', [])]
    await until(`
      (select coalesce(sum("offset"), 0) from stream.checkpoints)
        = (select sum(l."offset") from log.partitions p cross join lateral log.last_position(p.partition) l)
      and not exists (
        select from log.event_log e
        where e.type like 'order.%' and not exists (
          select from batch.daily_product_sales d where d.store = e.store and d.business_day = e.business_day))`)
    // What is due and not there yet is a finding until the batch path has come to it.
    await vi.waitFor(
      async () => {
        const reconciled = await start('server/serving/reconcile/main.ts', RANGE).ended
        expect(reconciled).toMatchObject({ code: 0, output: expect.stringContaining('Unexplained: 0') })
      },
      { timeout: 200_000, interval: 500 },
    )
    for (const service of services) service.kill('SIGKILL')
    await Promise.all(services.map(service => service.ended))
  })
})
