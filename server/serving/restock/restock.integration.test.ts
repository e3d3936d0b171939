import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import type { SentEvent } from '#domain/event.ts'
import { formatInstant, HOUR_MS } from '#domain/instant.ts'
import { counted, placed, received } from '#domain/testing/events.ts'
import { runCommand } from '#server/serving/testing/command.ts'
import { createTestPaths } from '#server/serving/testing/paths.ts'
import { actOnAlerts } from './alert-actions.ts'
import { readOpenAlerts, readResolvedAlerts } from './alerts.ts'
import { proposalsCsv, readOrderProposals } from './proposals.ts'

const ALL = { stores: [], rules: [] }
let database: TestDatabase

const began = Date.now() - 2 * HOUR_MS
const at = (minutes: number) => formatInstant(began + minutes * 60_000)

beforeAll(async () => {
  database = await createTestDatabase()
  const { sql } = database
  const paths = await createTestPaths(sql)
  await sql`
    insert into ref.products (sku, name) values
      ('tea', 'Green tea'), ('cup', '=HYPERLINK("http://evil.example")'), ('pan', 'Pan'), ('mug', 'Mug')`
  await sql`insert into ref.suppliers values ('leaf', 'Leaf & Co'), ('clay', 'Clay')`
  await sql`
    insert into ref.stock_policies (store, sku, valid_from, reorder_point, order_up_to, lead_time_days)
    select store, sku, now() - interval '30 days', 5, 20, 4
    from unnest(array['berlin', 'new-york']) store, unnest(array['tea', 'cup', 'pan', 'mug']) sku`
  await sql`
    insert into ref.supply_terms (sku, valid_from, supplier, unit_cost, currency, pack_size, lead_time_days) values
      ('tea', now() - interval '30 days', 'leaf', 9999, 'EUR', 1, 9),
      ('tea', now() - interval '1 day', 'leaf', 12550, 'EUR', 6, 2),
      ('tea', now() + interval '1 day', 'clay', 1, 'USD', 1, 1),
      ('cup', now() - interval '1 day', 'clay', 33333, 'USD', 4, 3.5)`
  const sell = (
    id: string,
    minutes: number,
    line: { sku: string; units: number; store?: string },
  ): SentEvent =>
    placed({ id, at: at(minutes), store: line.store ?? 'berlin' }, [
      { sku: line.sku, units: line.units, unitPrice: '5' },
    ])
  await paths.send([
    counted({ id: 'c-1', at: at(0) }, [
      { sku: 'tea', units: 9 },
      { sku: 'cup', units: 3 },
      { sku: 'pan', units: 8 },
      { sku: 'mug', units: 8 },
    ]),
    counted({ id: 'c-2', at: at(0), store: 'new-york' }, [{ sku: 'tea', units: 7 }]),
    sell('s-1', 10, { sku: 'tea', units: 6 }),
    sell('s-2', 11, { sku: 'cup', units: 5 }),
    sell('s-3', 12, { sku: 'pan', units: 8 }),
    sell('s-4', 13, { sku: 'mug', units: 6 }),
    sell('s-5', 14, { sku: 'tea', units: 2, store: 'new-york' }),
    received({ id: 'r-1', at: at(20) }, [{ sku: 'mug', units: 40 }]),
    {
      source: 'buyer',
      id: 'p-1',
      type: 'purchase.placed',
      store: 'new-york',
      eventTime: at(21),
      purchaseOrderId: 'po-1',
      supplier: 'leaf',
      lines: [{ sku: 'tea', units: 12 }],
    },
  ])
  const { code, stderr } = await runCommand(database.url, 'server/stream/main.ts', ['--until-caught-up'])
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
})
afterAll(() => database.drop())

async function openIds(): Promise<Map<string, string>> {
  const { alerts } = await readOpenAlerts(database.sql, ALL)
  return new Map(alerts.map(({ store, sku, alertId }) => [`${store}/${sku}`, alertId]))
}

