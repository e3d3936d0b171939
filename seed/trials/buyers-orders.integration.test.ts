import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { DAY_MS, formatInstant, MINUTE_MS } from '#domain/instant.ts'
import { serveBuyers } from '#seed/shop/buyers-orders.ts'
import { newShopState, openShop } from '#seed/shop/shop-state.ts'
import { readInbox } from '#seed/simulators/control/inbox.ts'
import { createRandom } from '#seed/world/random.ts'
import { createWorld } from '#seed/world/world.ts'
import type { IntakeService } from '#server/intake/service.ts'
import { addTestStores, startTestIntake } from '#server/intake/testing/intake.ts'
import { orderByRules } from '#server/serving/purchasing/auto-rules.ts'
import { sendWaiting } from '#server/serving/purchasing/outbox.ts'
import { openServing, type Serving } from '#server/serving/serving.ts'
import { runCommand } from '#server/serving/testing/command.ts'
import { createIntakeClient, type IntakeClient } from '#server/web/intake.ts'
import { createCaller } from '#server/web/trpc/router.ts'

let database: TestDatabase
let intake: IntakeService
let client: IntakeClient
let serving: Serving

beforeAll(async () => {
  database = await createTestDatabase()
  await addTestStores(database.url)
  intake = await startTestIntake(database.url)
  const { hostname, port } = new URL(intake.url)
  client = createIntakeClient({ host: hostname, port: Number(port), intakeKey: undefined })
  serving = openServing(database.url, { intake: client })
  await database.sql`
    insert into ref.products (sku, name) values ('tea', 'Green tea'), ('cup', 'Cup'), ('pan', 'Pan'), ('lid', 'Lid')`
  await database.sql`insert into ref.suppliers values ('leaf', 'Leaf & Co'), ('clay', 'Clay')`
  await database.sql`
    insert into ref.supply_terms (sku, valid_from, supplier, unit_cost, currency, pack_size, lead_time_days) values
      ('tea', now() - interval '1 day', 'leaf', 12500, 'EUR', 6, 2),
      ('lid', now() - interval '1 day', 'leaf', 5000, 'EUR', 1, 3),
      ('cup', now() - interval '1 day', 'clay', 30000, 'EUR', 1, 1)`
  await database.sql`
    insert into ref.supplier_terms (supplier, valid_from, minimum_value, express_minutes, express_fee, currency)
    values ('leaf', now() - interval '1 day', 140000, 10, 99000, 'EUR')`
  await database.sql`
    insert into ref.stock_policies (store, sku, valid_from, reorder_point, order_up_to, lead_time_days)
    select store, 'tea', now() - interval '1 day', 5, 20, 4 from unnest(array['berlin', 'hamburg']) store`
})
beforeEach(async () => {
  await database.sql`delete from purchasing.people`
  await database.sql`delete from purchasing.orders`
  await database.sql`delete from purchasing.auto_rules`
  await database.sql`delete from purchasing.mutes`
  await database.sql`delete from ref.demand_forecasts`
  // What one test has on order is another's no business.
  await database.sql`update stream.purchases set cancelled = ordered where generation = 1`
  await database.sql`update stream.stock set on_order = 0 where generation = 1`
})
afterAll(async () => {
  client.close()
  await intake.stop()
  await serving.close()
  await database.drop()
})

const api = (person: string | null = null) => createCaller({ serving, person })

async function streamCatchesUp() {
  const { code, stderr } = await runCommand(database.url, 'server/stream/main.ts', ['--until-caught-up'])
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
}

/** A draft of tea for Berlin and Hamburg. @returns its number */
async function draftTea(units = 12): Promise<string> {
  const { orders } = await api().orders.draft({
    lines: [
      { store: 'berlin', sku: 'tea', units },
      { store: 'hamburg', sku: 'tea', units: 6 },
    ],
  })
  return orders[0]?.order ?? ''
}

