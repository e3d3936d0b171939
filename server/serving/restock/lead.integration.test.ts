import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { addTestStores } from '#db/testing/stores.ts'
import { HOUR_MS, type Instant } from '#domain/instant.ts'
import { EXAMPLE_STORES } from '#domain/testing/stores.ts'
import { actOnAlerts } from './alert-actions.ts'
import { readOpenAlerts } from './alerts.ts'

const ALL = { stores: [], rules: [] }
const now = Date.now()
let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
  await addTestStores(database.sql, EXAMPLE_STORES)
})
afterAll(() => database.drop())

/** A plan for Berlin: what runs out in so many hours, against what comes in so many. */
async function plan(rows: Record<string, [runsOut: number, helps: number]>): Promise<void> {
  const { sql } = database
  await sql.begin(async transaction => {
    await transaction`delete from batch.replenishment`
    for (const [sku, [runsOut, helps]] of Object.entries(rows)) {
      await transaction`
        insert into batch.replenishment (store, sku, run_id, on_hand, on_order, position, demand_per_day, suggested_units,
          runs_out_at, order_arrives_at, verdict, missed_units, missed_spread)
        values ('berlin', ${sku}, 1, 9, 0, 9, 24, 12, ${new Date(now + runsOut * HOUR_MS)},
          ${new Date(now + helps * HOUR_MS)}, 'short', 0, 0)`
    }
    await transaction`select batch.note_shortages(array['berlin'])`
  })
}

async function episode(sku: string, openedAt: Instant, resolvedAt: Instant | null = null): Promise<void> {
  await database.sql`
    insert into stream.episodes (generation, alert_id, store, sku, partition, rule, rule_version, severity, state, opened_at,
      opened_offset, amended_at, amended_offset, resolved_at, on_hand, on_order, processed_at)
    values (1, ${`berlin/${sku}`}, 'berlin', ${sku}, 0, 'stockout_before_delivery', 2, 'warning',
      ${resolvedAt === null ? 'open' : 'resolved'}, ${new Date(openedAt)}, 1, ${new Date(openedAt)}, 1,
      ${resolvedAt === null ? null : new Date(resolvedAt)}, 4, 0, now())`
}

const shown = async () => {
  const { alerts, lead } = await readOpenAlerts(database.sql, ALL)
  return { lead, alerts: new Map(alerts.map(alert => [alert.sku, alert])) }
}

test('what only the nightly plan calls short is listed as its alert, and can be taken care of', async () => {
  const { sql } = database
  // What must be ordered but will come in time is a proposal, and no alert.
  await plan({ tea: [10, 40], cup: [50, 40] })
  const { alerts } = await shown()
  expect([...alerts.keys()]).toEqual(['tea'])
  const tea = alerts.get('tea')
  expect(tea).toMatchObject({
    rule: 'stockout_before_delivery',
    raisedBy: 'batch',
    streamAt: null,
    projectedStockoutAt: now + 10 * HOUR_MS,
    orderArrivesAt: now + 40 * HOUR_MS,
    suggestedUnits: 12,
    state: 'open',
  })
  expect(tea?.batchAt).toBe(tea?.openedAt)
  const alertId = tea?.alertId ?? ''
  await actOnAlerts(sql, { alertIds: [alertId], action: { kind: 'acknowledge' }, by: 'Ada' })
  expect((await shown()).alerts.get('tea')).toMatchObject({ state: 'acknowledged', handling: { by: 'Ada' } })
  const [row] =
    await sql`select state, raised_by, batch_at from reports.restock_alerts where alert_id = ${alertId}`
  expect(row).toEqual({ state: 'acknowledged', raised_by: 'batch', batch_at: tea?.batchAt })
  // The next plan still says so: the same alert. The one after it does not.
  await plan({ tea: [9, 40] })
  expect((await shown()).alerts.get('tea')).toMatchObject({ alertId, batchAt: tea?.batchAt })
  // Goods that came since say more than the plan knew.
  const stands = async (onHand: number) => {
    await sql`delete from stream.stock`
    await sql`
      insert into stream.stock (generation, store, sku, partition, on_hand, on_order, as_of, last_offset, processed_at)
      values (1, 'berlin', 'tea', 0, ${onHand}, 0, now(), 1, now())`
    return (await shown()).alerts.has('tea')
  }
  expect([await stands(8), await stands(33), await stands(9)]).toEqual([true, false, true])
  await sql`delete from stream.stock`
  await plan({})
  expect((await shown()).alerts.size).toBe(0)
})

test('an alert says when each path said so, who was first, and what that brought in sum', async () => {
  const { sql } = database
  await sql`truncate batch.shortages`
  await plan({ tea: [10, 40], cup: [10, 40], pan: [10, 40] })
  await sql`
    update batch.shortages set since = (select date_trunc('milliseconds', min(since)) from batch.shortages)`
  const [spell] = await sql<{ since: Instant }[]>`select since from batch.shortages where sku = 'tea'`
  const since = spell?.since ?? 0
  await sql`update batch.shortages set since = since - interval '20 hours' where sku = 'cup'`
  await episode('tea', since - 6 * HOUR_MS)
  await episode('cup', since - 5 * HOUR_MS)
  await episode('mug', since - 2 * HOUR_MS)
  await episode('jar', since - 3 * HOUR_MS, since - 1 * HOUR_MS)
  const { alerts, lead } = await shown()
  expect([...alerts].map(([sku, alert]) => [sku, alert.raisedBy]).sort()).toEqual([
    ['cup', 'batch'],
    ['mug', 'stream'],
    ['pan', 'batch'],
    ['tea', 'stream'],
  ])
  expect(alerts.get('tea')).toMatchObject({ streamAt: since - 6 * HOUR_MS, batchAt: since })
  expect(alerts.get('cup')).toMatchObject({ streamAt: since - 5 * HOUR_MS, batchAt: since - 20 * HOUR_MS })
  expect(alerts.get('mug')).toMatchObject({ batchAt: null })
  // Six hours before the plan, and fifteen after it.
  expect(lead).toEqual({
    both: 2,
    medianMs: (6 - 15) * HOUR_MS * 0.5,
    streamOnly: 2,
    planOnly: 1,
    since: since - 20 * HOUR_MS,
  })
})
