import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { partId } from '#domain/derived-id.ts'
import { storeSchema } from '#server/intake/stores/store-definition.ts'
import { addStores } from '#server/intake/stores/stores.ts'
import { reconcile } from '#server/serving/reconcile/reconcile.ts'
import { readOrderProposals } from '#server/serving/restock/proposals.ts'
import { play } from './testing/played.ts'
import { runBatch } from './testing/trial.ts'

// Small inputs that went wrong once, with their right values: on both paths, and in the audit that reads the log.

const STORES = [
  { id: 'berlin', name: 'Berlin', zone: 'Europe/Berlin', currency: 'EUR' },
  { id: 'auckland', name: 'Auckland', zone: 'Pacific/Auckland', currency: 'NZD' },
  { id: 'newyork', name: 'New York', zone: 'America/New_York', currency: 'USD', taxInclusive: false },
]
const NOW = Date.parse('2026-11-26T12:00:00Z')
const RANGE = { from: '2026-11-19', to: '2026-11-26' }
const SETTING = { stores: STORES, now: NOW, range: RANGE }
const ALL = { stores: [], rules: [], supplier: null }

const zReport = (businessDay: string) => [
  '{"source":"till","id":"o1","type":"order.placed","store":"berlin","channel":"pos","eventTime":"2026-11-20T10:00:00+01:00","orderId":"o1","currency":"EUR","lines":[{"sku":"A","units":1,"unitPrice":"1.00"}]}',
  `{"source":"till","id":"z1","type":"till.closed","store":"berlin","register":"1","eventTime":"2026-11-20T20:00:00+01:00","businessDay":"${businessDay}","currency":"EUR","orders":1,"units":1,"net":"1.00"}`,
]

const CASES = {
  'z-report-of-year-0': zReport('0000-01-01'),
  'z-report-of-year-9999': zReport('9999-12-31'),
  'received-for-unseen-order': [
    '{"source":"inv","id":"c1","type":"stock.counted","store":"berlin","eventTime":"2026-11-23T09:00:00+01:00","lines":[{"sku":"PRE","units":5}]}',
    '{"source":"inv","id":"r1","type":"stock.received","store":"berlin","eventTime":"2026-11-23T09:30:00+01:00","purchaseOrderId":"OLD-1","lines":[{"sku":"PRE","units":24}]}',
  ],
  'over-delivery': [
    '{"source":"inv","id":"p1","type":"purchase.placed","store":"berlin","eventTime":"2026-11-23T09:00:00+01:00","purchaseOrderId":"PO-1","supplier":"s","lines":[{"sku":"OVR","units":10}]}',
    '{"source":"inv","id":"r1","type":"stock.received","store":"berlin","eventTime":"2026-11-24T09:00:00+01:00","purchaseOrderId":"PO-1","lines":[{"sku":"OVR","units":12}]}',
  ],
  'half-a-transfer': [
    '{"source":"inv","id":"X#in","type":"order.placed","store":"auckland","channel":"pos","eventTime":"2026-11-22T10:00:00Z","orderId":"x","currency":"NZD","lines":[{"sku":"P1","units":1,"unitPrice":"1"}]}',
    '{"source":"inv","id":"X","type":"stock.transferred","store":"berlin","toStore":"auckland","eventTime":"2026-11-22T10:00:00Z","lines":[{"sku":"OVER","units":1}]}',
  ],
  'tax-flag-changed-later': [
    '{"source":"ny","id":"n1","type":"order.placed","store":"newyork","channel":"pos","eventTime":"2026-11-10T10:00:00-05:00","orderId":"n1","currency":"USD","tender":"card","lines":[{"sku":"A","units":1,"unitPrice":"100.00","tax":"8.875"}]}',
  ],
} as const

test('the cases are those of the folder beside the repository, where it is there', async () => {
  const folder = path.resolve('..', 'shared', 'cases', 'events')
  if (!existsSync(folder)) {
    console.info(`${folder} is not there: the right values are held against the copies of this file alone`)
    return
  }
  const names = (await readdir(folder)).map(name => path.basename(name, '.ndjson'))
  expect(names.sort()).toEqual(Object.keys(CASES).sort())
  for (const [name, lines] of Object.entries(CASES)) {
    const text = await readFile(path.join(folder, `${name}.ndjson`), 'utf8')
    expect(text.trim().split('\n')).toEqual(lines)
  }
})