/** Says what lies on the shelves of tea. */
async function count(shelves: Record<string, number>) {
  const sent = Object.entries(shelves).map(([store, units]) => ({
    source: 'stock',
    id: randomUUID(),
    type: 'stock.counted',
    store,
    eventTime: new Date().toISOString(),
    lines: [{ sku: 'tea', units }],
  }))
  expect(await client.send(sent)).toEqual({ kind: 'taken', rejected: [] })
  await streamCatchesUp()
}

async function sell(store: string, units: number) {
  const id = randomUUID()
  const lines = [{ sku: 'tea', units, unitPrice: '4.90' }]
  const order = {
    source: 'till-1',
    id,
    type: 'order.placed',
    store,
    channel: 'pos',
    currency: 'EUR',
    orderId: id,
    lines,
  }
  expect(await client.send([{ ...order, eventTime: new Date().toISOString() }])).toMatchObject({
    rejected: [],
  })
}

async function onHand(store: string): Promise<number | undefined> {
  const [row] = await database.sql<{ units: number }[]>`
    select on_hand as units from stream.stock join stream.active_generation using (generation)
    where store = ${store} and sku = 'tea'`
  return row?.units
}

const stateOf = async (order: string) => (await api().orders.get({ order })).state

describe('a draft', () => {
  it('is one for each supplier, with the costs of today; asking twice orders once', async () => {
    const lines = [
      { store: 'berlin', sku: 'tea', units: 12 },
      { store: 'berlin', sku: 'cup', units: 3 },
    ]
    const first = await api().orders.draft({ lines })
    expect(first.orders.map(({ supplier, lines: count }) => [supplier, count])).toEqual([
      ['leaf', 1],
      ['clay', 1],
    ])
    const again = await api().orders.draft({ lines: [{ store: 'berlin', sku: 'tea', units: 18 }] })
    expect(again.orders[0]?.order).toBe(first.orders[0]?.order)
    const order = await api().orders.get({ order: again.orders[0]?.order ?? '' })
    expect(order).toMatchObject({ state: 'draft', supplierName: 'Leaf & Co', value: '22.5000', problems: [] })
    expect(order.items).toMatchObject([
      { sku: 'tea', units: 18, unitCost: '1.2500', cost: '22.5000', packSize: 6 },
    ])
    const { orders } = await api().orders.board()
    expect(orders.map(({ state, supplier }) => [state, supplier]).sort()).toEqual([
      ['draft', 'clay'],
      ['draft', 'leaf'],
    ])
  })

  it('is refused as a whole where something is unknown, below one unit, or delivered by nobody', async () => {
    const draft = (line: { store?: string; sku?: string; units?: number }) =>
      api().orders.draft({
        lines: [
          { store: 'berlin', sku: 'tea', units: 6 },
          { store: 'berlin', sku: 'tea', units: 6, ...line },
        ],
      })
    await expect(draft({ sku: 'teapot' })).rejects.toThrow('teapot: no such product in the catalogue')
    await expect(draft({ store: 'mars' })).rejects.toThrow('mars: no such store')
    await expect(draft({ sku: 'pan' })).rejects.toThrow('Nobody is known to deliver pan')
    await expect(draft({ units: 0 })).rejects.toThrow('order at least one unit')
    await expect(draft({ units: 1.5 })).rejects.toThrow()
    expect((await api().orders.board()).orders).toEqual([])
  })

  it('is edited line by line, and says what stands against placing it', async () => {
    const order = await draftTea(12)
    const at = { order, store: 'berlin', sku: 'tea' }
    await api().orders.editLine({ ...at, units: 7, unitCost: '2', note: 'for the weekend' })
    await api().orders.editDraft({ order, budget: '10', note: 'ring first' })
    const edited = await api().orders.get({ order })
    expect(edited.items[0]).toMatchObject({ units: 7, unitCost: '2.0000', note: 'for the weekend' })
    expect(edited.problems.map(({ kind }) => kind)).toEqual(['pack', 'budget'])
    await expect(api().orders.place({ order })).rejects.toThrow('no whole packs of 6: order 6 or 12')
    // Two fields, one after the other, from a page that has not heard of the first: both stand.
    await api().orders.editLine({ ...at, units: 6 })
    await api().orders.editLine({ ...at, unitCost: '1' })
    expect((await api().orders.get({ order })).items[0]).toMatchObject({
      units: 6,
      unitCost: '1.0000',
      note: 'for the weekend',
    })
    expect((await api().orders.get({ order })).problems.map(({ kind }) => kind)).toEqual([
      'minimum',
      'budget',
    ])
    await expect(api().orders.editLine({ ...at, units: 6, unitCost: '-1' })).rejects.toThrow(
      'below zero is none',
    )
    await expect(api().orders.editLine({ ...at, units: 6, unitCost: '1,50' })).rejects.toThrow('no amount')
    await expect(api().orders.editLine({ ...at, units: 0 })).rejects.toThrow('take the line out')
    await expect(api().orders.editLine({ ...at, sku: 'cup', units: 1 })).rejects.toThrow(
      'cup comes from clay',
    )
    await api().orders.editLine({ ...at, units: null })
    await expect(api().orders.editLine({ ...at, unitCost: '2' })).rejects.toThrow('is not on')
    expect((await api().orders.get({ order })).items.map(({ store }) => store)).toEqual(['hamburg'])
    expect(await stateOf(order)).toBe('draft')
  })

  it('can be discarded, and is not there any more', async () => {
    const order = await draftTea()
    await api().orders.discard({ order })
    await expect(api().orders.get({ order })).rejects.toThrow(`There is no order ${order}`)
    await expect(api().orders.place({ order })).rejects.toThrow(`There is no order ${order}`)
  })
})

