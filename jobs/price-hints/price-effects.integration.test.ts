import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { addTestStores } from '#db/testing/stores.ts'
import { DAY_MS, formatInstant, HOUR_MS } from '#domain/instant.ts'
import { placed, toLogEvents, voided } from '#domain/testing/events.ts'
import { EXAMPLE_STORES } from '#domain/testing/stores.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { writePriceEffects } from './price-effects.ts'

let database: TestDatabase

const BEGAN = Date.now() - 2 * DAY_MS
const at = (hours: number) => formatInstant(BEGAN + hours * HOUR_MS)

beforeAll(async () => {
  database = await createTestDatabase()
  await addTestStores(database.sql, EXAMPLE_STORES)
})
beforeEach(async () => {
  await database.sql`truncate log.event_log, log.event_keys, purchasing.price_changes, batch.price_effects`
})
afterAll(() => database.drop())

/** Two days ago tea went from 10.00 to 7.50; 24 a day were foreseen. @param ended hours after it began */
async function apply({
  ended = null,
  forecast = 24,
}: {
  ended?: number | null
  forecast?: number | null
} = {}) {
  await database.sql`
    insert into purchasing.price_changes (price_change, request, store, sku, kind, currency, old_price, new_price, unit_cost,
      valid_from, units_by_weekday, spread, units_before, on_hand, elasticity, elasticity_deviation, offers, applied_at, ended_at)
    values ('PR-00001', 'request', 'berlin', 'tea', 'dead', 'EUR', 100000, 75000, 40000, ${BEGAN},
      ${forecast === null ? null : Array.from({ length: 7 }, () => forecast)}, 5, 2, 500, 2, 0.3, 8, ${BEGAN},
      ${ended === null ? null : BEGAN + ended * HOUR_MS})`
}

const sell = (id: string, hours: number, units: number, unitPrice = '7.5') =>
  toLogEvents(placed({ id, at: at(hours) }, [{ sku: 'tea', units, unitPrice }]))

const effects = () => database.sql`select * from batch.price_effects`

describe('what the night says of applied prices', () => {
  test('is what the log holds while each held, against the forecast of then', async () => {
    await apply()
    await appendTestEvents(database.sql, [
      ...sell('before', -1, 40, '10'),
      ...sell('one', 1, 50),
      ...sell('two', 40, 30),
      ...sell('void', 41, 7),
      ...toLogEvents(
        voided({ id: 'voided', at: at(42), orderId: 'void' }, [{ sku: 'tea', units: 7, unitPrice: '7.5' }]),
      ),
    ])
    expect(await writePriceEffects(database.sql, { runId: 7 })).toBe(1)
    const [effect] = await effects()
    expect(effect).toMatchObject({
      ...{ price_change: 'PR-00001', units: 80, net: 6_000_000, margin: 80 * 35_000 },
      ...{ verdict: 'as expected', run_id: 7 },
    })
    expect(effect?.forecast_old).toBeCloseTo(48, 0)
    expect(effect?.forecast_new).toBeCloseTo(48 * 0.75 ** -2, 0)
    expect(effect?.margin_old / 10_000).toBeCloseTo(48 * 6, 0)
  })

  test('is the same however often it is measured, and counts what came late', async () => {
    await apply({ ended: 24 })
    await appendTestEvents(database.sql, [...sell('one', 1, 50), ...sell('after', 24, 9)])
    await writePriceEffects(database.sql, { runId: 7 })
    await writePriceEffects(database.sql, { runId: 8 })
    expect(await effects()).toMatchObject([{ units: 50, run_id: 8 }])
    await appendTestEvents(database.sql, sell('late', 2, 4))
    await writePriceEffects(database.sql, { runId: 9 })
    expect(await effects()).toMatchObject([{ units: 54, run_id: 9 }])
  })

  test('without a forecast is what was sold', async () => {
    await apply({ forecast: null })
    await appendTestEvents(database.sql, sell('one', 1, 50))
    await writePriceEffects(database.sql, { runId: 7 })
    expect(await effects()).toMatchObject([
      { units: 50, forecast_old: null, margin_old: null, verdict: 'no forecast' },
    ])
  })

  test('of a price that is long over is told no more', async () => {
    await apply()
    await writePriceEffects(database.sql, { runId: 7 })
    await database.sql`
      update purchasing.price_changes set valid_from = now() - interval '90 days', ended_at = now() - interval '61 days'`
    expect(await writePriceEffects(database.sql, { runId: 8 })).toBe(0)
    await writePriceEffects(database.sql, { runId: 8 })
    expect(await effects()).toHaveLength(0)
  })
})
