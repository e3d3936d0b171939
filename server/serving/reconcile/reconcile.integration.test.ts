import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { STREAM_TABLES } from '#db/testing/stream-tables.ts'
import { counted, placed, received, returned, voided } from '#domain/testing/events.ts'
import { describeReconciliation } from '#server/serving/reconcile/describe-reconciliation.ts'
import { createTestPaths, type TestPaths } from '#server/serving/testing/paths.ts'
import { isClean, RunLostError, reconcile, runReconciliation } from './reconcile.ts'

const DAY = '2026-03-02'
const NEXT_DAY = '2026-03-03'
const SCOPE = { from: DAY, to: NEXT_DAY, stores: [] }
const TEA = [{ sku: 'tea', units: 2, unitPrice: '2.50', discount: '0.10' }]

let database: TestDatabase
let paths: TestPaths

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  await database.sql`truncate log.event_log, log.event_keys, ${database.sql(STREAM_TABLES)},
    batch.runs, batch.current_runs, batch.day_head, batch.planner_checkpoints,
    batch.daily_sales, batch.hourly_sales, batch.daily_product_sales, recon.reconciliation, recon.findings,
    live.ops_lane`
  paths = await createTestPaths(database.sql)
  await paths.send([
    received({ id: 's-1', at: `${DAY}T08:00:00+01:00` }, [{ sku: 'tea', units: 10 }]),
    counted({ id: 's-2', at: `${DAY}T09:00:00+01:00` }, [{ sku: 'tea', units: 9 }]),
    placed({ id: 'o-1', at: `${DAY}T10:00:00+01:00`, customer: 'c-1' }, TEA),
    placed({ id: 'o-2', at: `${DAY}T11:00:00+01:00`, customer: 'c-2' }, TEA),
    voided({ id: 'v-2', orderId: 'o-2', at: `${DAY}T11:01:00+01:00`, customer: 'c-2' }, TEA),
    returned({ id: 'r-1', at: `${NEXT_DAY}T10:00:00+01:00` }, [{ sku: 'tea', units: 1, refund: '2.45' }]),
    placed({ id: 'k-1', at: `${DAY}T10:10:00+05:30`, store: 'kolkata' }, TEA),
  ])
})

async function runBoth(): Promise<void> {
  for (const day of [DAY, NEXT_DAY]) await paths.batch({ store: 'berlin', day })
  await paths.batch({ store: 'kolkata', day: DAY })
  await paths.stream()
}

describe('the reconciliation', () => {
  it('finds no difference and no odd row where both paths have read everything', async () => {
    await runBoth()
    const result = await reconcile(database.sql, SCOPE)
    expect(result.findings).toEqual([])
    expect(result).toMatchObject({ compared: 24, differing: [], unexplained: 0 })
    expect(isClean(result)).toBe(true)
    expect(describeReconciliation(result)).toContain('no difference; every row agrees with the log')
  })

  it('explains both paths being ahead of each other, and keeps it for the view', async () => {
    await runBoth()
    await paths.send([placed({ id: 'o-3', at: `${DAY}T12:00:00+01:00` }, TEA)])
    await paths.stream()
    const sent = await paths.send([placed({ id: 'k-2', at: `${DAY}T12:00:00+05:30`, store: 'kolkata' }, TEA)])
    await paths.batch({ store: 'kolkata', day: DAY })
    const result = await reconcile(database.sql, SCOPE)
    expect(isClean(result)).toBe(true)
    expect(result.differing).toContainEqual({
      businessDay: DAY,
      store: 'berlin',
      currency: 'EUR',
      metric: 'net',
      batch: '4.9000',
      stream: '9.8000',
      difference: '4.9000',
      afterBatch: '4.9000',
      beforeStream: '0.0000',
      ruleVersion: '0.0000',
      unexplained: '0.0000',
    })
    expect(result.differing).toContainEqual(
      expect.objectContaining({ store: 'kolkata', metric: 'orders', difference: '-1', beforeStream: '1' }),
    )
    const [row] = await database.sql`
      select difference, after_batch, before_stream, unexplained, run_id, before_stream_events, through
      from reports.reconciliation where store = 'kolkata' and metric = 'net'`
    const [event] = sent
    expect(row).toMatchObject({
      difference: '-4.9000',
      after_batch: '0.0000',
      before_stream: '4.9000',
      unexplained: '0.0000',
      run_id: result.runId,
      before_stream_events: 1,
      through: { batch: { [String(event?.partition)]: event?.offset } },
    })
    expect(describeReconciliation(result)).toContain('all explained')
  })

  it('compares only what it is asked for', async () => {
    await runBoth()
    expect(await reconcile(database.sql, { from: NEXT_DAY, to: NEXT_DAY, stores: [] })).toMatchObject({
      compared: 8,
    })
    expect(await reconcile(database.sql, { ...SCOPE, stores: ['kolkata'] })).toMatchObject({ compared: 8 })
    const nothing = await reconcile(database.sql, { from: '2020-01-01', to: '2020-01-02', stores: [] })
    expect(describeReconciliation(nothing)).toContain('Nothing to compare')
  })

  it('settles two at once: both finish, one set of rows stands', async () => {
    await runBoth()
    const results = await Promise.all([1, 2, 3].map(() => reconcile(database.sql, SCOPE)))
    expect(results.every(isClean)).toBe(true)
    const [row] = await database.sql<{ runs: number; rows: number }[]>`
      select count(distinct run_id) as runs, count(*) as rows from recon.reconciliation`
    expect(row).toEqual({ runs: 1, rows: 24 })
  })
})