describe('an order', () => {
  it('is an event for each store, on order at once, received in part, then wholly, and settled', async () => {
    const order = await draftTea(12)
    expect(await api().orders.place({ order })).toEqual({ waiting: 0, detail: null })
    const placed = await api().orders.get({ order })
    expect(placed.state).toBe('placed')
    // Two days for tea.
    expect((placed.expectedAt ?? 0) - (placed.placedAt ?? 0)).toBe(2 * DAY_MS)
    const events = await database.sql`
      select store, type, units, details ->> 'supplier' as supplier from log.event_log
      where details ->> 'purchaseOrderId' = ${order} order by store`
    expect(events).toEqual([
      { store: 'berlin', type: 'purchase.placed', units: [12], supplier: 'leaf' },
      { store: 'hamburg', type: 'purchase.placed', units: [6], supplier: 'leaf' },
    ])
    await streamCatchesUp()
    const [stock] = await database.sql`
      select on_order from stream.stock where store = 'berlin' and sku = 'tea' and generation = 1`
    expect(stock?.on_order).toBe(12)

    const receive = (units: number, store = 'berlin') =>
      api().orders.receive({ order, store, receipt: randomUUID(), lines: [{ sku: 'tea', units }] })
    await receive(5)
    const partly = await api().orders.get({ order })
    expect(partly).toMatchObject({ state: 'placed', received: 5, open: 13 })
    expect(partly.items[0]).toMatchObject({ store: 'berlin', received: 5, open: 7, state: 'in part' })
    await receive(7)
    await receive(6, 'hamburg')
    // However late the stream is: it has not run since the order was placed.
    expect(await api().orders.get({ order })).toMatchObject({ state: 'received', received: 18, open: 0 })
    await streamCatchesUp()
    expect(await api().orders.get({ order })).toMatchObject({
      state: 'received',
      received: 18,
      over: 0,
      short: 0,
    })
    const { doings } = await api().orders.get({ order })
    expect(doings.map(({ kind, state }) => [kind, state])).toEqual([
      ['purchase.placed', 'sent'],
      ['purchase.placed', 'sent'],
      ['stock.received', 'sent'],
      ['stock.received', 'sent'],
      ['stock.received', 'sent'],
    ])
  })

  it('is not received twice: neither the same delivery, nor one of which nothing is open', async () => {
    const order = await draftTea(12)
    await expect(
      api().orders.receive({
        order,
        store: 'berlin',
        receipt: randomUUID(),
        lines: [{ sku: 'tea', units: 1 }],
      }),
    ).rejects.toThrow('is a draft: nothing can come of it')
    await api().orders.place({ order })
    await expect(api().orders.place({ order })).rejects.toThrow('has been placed')
    const receipt = randomUUID()
    const delivery = { order, store: 'berlin', lines: [{ sku: 'tea', units: 12 }] }
    await Promise.all([1, 2, 3].map(() => api().orders.receive({ ...delivery, receipt })))
    expect(await api().orders.get({ order })).toMatchObject({ received: 12, open: 6 })
    await expect(api().orders.receive({ ...delivery, receipt: randomUUID() })).rejects.toThrow(
      `${order} was received before: nothing of it is open for Berlin`,
    )
    await expect(
      api().orders.receive({ ...delivery, receipt: randomUUID(), lines: [{ sku: 'cup', units: 1 }] }),
    ).rejects.toThrow(`cup is not on ${order} for Berlin`)
    // Two people, one lorry, each with a sheet of their own: the second is told.
    const both = await Promise.allSettled(
      [1, 2].map(() =>
        api().orders.receive({
          order,
          store: 'hamburg',
          receipt: randomUUID(),
          lines: [{ sku: 'tea', units: 6 }],
        }),
      ),
    )
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    await streamCatchesUp()
    expect(await api().orders.get({ order })).toMatchObject({ received: 18, over: 0, state: 'received' })
  })

  it('takes more than was ordered only when told that it is so; what is not to come is cancelled', async () => {
    const order = await draftTea(12)
    await api().orders.place({ order })
    const delivery = { order, store: 'berlin', receipt: randomUUID(), lines: [{ sku: 'tea', units: 14 }] }
    await expect(api().orders.receive(delivery)).rejects.toThrow('Green tea: 12 are open, 14 were entered')
    await api().orders.receive({ ...delivery, acceptsMore: true })
    await api().orders.receive({
      order,
      store: 'hamburg',
      receipt: randomUUID(),
      lines: [{ sku: 'tea', units: 2 }],
    })
    await api().orders.cancelRest({ order })
    await streamCatchesUp()
    const settled = await api().orders.get({ order })
    expect(settled).toMatchObject({ state: 'received', over: 2, short: 4, open: 0 })
    expect(settled.items.map(({ state }) => state)).toEqual(['over', 'short'])
    await expect(api().orders.cancelRest({ order })).rejects.toThrow('Nothing of')
  })

  it('waits while the intake is away, and is sent once, as it was placed, when it answers', async () => {
    const order = await draftTea(12)
    const away = openServing(database.url, {
      intake: createIntakeClient({ host: '127.0.0.1', port: 1, intakeKey: undefined }),
    })
    const answer = await createCaller({ serving: away, person: null }).orders.place({ order })
    await away.close()
    expect(answer).toMatchObject({
      waiting: 2,
      detail: expect.stringContaining('is kept, and sent as soon as'),
    })
    expect(await stateOf(order)).toBe('sending')
    // Two web processes find it at once; one of them is killed before it has written that it was sent.
    await Promise.all([sendWaiting(database.sql, client), sendWaiting(database.sql, client)])
    await database.sql`update purchasing.outbox set sent_at = null where purchase_order = ${order}`
    expect(await sendWaiting(database.sql, client)).toEqual({ waiting: 0, detail: null })
    expect(await stateOf(order)).toBe('placed')
    const [logged] = await database.sql`
      select count(*)::int4 as events from log.event_log where details ->> 'purchaseOrderId' = ${order}`
    expect(logged).toEqual({ events: 2 })
  })

  it('says why the intake refuses something of it', async () => {
    const order = await draftTea(12)
    await api().orders.place({ order })
    await database.sql`
      insert into purchasing.outbox (purchase_order, body)
      values (${order}, ${JSON.stringify({ type: 'stock.received', id: 'broken' })}::text::jsonb)`
    await sendWaiting(database.sql, client)
    const { refusal, state } = await api().orders.get({ order })
    expect({ refusal, state }).toMatchObject({ state: 'placed', refusal: expect.stringContaining('source') })
  })

  it('is confirmed with a date, by which it is late afterwards; express comes in minutes, at its price', async () => {
    const order = await draftTea(12)
    await api().orders.editDraft({ order, isExpress: true })
    await api().orders.place({ order })
    const express = await api().orders.get({ order })
    // Twelve and six of tea, and the fee.
    expect(express).toMatchObject({ value: '32.4000', isExpress: true })
    expect((express.expectedAt ?? 0) - (express.placedAt ?? 0)).toBe(10 * MINUTE_MS)
    await api().orders.confirm({ order, expectedAt: Date.now() + DAY_MS })
    await streamCatchesUp()
    expect(await stateOf(order)).toBe('confirmed')
    await api().orders.confirm({ order, expectedAt: Date.now() - MINUTE_MS })
    await streamCatchesUp()
    expect(await stateOf(order)).toBe('late')
    const other = await api().orders.draft({ lines: [{ store: 'berlin', sku: 'cup', units: 1 }] })
    await expect(
      api().orders.editDraft({ order: other.orders[0]?.order ?? '', isExpress: true }),
    ).rejects.toThrow('clay offers no express')
  })
})