describe('the shortages', () => {
  it('say of how many products the stock is known, and of how many it is not', async () => {
    const { stock } = await readOpenAlerts(database.sql, ALL)
    expect(stock).toEqual({ known: 5, unknown: 0, withoutPolicy: 0 })
    const ofLeaf = await readOpenAlerts(database.sql, { ...ALL, stores: ['berlin'], supplier: 'leaf' })
    expect(ofLeaf.stock).toEqual({ known: 1, unknown: 0, withoutPolicy: 0 })
    const nowhere = await readOpenAlerts(database.sql, { ...ALL, stores: ['auckland'] })
    expect(nowhere.stock).toEqual({ known: 0, unknown: 0, withoutPolicy: 0 })
    expect((await readOrderProposals(database.sql, ALL)).stock.known).toBe(5)
  })

  it('stand in the order of their urgency, with names, figures and basis', async () => {
    const { alerts, counts, basis, suppliers } = await readOpenAlerts(database.sql, ALL)
    expect(alerts.map(({ store, sku, rule, onHand }) => [store, sku, rule, onHand])).toEqual([
      ['berlin', 'pan', 'out_of_stock', 0],
      ['berlin', 'cup', 'oversold', -2],
      ['berlin', 'tea', 'low_stock', 3],
      // Twelve are on order: that ends it, so it comes last.
      ['new-york', 'tea', 'low_stock', 5],
    ])
    expect(alerts.map(({ isCovered }) => isCovered)).toEqual([false, false, false, true])
    expect(alerts.map(({ state }) => state)).toEqual(['open', 'open', 'open', 'ordered'])
    expect(alerts.map(({ delivery }) => delivery)).toEqual([
      null,
      null,
      null,
      { purchaseOrder: 'po-1', open: 12, received: 0, expectedAt: null, isOnBoard: false },
    ])
    expect(counts).toEqual({
      oversold: 1,
      outOfStock: 1,
      runningOut: 0,
      low: 1,
      covered: 1,
      acknowledged: 0,
      snoozed: 0,
      dismissed: 0,
      muted: 0,
    })
    expect(alerts[2]).toMatchObject({
      productName: 'Green tea',
      supplierName: 'Leaf & Co',
      reorderPoint: 5,
      openedAt: began + 10 * 60_000,
      raisedBy: 'stream',
      state: 'open',
      handling: null,
    })
    expect(basis).toMatchObject({ generation: 1, watermark: expect.any(Number) })
    expect(suppliers.map(({ name }) => name)).toEqual(['Clay', 'Leaf & Co'])
  })

  it('can be narrowed by store, severity and supplier', async () => {
    const skus = async (scope: Parameters<typeof readOpenAlerts>[1]) =>
      (await readOpenAlerts(database.sql, scope)).alerts.map(({ store, sku }) => `${store}/${sku}`)
    expect(await skus({ ...ALL, stores: ['new-york'] })).toEqual(['new-york/tea'])
    expect(await skus({ ...ALL, rules: ['oversold'] })).toEqual(['berlin/cup'])
    expect(await skus({ ...ALL, supplier: 'leaf' })).toEqual(['berlin/tea', 'new-york/tea'])
  })

  it('go to the history once they are over', async () => {
    const page = await readResolvedAlerts(database.sql, { scope: ALL, limit: 50 })
    expect(page).toMatchObject({
      alerts: [{ sku: 'mug', rule: 'low_stock', state: 'resolved', resolvedAt: began + 20 * 60_000 }],
      nextCursor: null,
    })
  })
})

describe('what people do about a shortage', () => {
  it('is kept with name and time, told on the lane, and the newest counts', async () => {
    const id = (await openIds()).get('berlin/tea') ?? ''
    await actOnAlerts(database.sql, { alertIds: [id], action: { kind: 'acknowledge' }, by: 'Ada' })
    const acknowledged = (await readOpenAlerts(database.sql, ALL)).alerts.find(
      ({ alertId }) => alertId === id,
    )
    expect(acknowledged).toMatchObject({
      alertId: id,
      state: 'acknowledged',
      handling: { kind: 'acknowledged', by: 'Ada', at: expect.any(Number) },
    })
    const [told] = await database.sql`select kind, payload from live.ops_lane order by sequence desc limit 1`
    expect(told).toEqual({
      kind: 'alert_action',
      payload: {
        alertIds: [id],
        handling: { kind: 'acknowledged', until: null, by: 'Ada', at: acknowledged?.handling?.at },
      },
    })
    await actOnAlerts(database.sql, { alertIds: [id], action: { kind: 'reopen' }, by: null })
    const { counts } = await readOpenAlerts(database.sql, ALL)
    expect(counts).toMatchObject({ acknowledged: 0, low: 1 })
    const [kept] = await database.sql`select count(*)::int4 as actions from live.alert_actions`
    expect(kept).toEqual({ actions: 2 })
  })

  it('snoozes for an hour, or until the next business day of each store', async () => {
    const ids = await openIds()
    const both = [ids.get('berlin/tea') ?? '', ids.get('new-york/tea') ?? '']
    const [hour] = await actOnAlerts(database.sql, {
      alertIds: both,
      action: { kind: 'snooze', until: 'hour' },
      by: null,
    })
    expect(hour?.alertIds.toSorted()).toEqual(both.toSorted())
    expect((hour?.handling?.until ?? 0) - (hour?.handling?.at ?? 0)).toBe(HOUR_MS)
    const tomorrow = await actOnAlerts(database.sql, {
      alertIds: both,
      action: { kind: 'snooze', until: 'tomorrow' },
      by: null,
    })
    expect(tomorrow).toHaveLength(2)
    for (const { alertIds, handling } of tomorrow) {
      const zone = alertIds[0]?.startsWith('berlin') ? 'Europe/Berlin' : 'America/New_York'
      const clock = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit' })
      expect(clock.format(handling?.until ?? 0)).toBe('04:00')
      expect(handling?.until).toBeGreaterThan(Date.now())
    }
    expect((await readOpenAlerts(database.sql, ALL)).counts).toMatchObject({ snoozed: 2, low: 0 })
    await database.sql`update live.alert_actions set snoozed_until = now() - interval '1 second' where kind = 'snooze'`
    expect((await readOpenAlerts(database.sql, ALL)).counts).toMatchObject({ snoozed: 0, low: 1, covered: 1 })
  })

  it('dismisses for a reason, until it is over or somebody takes that back', async () => {
    const id = (await openIds()).get('berlin/cup') ?? ''
    const act = (action: Parameters<typeof actOnAlerts>[1]['action']) =>
      actOnAlerts(database.sql, { alertIds: [id], action, by: 'Ada' })
    await act({ kind: 'dismiss', reason: 'No longer sold here' })
    const { alerts, counts } = await readOpenAlerts(database.sql, ALL)
    expect(counts).toMatchObject({ dismissed: 1, oversold: 0 })
    expect(alerts.find(({ alertId }) => alertId === id)).toMatchObject({
      state: 'dismissed',
      handling: { kind: 'dismissed', by: 'Ada', until: null, reason: 'No longer sold here' },
    })
    const [shown] = await database.sql`select state from reports.restock_alerts where alert_id = ${id}`
    expect(shown).toEqual({ state: 'dismissed' })
    await act({ kind: 'reopen' })
    expect((await readOpenAlerts(database.sql, ALL)).counts).toMatchObject({ dismissed: 0, oversold: 1 })
  })

  it('is refused as a whole when one of the alerts is over, and changes nothing', async () => {
    const id = (await openIds()).get('berlin/pan') ?? ''
    const { alerts } = await readResolvedAlerts(database.sql, { scope: ALL, limit: 1 })
    const over = alerts[0]?.alertId ?? ''
    const acting = actOnAlerts(database.sql, {
      alertIds: [id, over],
      action: { kind: 'acknowledge' },
      by: null,
    })
    await expect(acting).rejects.toThrow('resolved meanwhile. Nothing was changed')
    expect((await readOpenAlerts(database.sql, ALL)).counts.acknowledged).toBe(0)
  })
})