describe('a planted mutation of one row', () => {
  const plants: [relation: string, statement: string, metric: string, unexplained: boolean][] = [
    ['stream.windows', `update stream.windows set gross = gross + 1 where store = 'kolkata'`, 'gross', true],
    ['stream.windows', `update stream.windows set units = units - 1 where orders = -1`, 'units', true],
    [
      'stream.windows',
      `update stream.windows set late_net = late_net + 1 where orders = -1`,
      'late_net',
      false,
    ],
    [
      'stream.windows',
      `update stream.windows set revision = revision + 1 where orders = -1`,
      'revision',
      false,
    ],
    ['stream.windows', `update stream.windows set bulk_events = 7 where orders = -1`, 'bulk_events', false],
    [
      'stream.windows',
      `update stream.windows set window_start = window_start + interval '1 minute' where orders = -1`,
      'row',
      false,
    ],
    [
      'stream.windows',
      `update stream.windows set business_day = business_day + 1 where store = 'kolkata'`,
      'row',
      true,
    ],
    ['stream.windows', `delete from stream.windows where store = 'kolkata'`, 'row', true],
    [
      'stream.stock',
      `update stream.stock set on_hand = on_hand - 1 where store = 'berlin'`,
      'on_hand',
      false,
    ],
    ['stream.stock', `update stream.stock set on_order = 4 where store = 'berlin'`, 'on_order', false],
    ['stream.stock', `delete from stream.stock where store = 'berlin'`, 'row', false],
    [
      'batch.daily_sales',
      `update batch.daily_sales set orders = orders + 1 where store = 'kolkata'`,
      'orders',
      true,
    ],
    [
      'batch.daily_sales',
      `update batch.daily_sales set customers = 9 where store = 'berlin' and business_day = '${DAY}'`,
      'customers',
      false,
    ],
    [
      'batch.daily_sales',
      `update batch.daily_sales set channel = 'online' where store = 'kolkata'`,
      'row',
      false,
    ],
    ['batch.daily_sales', `delete from batch.daily_sales where store = 'kolkata'`, 'row', true],
    [
      'batch.hourly_sales',
      `update batch.hourly_sales set discounts = discounts + 5 where store = 'kolkata'`,
      'discounts',
      false,
    ],
    ['batch.hourly_sales', `delete from batch.hourly_sales where store = 'kolkata'`, 'row', false],
    [
      'batch.daily_product_sales',
      `update batch.daily_product_sales set returns = returns + 1 where business_day = '${NEXT_DAY}'`,
      'returns',
      false,
    ],
    [
      'batch.daily_product_sales',
      `insert into batch.daily_product_sales select business_day, store, channel, 'ghost', currency, 1, 1, 0, 0, 0, run_id
       from batch.daily_product_sales where store = 'kolkata'`,
      'row',
      false,
    ],
  ]

  it.each(plants)('in %s is found and named: %s', async (relation, statement, metric, unexplained) => {
    const { sql } = database
    await runBoth()
    const changed = await sql.unsafe(statement)
    expect(changed.count).toBe(1)
    const result = await reconcile(sql, SCOPE)
    expect(isClean(result)).toBe(false)
    expect(result.findings).toContainEqual(expect.objectContaining({ relation, metric }))
    expect(new Set(result.findings.map(finding => finding.relation))).toEqual(new Set([relation]))
    expect(result.unexplained > 0).toBe(unexplained)
    const kept =
      await sql`select relation, row_key, metric, stored, expected from recon.findings where run_id = ${result.runId}`
    expect(kept).toHaveLength(result.findings.length)
    const told = describeReconciliation(result)
    expect(told).toContain('UNEXPLAINED')
    expect(told).toContain(relation)
  })

  it('fails the job, which tells the dashboard', async () => {
    const { sql } = database
    await runBoth()
    await expect(runReconciliation(sql, SCOPE)).resolves.toMatchObject({ unexplained: 0 })
    await sql`update stream.windows set gross = gross + 10000 where store = 'kolkata'`
    await expect(runReconciliation(sql, { ...SCOPE, runId: 4711 })).rejects.toThrow(
      /gross of kolkata on 2026-03-02: 1\.0000 INR; 1 findings, the first in stream\.windows .*gross is 6\.0000, the log says 5\.0000/,
    )
    const lane = await sql<
      { kind: string; payload: Record<string, unknown> }[]
    >`select kind, payload from live.ops_lane`
    expect(lane).toMatchObject([
      { kind: 'unexplained', payload: { runId: 4711, findings: 1, unexplained: 2 } },
    ])
  })
})