describe('people', () => {
  it('do what their role allows, under their name; without any entered everybody may', async () => {
    await database.sql`
      insert into purchasing.people values
        ('ada', 'Ada', 'buyer', null), ('ben', 'Ben', 'manager', null), ('cleo', 'Cleo', 'viewer', null)`
    const lines = [{ store: 'berlin', sku: 'tea', units: 12 }]
    await expect(api().orders.draft({ lines })).rejects.toThrow('Say first who you are')
    await expect(api('nobody').orders.draft({ lines })).rejects.toThrow('Say first who you are')
    await expect(api('cleo').orders.draft({ lines })).rejects.toThrow(
      'Cleo is a viewer. Ada or Ben drafts, orders and receives.',
    )
    const { orders } = await api('ada').orders.draft({ lines })
    const order = orders[0]?.order ?? ''
    await api('ben').orders.place({ order })
    expect(await api('cleo').orders.get({ order })).toMatchObject({ createdBy: 'Ada', placedBy: 'Ben' })
    expect((await api().overview.get()).people.map(({ name, role }) => `${name} ${role}`)).toEqual([
      'Ada buyer',
      'Ben manager',
      'Cleo viewer',
    ])
  })
})

describe('what there is too little of', () => {
  it('is shared out among the stores of a draft by who runs out first', async () => {
    await count({ berlin: 2, hamburg: 30 })
    await database.sql`
      insert into ref.demand_forecasts (store, sku, valid_from, method, units_by_weekday, spread, days)
      select store, 'tea', now() - interval '1 day', 'mean', array_fill(2::float8, array[7]), 1, 90
      from unnest(array['berlin', 'hamburg']) store`
    const { orders } = await api().orders.draft({
      lines: ['berlin', 'hamburg'].map(store => ({ store, sku: 'tea', units: 24 })),
    })
    const order = orders[0]?.order ?? ''
    await api().orders.shareOut({ order, sku: 'tea', available: 20 })
    // Berlin has a day, Hamburg fifteen: three packs, and none.
    expect((await api().orders.get({ order })).items.map(({ store, units }) => [store, units])).toEqual([
      ['berlin', 18],
    ])
    await expect(api().orders.shareOut({ order, sku: 'cup', available: 2 })).rejects.toThrow('cup is not on')
  })

  it('comes from another store where that is sooner, and no more than it has', async () => {
    await count({ berlin: 2, hamburg: 40 })
    await sell('berlin', 1)
    await streamCatchesUp()
    const { transfers } = await api().orders.transfers()
    expect(transfers).toMatchObject([
      { sku: 'tea', from: 'hamburg', fromName: 'Hamburg', to: 'berlin', units: 5, productName: 'Green tea' },
    ])
    const pass = (units: number, transfer = randomUUID()) =>
      api().orders.transfer({ transfer, from: 'hamburg', to: 'berlin', sku: 'tea', units })
    await expect(pass(41)).rejects.toThrow('hamburg has 40 of tea, and 41 were to go')
    await expect(pass(0)).rejects.toThrow('pass on at least one unit')
    const twice = randomUUID()
    await pass(5, twice)
    await pass(5, twice)
    await streamCatchesUp()
    expect(await onHand('berlin')).toBe(6)
    expect(await onHand('hamburg')).toBe(35)
  })
})

