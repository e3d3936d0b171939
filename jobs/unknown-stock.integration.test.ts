import { expect, test } from 'vitest'
import { addTestStores } from '#db/testing/stores.ts'
import { partitionOf } from '#domain/partition.ts'
import { REPORTS } from '#domain/reports.ts'
import { unchangingStore } from '#domain/store.ts'
import { counted, placed, toLogEvents } from '#domain/testing/events.ts'
import { EXAMPLE_STORES } from '#domain/testing/stores.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { createTestBatch, ranSlots } from './testing/batch.ts'

const RANGE = { from: '2016-01-01', to: '2021-12-31' }
const ALL = REPORTS.map(({ name }) => name)
const TEA = [{ sku: 'tea', units: 1, unitPrice: '5.00' }]

/** Twenty stores with two sales each, five years apart; nobody has ever counted or received anything. */
async function createSparseYears() {
  const batch = await createTestBatch()
  const [example] = EXAMPLE_STORES
  if (!example) throw new Error('there is an example store')
  const stores = Array.from({ length: 20 }, (_, index) => {
    const id = `s${index}`
    return unchangingStore({ ...example, id, name: id, partition: partitionOf(id, 4) })
  })
  await addTestStores(batch.sql, stores)
  const byId = new Map(stores.map(store => [store.id, store]))
  const send = (sent: Parameters<typeof toLogEvents>[0]) =>
    appendTestEvents(batch.sql, toLogEvents(sent, { stores: byId }))
  for (const { id: store } of stores) {
    for (const year of [2016, 2021]) {
      await send(placed({ id: `${store}-${year}`, at: `${year}-01-02T10:00:00+01:00`, store }, TEA))
    }
  }
  return { ...batch, send }
}

test('Forty sales in six years make as many days of reports, and none of stock that nobody knows', async () => {
  const { sql, run, runDue, send } = await createSparseYears()
  const { blocked, sets } = await run(ALL, RANGE)
  expect(blocked).toEqual([])
  expect(sets.flatMap(({ failed }) => failed)).toEqual([])
  const [runs] = await sql`
    select count(*) filter (where job like '%inventory') as of_stock, count(*) as all from batch.runs`
  // Of each store two days, two weeks and two months: five reports by day, one by week, four by month.
  expect(runs).toEqual({ of_stock: 0, all: 20 * 2 * (5 + 1 + 4) })
  expect(ranSlots(await runDue('2021-12-31T12:00:00Z'))).toEqual([])

  // One store counts: its stock is known from that day on, that of the others is not.
  await send(counted({ id: 'count', at: '2021-01-02T09:00:00+01:00', store: 's3' }, [{ sku: 'A', units: 7 }]))
  const ran = ranSlots(await runDue('2021-12-31T12:00:00Z')).filter(slot => slot.includes('inventory'))
  expect(ran).toEqual(['daily_inventory s3 2021-01-02', 'monthly_inventory s3 2021-01-01'])
  expect(await sql`select store, sku, opening, closing from batch.daily_inventory`).toEqual([
    { store: 's3', sku: 'A', opening: 0, closing: 7 },
  ])
})