describe('a reconciliation whose run was taken away while it audited', () => {
  it.each(['rows', 'figures'] as const)('fails and keeps nothing of it: %s', async depth => {
    const { sql } = database
    await runBoth()
    const [run] = await sql<{ runId: number }[]>`
      insert into batch.runs (job, store, period, range_to, depth, state, trigger, attempt, code_version, rules_version,
        partition, backend_pid, backend_start)
      values ('reconciliation', 'all', ${DAY}, ${NEXT_DAY}, ${depth}, 'running', 'schedule', 1, '1', 1, 0, 0, now())
      returning run_id as "runId"`
    const taken = Promise.withResolvers<void>()
    // It cannot write its figures before this ends, so its snapshot is older than what this does to its run.
    const holding = sql.begin(async transaction => {
      await transaction`lock table recon.reconciliation in exclusive mode`
      await taken.promise
    })
    const reconciling = runReconciliation(sql, { ...SCOPE, depth, runId: run?.runId ?? 0 })
    const outcome = expect(reconciling).rejects.toThrow(RunLostError)
    await vi.waitFor(
      async () => {
        const [waiting] =
          await sql`select from pg_locks where relation = 'recon.reconciliation'::regclass and not granted`
        expect(waiting).toBeDefined()
      },
      { timeout: 60_000 },
    )
    await sql`update batch.runs set state = 'abandoned' where run_id = ${run?.runId ?? 0}`
    taken.resolve()
    await holding
    await outcome
    expect(await sql`select from recon.reconciliation`).toHaveLength(0)
  })
})

describe('a reconciliation of figures only', () => {
  const quick = { ...SCOPE, depth: 'figures' } as const

  it('compares as much as one that audits every row', async () => {
    await runBoth()
    const { compared, differing } = await reconcile(database.sql, SCOPE)
    expect(await reconcile(database.sql, quick)).toMatchObject({ compared, differing, findings: [] })
  })

  it.each([
    ['stream.windows', `update stream.windows set gross = gross + 1 where store = 'kolkata'`],
    ['batch.hourly_sales', `update batch.hourly_sales set units = units + 1 where store = 'kolkata'`],
  ])('audits and names the row when figures or checksums show anything: %s', async (relation, statement) => {
    await runBoth()
    await database.sql.unsafe(statement)
    const { findings } = await reconcile(database.sql, quick)
    expect(findings).toEqual([expect.objectContaining({ relation })])
  })

  it('leaves to the hourly audit what no figure of a day shows', async () => {
    await runBoth()
    await database.sql`update stream.stock set on_hand = on_hand - 1 where store = 'berlin'`
    expect(isClean(await reconcile(database.sql, quick))).toBe(true)
    expect(isClean(await reconcile(database.sql, SCOPE))).toBe(false)
  })
})