describe('a rule that orders by itself', () => {
  const rule = { supplier: 'leaf', store: 'berlin', dailyCap: '30', currency: 'EUR' }

  it('is off until a manager switches it on, orders once what is short, and never for more than its cap', async () => {
    await database.sql`insert into purchasing.people values ('ada', 'Ada', 'buyer', null), ('ben', 'Ben', 'manager', null)`
    await count({ berlin: 9 })
    await sell('berlin', 6)
    await streamCatchesUp()
    await expect(api('ada').orders.saveRule({ ...rule, isOn: true })).rejects.toThrow(
      'Ada is a buyer. Ben sets what orders by itself.',
    )
    await expect(api('ben').orders.saveRule({ ...rule, isOn: true, dailyCap: '0' })).rejects.toThrow(
      'above zero',
    )
    await api('ben').orders.saveRule({ ...rule, isOn: false })
    expect(await orderByRules(database.sql)).toEqual([])
    await api('ben').orders.saveRule({ ...rule, isOn: true, dailyCap: '20' })
    // Eighteen of tea are 22.50.
    expect(await orderByRules(database.sql)).toEqual([])
    await api('ben').orders.saveRule({ ...rule, isOn: true, dailyCap: '500' })
    // Two processes, and the stream has not counted what the first has ordered.
    const both = await Promise.all([orderByRules(database.sql), orderByRules(database.sql)])
    const [order] = both.flat()
    expect(both.flat()).toHaveLength(1)
    expect(await orderByRules(database.sql)).toEqual([])
    await sendWaiting(database.sql, client)
    await streamCatchesUp()
    expect(await api().orders.get({ order: order ?? '' })).toMatchObject({
      state: 'placed',
      value: '22.5000',
      autoRule: expect.any(Number),
    })
    // It sells on: the cap holds over its orders of a day.
    await api('ben').orders.saveRule({ ...rule, isOn: true })
    await sell('berlin', 20)
    await streamCatchesUp()
    expect(await orderByRules(database.sql)).toEqual([])
    expect(await api().orders.rules()).toMatchObject([
      { supplier: 'leaf', store: 'berlin', spent: '22.5000', isOn: true },
    ])
  })
})

