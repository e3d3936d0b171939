import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { readSnapshot } from '#db/transaction.ts'
import { formatInstant, HOUR_MS } from '#domain/instant.ts'
import { counted, ordered, placed } from '#domain/testing/events.ts'
import { runCommand } from '#server/serving/testing/command.ts'
import { createTestPaths } from '#server/serving/testing/paths.ts'
import { auditEpisodes } from './audit-episodes.ts'

let database: TestDatabase
const began = Date.now() - 2 * HOUR_MS
const at = (minutes: number) => formatInstant(began + minutes * 60_000)

beforeAll(async () => {
  database = await createTestDatabase()
  const { sql } = database
  const paths = await createTestPaths(sql)
  await sql`insert into ref.suppliers values ('leaf', 'Leaf & Co')`
  await sql`insert into ref.supply_terms (sku, valid_from, supplier, unit_cost, currency, lead_time_days)
    select sku, 'epoch', 'leaf', 10000, 'EUR', 2 from unnest(array['tea', 'cup', 'pan']) sku`
  await sql`insert into ref.demand_forecasts (store, sku, valid_from, method, units_by_weekday, spread, days)
    select 'berlin', sku, 'epoch', 'average-28', array_fill(24, array[7]), 4, 56 from unnest(array['tea', 'cup', 'pan']) sku`
  await paths.send([
    counted({ id: 'c-1', at: at(0) }, [
      { sku: 'tea', units: 20 },
      { sku: 'cup', units: 200 },
      { sku: 'pan', units: 3 },
      { sku: 'mug', units: 0 },
    ]),
    ordered({ id: 'p-1', at: at(1), purchaseOrderId: 'p-1' }, [{ sku: 'pan', units: 10 }]),
    placed({ id: 's-1', at: at(10) }, [{ sku: 'tea', units: 1, unitPrice: '5' }]),
  ])
  const { code, stderr } = await runCommand(database.url, 'server/stream/main.ts', ['--until-caught-up'])
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
})
afterAll(() => database.drop())

const audit = () =>
  readSnapshot(database.sql, reading =>
    auditEpisodes(reading, { from: '2026-01-01', to: '2026-01-01', stores: [] }, 1),
  )

test('what the stream has judged by forecast is found right, and what is changed about it is found', async () => {
  const { sql } = database
  expect(await sql`select sku, rule from stream.episodes order by sku`).toEqual([
    { sku: 'mug', rule: 'out_of_stock' },
    { sku: 'pan', rule: 'stockout_before_delivery' },
    { sku: 'tea', rule: 'stockout_before_delivery' },
  ])
  expect(await audit()).toEqual([])
  const planted = async (statement: string) => {
    await sql.unsafe(statement)
    return (await audit()).map(({ rowKey, metric }) => [rowKey.sku ?? rowKey.alert_id, metric])
  }
  expect(await planted(`update stream.episodes set rule = 'low_stock' where sku = 'tea'`)).toEqual([
    [expect.stringContaining('tea'), 'rule stockout_before_delivery'],
  ])
  await sql`update stream.episodes set rule = 'stockout_before_delivery' where sku = 'tea'`
  expect(await planted(`update stream.episodes set state = 'resolved' where sku = 'tea'`)).toEqual([
    ['tea', 'row'],
  ])
  await sql`update stream.episodes set state = 'open' where sku = 'tea'`
  expect(
    await planted(
      `update ref.demand_forecasts set units_by_weekday = array_fill(0, array[7]) where sku = 'tea'`,
    ),
  ).toEqual([[expect.stringContaining('tea'), 'row']])
})