describe('a Z report of a year that cannot be', () => {
  test.each(['z-report-of-year-0', 'z-report-of-year-9999'] as const)(
    '%s: the order counts, the report is a dead letter',
    async name => {
      const { answer, database, reconciliation } = await play(CASES[name], SETTING)
      expect(answer.body).toMatchObject({
        accepted: 1,
        rejected: [{ index: 1, reason: 'invalid_field', detail: expect.stringContaining('businessDay') }],
      })
      const [letter] = await database.sql`select reason, event_id from intake.dead_letters`
      expect(letter).toEqual({ reason: 'invalid_field', event_id: 'z1' })
      expect(await database.sql`select business_day, orders, net from reports.daily_sales`).toEqual([
        { business_day: '2026-11-20', orders: 1, net: '1.0000' },
      ])
      expect(await database.sql`select orders, net from reports.live_sales_minute`).toEqual([
        { orders: 1, net: '1.0000' },
      ])
      expect(reconciliation).toMatchObject({ unexplained: 0, differing: [] })
    },
  )
})

describe('a day on which nobody trades, of a store whose opening days nobody has said', () => {
  // Friday to Monday. Saturday's report is printed after midnight; on Sunday goods are counted and a review is posted.
  const of = (id: string, type: string, eventTime: string, fields: object) =>
    JSON.stringify({ source: 'till', id, type, store: 'berlin', eventTime, ...fields })
  const sold = (day: string) =>
    of(`o ${day}`, 'order.placed', `${day}T12:00:00+01:00`, {
      ...{ channel: 'pos', register: '1', currency: 'EUR', orderId: day },
      lines: [{ sku: 'A', units: 1, unitPrice: '1' }],
    })
  const reported = (day: string, eventTime: string) =>
    of(`z ${day}`, 'till.closed', eventTime, {
      ...{ register: '1', businessDay: day, currency: 'EUR', orders: 1, units: 1, net: '1' },
    })
  const WEEKEND = [
    sold('2025-11-21'),
    reported('2025-11-21', '2025-11-21T20:00:00+01:00'),
    sold('2025-11-22'),
    reported('2025-11-22', '2025-11-23T00:20:00+01:00'),
    of('c', 'stock.counted', '2025-11-23T10:00:00+01:00', { lines: [{ sku: 'A', units: 5 }] }),
    of('r', 'review.posted', '2025-11-23T11:00:00+01:00', { sku: 'A', rating: 5 }),
    sold('2025-11-24'),
  ]
  const weekend = { from: '2025-11-21', to: '2025-11-24' }
  const now = Date.parse('2025-11-26T12:00:00Z')

  test('no Z report is expected, whatever else happens; of the Monday one is, which has sold', async () => {
    const { database, reconciliation } = await play(WEEKEND, { stores: STORES, now, range: weekend })
    expect(
      await database.sql`select business_day, state from reports.completeness order by business_day`,
    ).toEqual([
      { business_day: '2025-11-21', state: 'complete' },
      { business_day: '2025-11-22', state: 'complete' },
      { business_day: '2025-11-24', state: 'missing' },
    ])
    expect(reconciliation.findings).toMatchObject([
      { kind: 'z report', metric: 'row', rowKey: { business_day: '2025-11-24' } },
    ])
    expect(await database.sql`select business_day, incomplete from batch.closed_days order by 1`).toEqual([
      { business_day: '2025-11-21', incomplete: false },
      { business_day: '2025-11-22', incomplete: false },
      { business_day: '2025-11-23', incomplete: false },
      { business_day: '2025-11-24', incomplete: true },
    ])
  })
})

/** Where a product of Berlin stands on both paths, and with its purchase orders. */
async function standOf({ sql }: Awaited<ReturnType<typeof play>>['database'], sku: string) {
  const [live] = await sql`
    select on_hand as "onHand", on_order as "onOrder" from reports.live_stock where store = 'berlin' and sku = ${sku}`
  const [booked] = await sql`
    select closing from reports.daily_inventory where store = 'berlin' and sku = ${sku} order by business_day desc limit 1`
  const orders = await sql`
    select purchase_order as "order", open, over_delivered as over, state
    from reports.purchase_orders where store = 'berlin' and sku = ${sku} order by 1`
  return { ...live, ...booked, orders }
}