describe('what is muted', () => {
  it('waits for nobody, by product, supplier or store, until it is over or somebody ends it', async () => {
    await count({ berlin: 9 })
    await sell('berlin', 6)
    await streamCatchesUp()
    const shortages = async () =>
      (await api().restock.alerts({ stores: ['berlin'], supplier: 'leaf' })).counts
    expect(await shortages()).toMatchObject({ low: 1, muted: 0 })
    await expect(api().orders.mute({ reason: 'x' })).rejects.toThrow('not everything is muted at once')
    await expect(api().orders.mute({ sku: 'teapot', reason: 'x' })).rejects.toThrow('teapot: no such product')
    await expect(api().orders.mute({ sku: 'tea', reason: ' ' })).rejects.toThrow('say why')
    for (const of of [{ sku: 'tea' }, { supplier: 'leaf' }, { store: 'berlin', sku: 'tea' }]) {
      await api().orders.mute({ ...of, reason: 'is being delisted' })
      expect(await shortages()).toMatchObject({ low: 0, muted: 1 })
      const { mutes } = await api().overview.get()
      expect(mutes[0]?.skus).toContain('tea')
      const [mute] = await api().orders.mutes()
      await api().orders.endMute({ mute: mute?.mute ?? 0 })
      expect(await shortages()).toMatchObject({ low: 1, muted: 0 })
    }
    await api().orders.mute({ store: 'hamburg', reason: 'is being rebuilt' })
    expect(await shortages()).toMatchObject({ low: 1, muted: 0 })
    await api().orders.mute({ sku: 'tea', reason: 'for an hour', hours: 1 })
    await database.sql`update purchasing.mutes set until = now() - interval '1 second' where until is not null`
    expect(await shortages()).toMatchObject({ low: 1, muted: 0 })
  })
})

