import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { addTestStores } from '#db/testing/stores.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { ordered, placed, received, toLogEvents } from '#domain/testing/events.ts'
import { EXAMPLE_STORES } from '#domain/testing/stores.ts'
import { runProgram } from '#platform/process.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { POISONED_DETAILS, POISONED_ORDERS, writeRow } from '#server/log/testing/poison.ts'
import { acceptSetAside, listSetAside } from '#server/serving/pipeline/set-aside.ts'
import { describeReconciliation } from './describe-reconciliation.ts'
import { isClean, reconcile } from './reconcile.ts'

const DAY = '2026-03-02'
const SCOPE = { from: DAY, to: DAY, stores: [] }

let database: TestDatabase

beforeEach(async () => {
  database = await createTestDatabase()
  await addTestStores(database.sql, EXAMPLE_STORES)
})
afterEach(() => database.drop())

function sale(id: string, store = 'berlin'): LogEvent[] {
  return toLogEvents(
    placed({ id, at: `${DAY}T10:00:00+01:00`, store }, [
      { sku: 'tea', units: 1, unitPrice: '2.50' },
      { sku: 'milk', units: 1, unitPrice: '1.00' },
    ]),
  )
}
const PARTITION = sale('p')[0]?.partition ?? 0

/** Both paths as they run, to the end of the log. */
async function runBoth(): Promise<void> {
  const settings = { DATABASE_URL: database.url, NODE_OPTIONS: '' }
  await runProgram({ entry: 'server/stream/main.ts', args: ['--until-caught-up'], settings })
  await runProgram({ entry: 'jobs/main.ts', args: ['run', 'all', '--from', DAY, '--to', DAY], settings })
}

test('what neither path can count is told event by event, and of all other stores and figures nothing is', async () => {
  const { sql } = database
  await appendTestEvents(sql, [...sale('a'), ...sale('b', 'berlin-west'), ...sale('c', 'kolkata')])
  const offsets: number[] = []
  for (const changes of Object.values({ ...POISONED_ORDERS, ...POISONED_DETAILS })) {
    offsets.push(await writeRow(sql, PARTITION, changes))
  }
  await appendTestEvents(sql, sale('d'))
  await runBoth()
  const result = await reconcile(sql, SCOPE)
  expect(result.unexplained).toBe(0)
  expect([...new Set(result.findings.map(({ kind }) => kind))]).toEqual(['cannot be digested'])
  expect(isClean(result)).toBe(false)
  const ofBatch = result.findings.filter(({ path }) => path === 'batch')
  expect(ofBatch.map(({ rowKey }) => rowKey.offset)).toEqual(offsets)
  // Reviews, tills and tenders are none of the stream's business.
  const ofStream = result.findings.filter(({ path }) => path === 'stream')
  expect(ofStream.map(({ rowKey }) => rowKey.offset)).toEqual(
    offsets.slice(0, Object.keys(POISONED_ORDERS).length),
  )
  expect(describeReconciliation(result)).toContain('cannot be digested')
  const orders = result.totals.find(({ metric, currency }) => metric === 'orders' && currency === 'EUR')
  expect(orders).toMatchObject({ unexplained: '0', batch: '3' })

  const elsewhere = await reconcile(sql, { ...SCOPE, stores: ['kolkata'] })
  expect(elsewhere.findings.filter(({ rowKey }) => rowKey.store !== '')).toEqual([])
  for (const { path, partition, offset } of (await listSetAside({ sql })).events) {
    await acceptSetAside({ sql }, { path, partition, offset, because: 'a test', by: null })
  }
  expect((await reconcile(sql, SCOPE)).findings).toEqual([])
})

test('a purchase or delivery that was set aside is told once, and its order is what the others say of it', async () => {
  const { sql } = database
  const of = { at: `${DAY}T10:00:00+01:00`, purchaseOrderId: 'PO-1' }
  const poison = { total_units: '9223372036854775807' }
  await appendTestEvents(sql, toLogEvents(ordered({ id: 'o', ...of }, [{ sku: 'tea', units: 10 }])))
  const offsets = [await writeRow(sql, PARTITION, poison)]
  await appendTestEvents(sql, toLogEvents(received({ id: 'r', ...of }, [{ sku: 'tea', units: 4 }])))
  offsets.push(await writeRow(sql, PARTITION, poison))
  await runBoth()
  const { findings } = await reconcile(sql, SCOPE)
  expect(findings.map(({ kind, path, rowKey }) => [kind, path, rowKey.offset])).toEqual(
    ['batch', 'stream'].flatMap(path => offsets.map(offset => ['cannot be digested', path, offset])),
  )
  expect(await sql`select open, state from reports.purchase_orders`).toEqual([{ open: 6, state: 'open' }])
})

test('what one path counts and the other cannot stands in the difference, with its effect', async () => {
  const { sql } = database
  await appendTestEvents(sql, sale('a'))
  await writeRow(sql, PARTITION, { tender: null, details: { tenders: 'cash' } })
  await runBoth()
  const result = await reconcile(sql, SCOPE)
  expect(result.unexplained).toBe(0)
  expect(result.differing).toContainEqual(
    expect.objectContaining({
      store: 'berlin',
      metric: 'net',
      batch: '3.5000',
      stream: '7.0000',
      afterBatch: '3.5000',
    }),
  )
})

test('a store-day that fails and one that nobody has run are reports that are not published', async () => {
  const { sql } = database
  await appendTestEvents(sql, [...sale('a'), ...sale('b', 'kolkata')])
  await sql`alter table batch.hourly_sales add constraint refusing check (store <> 'kolkata')`
  const settings = { DATABASE_URL: database.url, NODE_OPTIONS: '' }
  await runProgram({ entry: 'server/stream/main.ts', args: ['--until-caught-up'], settings })
  const unpublished = async () =>
    (await reconcile(sql, SCOPE)).findings
      .filter(({ kind }) => kind === 'report not published')
      .map(({ relation, rowKey, detail }) => `${relation} ${rowKey.store}: ${detail?.includes('failed:')}`)
  expect(await unpublished()).toEqual(['batch.daily_sales berlin: false', 'batch.daily_sales kolkata: false'])
  await expect(
    runProgram({ entry: 'jobs/main.ts', args: ['run', 'all', '--from', DAY, '--to', DAY], settings }),
  ).rejects.toThrow('refusing')
  expect(await unpublished()).toEqual(['batch.hourly_sales kolkata: true'])
  await sql`alter table batch.hourly_sales drop constraint refusing`
  await runProgram({ entry: 'jobs/main.ts', args: ['run', 'all', '--from', DAY, '--to', DAY], settings })
  expect(await unpublished()).toEqual([])
})