describe('what is on order', () => {
  test('a delivery for an order that was never seen fills the shelf; nothing is on order, nothing proposed', async () => {
    const { database, reconciliation } = await play(CASES['received-for-unseen-order'], SETTING)
    await database.sql`insert into ref.stock_policies values ('berlin', 'PRE', 'epoch', 6, 30, null)`
    expect(await standOf(database, 'PRE')).toEqual({
      onHand: 29,
      onOrder: 0,
      closing: 29,
      orders: [{ order: 'OLD-1', open: 0, over: 24, state: 'not ordered' }],
    })
    expect(await readOrderProposals(database.sql, ALL)).toMatchObject({ suppliers: [], covered: 0 })
    expect(reconciliation).toMatchObject({ unexplained: 0, findings: [] })
  })

  test('more came than was ordered: on hand is what came, and nothing is on order', async () => {
    const { database, reconciliation } = await play(CASES['over-delivery'], SETTING)
    expect(await standOf(database, 'OVR')).toEqual({
      onHand: 12,
      onOrder: 0,
      closing: 12,
      orders: [{ order: 'PO-1', open: 0, over: 2, state: 'over-delivered' }],
    })
    expect(reconciliation).toMatchObject({ unexplained: 0, findings: [] })
  })

  test('the rest of an order cancelled after part delivery leaves nothing; another order still owes all of its own', async () => {
    const of = (id: string, type: string, order: string, units: number) =>
      JSON.stringify({
        source: 'inv',
        id,
        type,
        store: 'berlin',
        eventTime: `2026-11-23T0${id}:00:00+01:00`,
        purchaseOrderId: order,
        ...(type === 'stock.received' ? {} : { supplier: 's' }),
        lines: [{ sku: 'OVR', units }],
      })
    const { database, reconciliation } = await play(
      [
        of('4', 'purchase.cancelled', 'PO-1', 6),
        of('2', 'stock.received', 'PO-1', 4),
        of('1', 'purchase.placed', 'PO-1', 10),
        of('3', 'purchase.placed', 'PO-2', 7),
      ],
      SETTING,
    )
    expect(await standOf(database, 'OVR')).toMatchObject({
      onOrder: 7,
      orders: [
        { order: 'PO-1', open: 0, over: 0, state: 'settled' },
        { order: 'PO-2', open: 7, over: 0, state: 'open' },
      ],
    })
    expect(reconciliation).toMatchObject({ unexplained: 0, findings: [] })
  })

  test.each([
    [`update stream.purchases set received = received - 1`, 'stream.purchases', 'received'],
    [`update stream.stock set on_order = 1`, 'stream.stock', 'on_order'],
    [`delete from stream.purchases`, 'stream.purchases', 'row'],
  ])('the audit names a row that says something else than the log: %s', async (plant, relation, metric) => {
    const { database } = await play(CASES['over-delivery'], SETTING)
    await database.sql.unsafe(plant)
    const { findings } = await reconcile(database.sql, { ...RANGE, stores: [] })
    expect(findings).toEqual([expect.objectContaining({ relation, metric })])
  })
})

describe('a transfer', () => {
  test('is whole, whatever its sender calls other events, and what it moves sums to zero', async () => {
    const { answer, database, reconciliation } = await play(CASES['half-a-transfer'], SETTING)
    expect(answer.body).toEqual({ accepted: 2, duplicates: 0, rejected: [] })
    const legs = await database.sql`
      select id, store from log.event_log where type = 'stock.transferred' order by id collate "C"`
    expect([...legs]).toEqual([
      { id: partId('X', 'in'), store: 'auckland' },
      { id: partId('X', 'out'), store: 'berlin' },
    ])
    expect(reconciliation).toMatchObject({ unexplained: 0, findings: [] })
  })

  test('of which an older version kept one leg alone is named', async () => {
    const { database } = await play(CASES['half-a-transfer'], SETTING)
    await database.sql`delete from log.event_keys where id = ${partId('X', 'in')}`
    const { findings } = await reconcile(database.sql, { ...RANGE, stores: [] })
    expect(findings).toMatchObject([
      { kind: 're-derived', metric: 'key', rowKey: { id: partId('X', 'in') } },
      { kind: 'audit row', relation: 'log.event_log', rowKey: { id: partId('X', 'out'), store: 'berlin' } },
    ])
  })
})

test('tenders of November stay 108.8750 after the tax flag is changed for the future; for the past it is refused', async () => {
  const november = { from: '2026-11-01', to: '2026-11-26' }
  const { database, reconciliation } = await play(CASES['tax-flag-changed-later'], {
    ...SETTING,
    range: november,
  })
  const { sql } = database
  const tenders = () => sql`select month, tender, amount from reports.monthly_tenders`
  const paid = [{ month: '2026-11-01', tender: 'card', amount: '108.8750' }]
  expect(await tenders()).toEqual(paid)
  expect(reconciliation).toMatchObject({ unexplained: 0, findings: [] })
  const inclusive = { ...STORES[2], taxInclusive: true }
  const change = (validFrom: string) => addStores(sql, [storeSchema.parse({ ...inclusive, validFrom })])
  await expect(change('2026-11-10')).rejects.toThrow('validFrom')
  await change('2026-12-01')
  await runBatch(database, NOW, november)
  expect(await tenders()).toEqual(paid)
  expect((await reconcile(sql, { ...november, stores: [] })).findings).toEqual([])
})

test('a product that one count names twice lies in two places: both paths and the audit add up', async () => {
  const count =
    '{"source":"inv","id":"c1","type":"stock.counted","store":"berlin","eventTime":"2026-11-23T09:00:00+01:00","lines":[{"sku":"T","units":4},{"sku":"U","units":1},{"sku":"T","units":6}]}'
  const { database, reconciliation } = await play([count], SETTING)
  expect(await standOf(database, 'T')).toMatchObject({ onHand: 10, closing: 10 })
  expect(reconciliation).toMatchObject({ unexplained: 0, findings: [] })
})