it('is confirmed and brought by a supplier of the demo that reads of it, once, in minutes where it is express', async () => {
  const world = createWorld({ randomSeed: 1, stores: 1, ordersPerDay: 200 })
  const [product, shop] = [world.products[0], world.shops[0]]
  if (!product || !shop) throw new Error('an empty world')
  const { sku, supplier } = product
  await database.sql`insert into ref.products (sku, name) values (${sku}, 'Made')`
  await database.sql`insert into ref.suppliers values (${supplier.id}, 'Maker')`
  await database.sql`
    insert into ref.supply_terms (sku, valid_from, supplier, unit_cost, currency, pack_size, lead_time_days)
    values (${sku}, now() - interval '1 day', ${supplier.id}, 10000, 'EUR', 1, 3)`
  await database.sql`
    insert into ref.supplier_terms (supplier, valid_from, express_minutes, express_fee, currency)
    values (${supplier.id}, now() - interval '1 day', 1, 10000, 'EUR')`
  const trading = openShop({
    world,
    shop: { ...shop, id: 'berlin' },
    state: { ...newShopState(world), onHand: world.products.map(() => 0) },
    random: createRandom(1, 'trial'),
    series: 't',
  })
  const { orders } = await api().orders.draft({ lines: [{ store: 'berlin', sku, units: 9 }] })
  const order = orders[0]?.order ?? ''
  await api().orders.editDraft({ order, isExpress: true })
  await api().orders.place({ order })
  const serve = async (now: number) => {
    const inbox = await readInbox(database.sql, 0)
    const own = inbox.orders.filter(({ purchaseOrderId }) => purchaseOrderId === order)
    const happened = serveBuyers(trading, own, { now, speed: 1, deliveriesHeld: false })
    if (happened.length > 0) expect(await client.send(happened)).toEqual({ kind: 'taken', rejected: [] })
    return happened.map(({ type }) => type)
  }
  const placedAt = (await api().orders.get({ order })).placedAt ?? 0
  expect(await serve(placedAt)).toEqual([])
  // The stream is late: the supplier remembers what it brought. No clock of the intake's is passed by two minutes.
  expect(await serve(placedAt + MINUTE_MS)).toEqual(['purchase.confirmed', 'stock.received'])
  expect(await serve(placedAt + MINUTE_MS)).toEqual([])
  await streamCatchesUp()
  expect(await api().orders.get({ order })).toMatchObject({
    state: 'received',
    received: 9,
    over: 0,
    confirmedAt: expect.any(Number),
  })
  expect(await serve(placedAt + MINUTE_MS)).toEqual([])
  expect(trading.state.onHand?.[0]).toBe(9)
})

it('knows the time of an event as the one at which it was placed, however late it is sent', async () => {
  const order = await draftTea(12)
  await api().orders.place({ order })
  const [row] = await database.sql<{ placedAt: number; eventTime: number }[]>`
    select o.placed_at as "placedAt", e.event_time as "eventTime" from purchasing.orders o
    join log.event_log e on e.details ->> 'purchaseOrderId' = o.purchase_order
    where o.purchase_order = ${order} limit 1`
  expect(formatInstant(row?.eventTime ?? 0)).toBe(formatInstant(row?.placedAt ?? 1))
})
