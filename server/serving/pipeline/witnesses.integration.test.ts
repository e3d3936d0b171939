import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { placed } from '#domain/testing/events.ts'
import type { FindingKind } from '#server/serving/reconcile/findings.ts'
import { readStandingFindings } from '#server/serving/reconcile/standing-findings.ts'
import { readSideBySide } from '#server/serving/side-by-side/side-by-side.ts'
import { createTestPaths, type TestPaths } from '#server/serving/testing/paths.ts'
import { readWitnesses } from './witnesses.ts'

const DAY = '2026-03-02'
const TEA = [{ sku: 'tea', units: 2, unitPrice: '2.50' }]

let database: TestDatabase
let paths: TestPaths

beforeAll(async () => {
  database = await createTestDatabase()
  paths = await createTestPaths(database.sql)
  await paths.send([placed({ id: 'o-1', at: `${DAY}T10:00:00+01:00` }, TEA)])
  await paths.batch({ store: 'berlin', day: DAY })
  await paths.stream()
})
afterAll(() => database.drop())

/** A comparison of the day, as a reconciliation leaves it. */
async function compare(runId: number, unexplained = 0): Promise<void> {
  await database.sql`
    insert into recon.reconciliation (business_day, store, currency, metric, batch, stream, after_batch, before_stream,
      rule_version, unexplained, after_batch_events, before_stream_events, run_id, batch_through, stream_through,
      partition, computed_at)
    values (${DAY}, 'berlin', 'EUR', 'net', 5, 5, 0, 0, 0, ${unexplained}, 0, 0, ${runId}, 1, 1, 0, now())
    on conflict (store, business_day, currency, metric) do update
      set run_id = excluded.run_id, unexplained = excluded.unexplained`
}

async function find(
  runId: number,
  rowKey: Record<string, string>,
  kind: FindingKind = 'audit row',
): Promise<void> {
  await database.sql`
    insert into recon.findings (run_id, kind, path, relation, row_key, metric)
    values (${runId}, ${kind}, 'batch', 'batch.daily_sales', ${database.sql.json(rowKey)}, 'net')`
}

/** A run of the ledger that found nothing. */
async function look(runId: number, depth: 'figures' | 'rows'): Promise<void> {
  await database.sql`
    insert into batch.runs (run_id, job, store, period, range_to, partition, state, trigger, attempt, code_version,
      rules_version, finished_at, backend_pid, backend_start, depth)
    overriding system value
    values (${runId}, 'reconciliation', 'all', ${DAY}, ${DAY}, 0, 'succeeded', 'schedule', 1, '1', 1, now(), 1, now(), ${depth})`
}

it('says that all witnesses agree only of what was compared, and of nothing found since', async () => {
  const { sql } = database
  expect(await readWitnesses({ sql })).toMatchObject({ verdict: 'never', storeDaysNotCompared: 1 })

  await compare(1)
  expect(await readWitnesses({ sql })).toMatchObject({
    verdict: 'agree',
    compared: { figures: 1, from: DAY },
  })
  await compare(2, 100)
  expect(await readWitnesses({ sql })).toMatchObject({
    verdict: 'found',
    unexplained: [{ store: 'berlin', figures: 1 }],
  })

  await compare(3)
  await find(3, { store: 'berlin', business_day: DAY })
  const found = await readWitnesses({ sql })
  expect(found).toMatchObject({
    verdict: 'found',
    findings: [{ store: 'berlin', kind: 'audit row', findings: 1 }],
  })
  const scope = { from: DAY, to: DAY, stores: [], currency: 'EUR' }
  expect((await readSideBySide(sql, scope)).findings).toEqual(found.findings)
  expect((await readSideBySide(sql, { ...scope, stores: ['tokyo'] })).findings).toEqual([])
  expect((await readSideBySide(sql, { ...scope, from: '2026-03-03', to: '2026-03-03' })).findings).toEqual([])

  // The day reconciled again, and nothing found: it stands no more.
  await compare(4)
  expect((await readWitnesses({ sql })).verdict).toBe('agree')
})

it('lets a finding without a day stand until rows are audited again', async () => {
  const { sql } = database
  await compare(5)
  await find(5, { store: 'berlin', sku: 'tea' })
  await compare(6)
  expect((await readWitnesses({ sql })).verdict).toBe('found')
  await look(7, 'figures')
  expect(await sql.begin(reading => readStandingFindings(reading, null))).toHaveLength(1)
  await look(8, 'rows')
  expect(await sql.begin(reading => readStandingFindings(reading, null))).toEqual([])
})

it('lets a row that differs stand until rows are audited again, and a till until its day is looked at', async () => {
  const { sql } = database
  const standing = async () => (await readStandingFindings(sql, null)).map(({ kind }) => kind)
  const day = { store: 'berlin', business_day: DAY }
  await find(20, day, 're-derived')
  await find(20, day, 'z report')
  expect(await standing()).toEqual(['re-derived', 'z report'])
  await look(21, 'figures')
  await compare(21)
  expect(await standing()).toEqual(['re-derived'])
  await look(22, 'rows')
  expect(await standing()).toEqual([])
})

it('says that the newest run gave no verdict, in its own words', async () => {
  const { sql } = database
  await sql`
    insert into batch.runs (run_id, job, store, period, partition, state, trigger, attempt, code_version,
      rules_version, finished_at, backend_pid, backend_start, error)
    overriding system value
    values (29, 'reconciliation', 'all', ${DAY}, 0, 'failed', 'schedule', 1, '1', 1, now(), 1, now(), 'the disk is full')`
  expect(await readWitnesses({ sql })).toMatchObject({ verdict: 'partly', failure: 'the disk is full' })
})

it('says which days of the log no audit reads any more, and since when their files were read back', async () => {
  const { sql } = database
  expect((await readWitnesses({ sql })).heldByArchive).toBeNull()
  await sql`
    insert into log.archived_days (append_day, archive, file, sha256, rows, contents, first_offsets, last_offsets, verified_at,
      dropped_at)
    select day, 'folder', 'file', 'sum', 10, '1', '{1}', '{10}', day + interval '30 days', case when day < '2025-11-03' then now() end
    from generate_series(date '2025-11-01', '2025-11-03', '1 day') day`
  expect((await readWitnesses({ sql })).heldByArchive).toEqual({
    first: '2025-11-01',
    last: '2025-11-02',
    entries: 20,
    readBackAt: Date.parse('2025-12-01T00:00:00Z'),
  })
})