describe('what to order', () => {
  it('fills up to the level in whole packs by the terms of today, and says what it costs and when it comes', async () => {
    const { suppliers, covered, now } = await readOrderProposals(database.sql, ALL)
    expect(suppliers.map(({ name, lines }) => [name, lines.map(({ sku }) => sku)])).toEqual([
      ['Clay', ['cup']],
      ['Leaf & Co', ['tea']],
      [null, ['pan']],
    ])
    const [clay, leaf, nobody] = suppliers
    // 20 − (−2) = 22, in packs of 4.
    expect(clay?.lines[0]).toMatchObject({ suggestedUnits: 24, unitCost: '3.3333', cost: '79.9992' })
    // 20 − 3 = 17, in packs of 6.
    expect(leaf?.lines[0]).toMatchObject({
      store: 'berlin',
      onHand: 3,
      orderUpTo: 20,
      packSize: 6,
      suggestedUnits: 18,
      unitCost: '1.2550',
      cost: '22.5900',
      currency: 'EUR',
      leadTimeDays: 2,
      expectedAt: now + 48 * HOUR_MS,
    })
    expect(leaf?.totals).toEqual([{ currency: 'EUR', cost: '22.5900', lines: 1, units: 18 }])
    expect(nobody).toMatchObject({ totals: [], lines: [{ suggestedUnits: 20, cost: null, leadTimeDays: 4 }] })
    // New York's tea: 5 on hand, 12 on order.
    expect(covered).toBe(1)
  })

  it('adds up to what the lines add up to, in each currency', async () => {
    await database.sql`update ref.supply_terms set supplier = 'clay'`
    const { suppliers } = await readOrderProposals(database.sql, { ...ALL, supplier: 'clay' })
    expect(suppliers).toHaveLength(1)
    expect(suppliers[0]?.totals).toEqual([
      { currency: 'USD', cost: '79.9992', lines: 1, units: 24 },
      { currency: 'EUR', cost: '22.5900', lines: 1, units: 18 },
    ])
    await database.sql`update ref.supply_terms set supplier = 'leaf' where sku = 'tea'`
  })

  it('is a file that no spreadsheet runs', async () => {
    const csv = proposalsCsv(await readOrderProposals(database.sql, ALL))
    const rows = parse<Record<string, string>>(csv, { columns: true, bom: true })
    expect(rows.map(({ sku, suggested_units, cost }) => [sku, suggested_units, cost])).toEqual([
      ['cup', '24', '79.9992'],
      ['tea', '18', '22.5900'],
      ['pan', '20', ''],
    ])
    expect(rows[0]).toMatchObject({ product: `'=HYPERLINK("http://evil.example")`, on_hand: '-2' })
  })
})
