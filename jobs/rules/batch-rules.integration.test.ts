import { expect, test } from 'vitest'
import type { Sql } from '#db/client.ts'
import { keyedRule } from '#domain/batch-rules/batch-rule.ts'
import { KEYED_RULES } from '#domain/batch-rules/catalogue.ts'
import type { SentEvent } from '#domain/event.ts'
import { DAY_MS, formatInstant, HOUR_MS, type Instant, MINUTE_MS } from '#domain/instant.ts'
import type { EventClass } from '#domain/log-event.ts'
import { placed, returned, toLogEvents, voided } from '#domain/testing/events.ts'
import { createTestBatch } from '#jobs/testing/batch.ts'
import { type HistoricEvent, historyChunks, loadHistory } from '#server/log/history.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { batchRules, runBatchRules } from './batch-rules.ts'

const NOW = Date.now()
const TODAY = Math.floor(NOW / DAY_MS) * DAY_MS
const at = (hours: number) => formatInstant(NOW + hours * HOUR_MS)
const BOUGHT = { sku: 'tea', units: 2, unitPrice: '2.50' }

async function append(sql: Sql, events: readonly SentEvent[], eventClass: EventClass = 'live') {
  return appendTestEvents(
    sql,
    events.flatMap(event => toLogEvents(event, { class: eventClass })),
  )
}

const bought = (id: string, hours: number, { store = 'berlin', cardToken = '', entryMode = '' } = {}) => ({
  ...placed({ id, at: at(hours), store }, [BOUGHT]),
  ...(cardToken && { cardToken }),
  ...(entryMode && { entryMode }),
})

const back = (
  id: string,
  hours: number,
  {
    order,
    units = 1,
    refund = '2.50',
    store = 'berlin',
  }: { order?: string; units?: number; refund?: string; store?: string },
): SentEvent => ({
  ...returned({ id, at: at(hours), store }, [{ sku: 'tea', units, refund }]),
  ...(order !== undefined && { originalOrderId: order }),
})

interface Row {
  alertId: string
  rule: string
  store: string
  subject: string
  state: string
  summary: string
}

async function alertsOf(sql: Sql): Promise<Row[]> {
  const rows = await sql<Row[]>`
    select alert_id as "alertId", rule, store, subject, state, evidence ->> 'summary' as summary
    from reports.alerts where raised_by = 'batch' order by rule, alert_id`
  return rows.map(row => ({ ...row }))
}

/** All that stands of alerts, but for when it was written. */
async function standing(sql: Sql) {
  const rows = await sql`
    select alert_id, kind, rule, rule_version, store, register, subject, severity, score, state, opened_at, amended_at,
      resolved_at, evidence
    from batch.alerts order by alert_id`
  return rows.map(row => ({ ...row }))
}

/** As if nothing had ever been judged. */
async function forget(sql: Sql): Promise<void> {
  await sql`truncate batch.rule_documents, batch.rule_waits, batch.product_days, batch.rule_progress, batch.alerts`
}

async function place(
  sql: Sql,
  store: string,
  latitude: number | null,
  longitude: number | null,
): Promise<void> {
  await sql`update ref.store_versions set latitude = ${latitude}, longitude = ${longitude} where store = ${store}`
}

/** The log of these stores goes back far enough for any return. */
async function soldLongAgo(sql: Sql, ...stores: string[]): Promise<void> {
  await append(
    sql,
    stores.map(store => placed({ id: `first-${store}`, at: at(-100 * 24), store }, [BOUGHT])),
    'bulk',
  )
}

const ran = (sql: Sql, hours?: number) =>
  runBatchRules(sql, hours === undefined ? {} : { through: NOW + hours * HOUR_MS })

test('more comes back of an order than it bought: over all its returns, in any order, what was voided not bought', async () => {
  const { sql } = await createTestBatch()
  await append(sql, [
    // In order to the last unit.
    bought('o-1', -9),
    back('r-1', -8, { order: 'o-1' }),
    back('r-2', -7, { order: 'o-1' }),
    // Once more than bought, weeks apart.
    bought('o-2', -9),
    back('r-3', -8, { order: 'o-2', units: 2, refund: '5.00' }),
    // More money for what was bought.
    bought('o-3', -9),
    back('r-4', -8, { order: 'o-3', refund: '9.00' }),
  ])
  await ran(sql)
  expect(await alertsOf(sql)).toMatchObject([
    { subject: 'o-3', state: 'open', summary: '9.00 EUR refunded of order o-3, which cost 5.00 EUR' },
  ])
  await append(sql, [
    back('r-5', -1, { order: 'o-2' }),
    // Its order comes last, and is voided.
    back('r-6', -6, { order: 'o-4' }),
    bought('o-4', -7),
    voided({ id: 'v-4', at: at(-6.5), orderId: 'o-4' }, [BOUGHT]),
    // At another store than it was bought in; a return that names none is nobody's.
    bought('o-5', -6),
    back('r-7', -5, { order: 'o-5', units: 3, refund: '5.00', store: 'berlin-west' }),
    back('r-8', -5, { units: 50 }),
  ])
  await ran(sql)
  const rows = await alertsOf(sql)
  expect(rows.map(({ store, subject, summary }) => [store, subject, summary])).toEqual(
    expect.arrayContaining([
      ['berlin', 'o-2', '3 × tea given back of order o-2, which bought 2'],
      ['berlin', 'o-4', '1 × tea given back of order o-4, which bought 0'],
      ['berlin-west', 'o-5', '3 × tea given back of order o-5, which bought 2'],
    ]),
  )
  expect(rows).toHaveLength(4)
  const [evidence] = await sql`
    select evidence -> 'figures' as figures, jsonb_path_query_array(evidence, '$.receipts[*].id') as ids, found_by
    from reports.alerts where subject = 'o-2'`
  expect(evidence).toEqual({
    found_by: 'batch_rules',
    ids: ['o-2', 'r-3', 'r-5'],
    figures: [
      { label: 'Returns of the order', value: '2' },
      { label: 'Given back of tea', value: '3', limit: 'at most 2, as bought' },
      { label: 'Refunded in EUR', value: '7.50 EUR', limit: 'at most 5.00 EUR, as paid' },
    ],
  })
})

test('an order that nobody knows is waited for, as long as its files are; the log must go back far enough', async () => {
  const { sql } = await createTestBatch()
  await sql`update ref.store_versions set input = 'journal' where store = 'new-york'`
  await soldLongAgo(sql, 'berlin', 'new-york')
  await append(sql, [
    back('r-1', -1, { order: 'gone' }),
    back('r-2', -1, { order: 'late' }),
    // Of a store whose log begins with it: what it sold before is not known.
    back('r-3', -1, { order: 'before', store: 'kolkata' }),
  ])
  await append(sql, [back('r-4', -1, { order: 'in-a-file', store: 'new-york' })], 'bulk')
  await ran(sql)
  await ran(sql, 23)
  expect(await alertsOf(sql)).toEqual([])
  await ran(sql, 25)
  expect(await alertsOf(sql)).toMatchObject([
    { rule: 'refund_of_unknown_order', store: 'berlin', subject: 'gone' },
    { subject: 'late' },
    { subject: 'in-a-file', store: 'new-york' },
  ])
  expect(await sql`select from batch.rule_waits`).toHaveLength(0)
})

test('while a journal is awaited that may hold the order, nothing is said', async () => {
  const { sql } = await createTestBatch()
  await sql`
    update ref.store_versions set input = 'journal', opening_days = '{1,2,3,4,5,6,7}' where store = 'berlin'`
  await soldLongAgo(sql, 'berlin')
  const days = Array.from({ length: 40 }, (_, day) => -24 * (day + 1))
  // Every day has its journal, but for the one of three days ago.
  await append(
    sql,
    days
      .filter(hours => hours !== -72)
      .map(hours => placed({ id: `o${hours}`, at: at(hours), store: 'berlin' }, [BOUGHT])),
    'bulk',
  )
  await append(sql, [back('r-1', -24, { order: 'unread' })], 'bulk')
  await ran(sql, 30)
  expect(await alertsOf(sql)).toEqual([])
  await append(sql, [placed({ id: 'o-72', at: at(-72), store: 'berlin' }, [BOUGHT])], 'bulk')
  await ran(sql, 60)
  expect(await alertsOf(sql)).toMatchObject([{ subject: 'unread', state: 'open' }])
})

test('one card in two cities: by what one would have to travel, at tills, where it is known where they stand', async () => {
  const { sql } = await createTestBatch()
  await place(sql, 'berlin', 52.52, 13.41)
  await place(sql, 'berlin-west', 52.5, 13.28)
  await place(sql, 'new-york', 40.75, -74)
  const card = (id: string, hours: number, store: string, fields = {}) =>
    bought(id, hours, { store, cardToken: id.slice(0, 3), ...fields })
  await append(sql, [
    card('c-1-a', -9, 'berlin'),
    card('c-1-b', -5, 'new-york'),
    // Time enough to fly; across the city; where nobody knows where it is; typed in.
    ...[card('c-2-a', -19, 'berlin'), card('c-2-b', -9, 'new-york')],
    ...[card('c-3-a', -9, 'berlin'), card('c-3-b', -8.9, 'berlin-west')],
    ...[card('c-4-a', -9, 'berlin'), card('c-4-b', -8, 'kolkata')],
    ...[card('c-5-a', -9, 'berlin'), card('c-5-b', -8, 'new-york', { entryMode: 'manual' })],
  ])
  await ran(sql)
  const [alert, ...others] = await alertsOf(sql)
  expect(others).toEqual([])
  expect(alert).toMatchObject({
    store: 'new-york',
    subject: 'c-1',
    summary: 'Card c-1 at berlin and, 240 minutes later, 6382 km away at new-york',
  })
  // Again within a day: the same alert. What comes late counts like the rest.
  await append(sql, [card('c-1-c', -4, 'berlin'), card('c-2-c', -10, 'berlin')])
  await ran(sql)
  const rows = await alertsOf(sql)
  expect(rows.map(({ subject }) => subject).sort()).toEqual(['c-1', 'c-2'])
  expect(rows.map(({ alertId }) => alertId)).toContain(alert?.alertId)
  const [{ ids } = {}] = await sql`
    select jsonb_path_query_array(evidence, '$.receipts[*].id') as ids from batch.alerts where subject = 'c-1'`
  expect(ids).toEqual(['c-1-a', 'c-1-b', 'c-1-c'])
})

test('however the log is cut into ticks, however often it is judged again, the same alerts stand; verdicts stay with them', async () => {
  const { sql } = await createTestBatch()
  await place(sql, 'berlin', 52.52, 13.41)
  await place(sql, 'new-york', 40.75, -74)
  await soldLongAgo(sql, 'berlin', 'new-york')
  const parts: SentEvent[][] = [
    [bought('o-1', -50, { cardToken: 'c-1' }), back('r-1', -40, { order: 'o-1', units: 2, refund: '5.00' })],
    [back('r-2', -30, { order: 'o-2' }), bought('x-1', -49, { store: 'new-york', cardToken: 'c-1' })],
    [
      back('r-3', -29, { order: 'o-1' }),
      bought('x-2', -2, { cardToken: 'c-1' }),
      back('r-4', -20, { order: 'o-3' }),
    ],
    // The order that was missing, an order that says that more was bought after all, a use between the others.
    [bought('o-2', -31), bought('o-1-more', -50), bought('x-3', -3, { store: 'new-york', cardToken: 'c-1' })],
    [
      back('r-5', -1, { order: 'o-2', units: 4 }),
      bought('o-3', -60),
      voided({ id: 'v', at: at(-1), orderId: 'o-3' }, [BOUGHT]),
    ],
  ]
  for (const part of parts) {
    await append(sql, part)
    await runBatchRules(sql)
  }
  const cut = await standing(sql)
  expect(cut.map(({ rule }) => rule)).toEqual(
    expect.arrayContaining(['card_in_two_stores', 'refund_beyond_purchase']),
  )
  expect(cut.length).toBeGreaterThanOrEqual(4)
  const [first] = cut
  await sql`insert into live.alert_actions (alert_id, kind, verdict) values (${String(first?.alert_id)}, 'verdict', 'fraud')`
  for (const step of [1, 3, 10_000]) {
    await forget(sql)
    await runBatchRules(sql, { step })
    expect(await standing(sql)).toEqual(cut)
  }
  const [judged] = await sql`select verdict from reports.alerts where alert_id = ${String(first?.alert_id)}`
  expect(judged).toEqual({ verdict: 'fraud' })
  // What stands so already is not written again.
  const written = await sql`select alert_id, xmin::text from batch.alerts order by alert_id`
  await sql`update batch.rule_progress set through = 'epoch'`
  await sql`truncate batch.rule_documents`
  await runBatchRules(sql)
  expect(await sql`select alert_id, xmin::text from batch.alerts order by alert_id`).toEqual(written)
})

/** The same numbers every time: of Lehmer's generator. */
function draws(seed: number) {
  let state = seed
  const next = () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
  const integer = (least: number, most: number) => least + Math.floor(next() * (most - least + 1))
  return {
    integer,
    chance: (share: number) => next() < share,
    pick: (stores: readonly string[]) => stores[integer(0, stores.length - 1)] ?? '',
  }
}

/** Five days of orders, voids and returns of few numbers and cards, many of which come into the log days late. */
function* jumbled(random: ReturnType<typeof draws>): Generator<HistoricEvent> {
  const began = TODAY - 6 * DAY_MS
  const events: HistoricEvent[] = []
  const add = (sent: SentEvent, lateMs: number) => {
    for (const event of toLogEvents(sent))
      events.push({ event, appendedAt: Date.parse(sent.eventTime) + lateMs })
  }
  for (const store of ['berlin', 'new-york', 'kolkata'])
    add(
      placed({ id: `first-${store}`, at: formatInstant(began - 90 * DAY_MS), store }, [BOUGHT]),
      90 * DAY_MS,
    )
  for (let document = 0; document < 400; document += 1) {
    const store = random.pick(['berlin', 'new-york', 'kolkata'])
    const time = formatInstant(began + random.integer(1, 4 * 24) * HOUR_MS + document)
    const lateMs = random.chance(0.6) ? 1_000 : random.integer(0, 40) * HOUR_MS
    const order = `o-${random.integer(1, 40)}`
    const where = { id: `d-${document}`, at: time, store }
    const card = { cardToken: `c-${random.integer(1, 15)}` }
    if (random.chance(0.5)) add(Object.assign(placed(where, [BOUGHT]), { orderId: order }, card), lateMs)
    else if (random.chance(0.1)) add(voided({ ...where, orderId: order }, [BOUGHT]), lateMs)
    else
      add(
        Object.assign(returned(where, [{ sku: 'tea', units: 1, refund: '2.50' }]), {
          originalOrderId: order,
        }),
        lateMs,
      )
  }
  yield* events.sort((one, other) => one.appendedAt - other.appendedAt)
}

test('of events that come days late, cut anyhow, the same alerts come: of orders that are missed and come after all, too', async () => {
  const { sql } = await createTestBatch()
  await place(sql, 'berlin', 52.52, 13.41)
  await place(sql, 'new-york', 40.75, -74)
  const random = draws(7)
  await loadHistory(sql, { chunks: historyChunks(jumbled(random)), from: TODAY - 7 * DAY_MS, to: TODAY })
  await runBatchRules(sql, { through: TODAY })
  const whole = await standing(sql)
  const count = (rule: string, state: string) =>
    whole.filter(alert => alert.rule === rule && alert.state === state).length
  expect(
    [
      count('refund_beyond_purchase', 'open'),
      count('refund_beyond_purchase', 'resolved'),
      count('refund_of_unknown_order', 'resolved'),
      count('card_in_two_stores', 'open'),
    ].every(found => found > 2),
  ).toBe(true)
  for (const hours of [5, 31]) {
    await forget(sql)
    for (let through = TODAY - 6 * DAY_MS; through < TODAY; through += hours * HOUR_MS)
      await runBatchRules(sql, { through, step: random.integer(1, 50) })
    await runBatchRules(sql, { through: TODAY })
    expect(await standing(sql)).toEqual(whole)
  }
})

test('a step that does not commit has judged nothing', async () => {
  const { sql } = await createTestBatch()
  await append(sql, [bought('o-1', -9), back('r-1', -8, { order: 'o-1', units: 3, refund: '5.00' })])
  await sql`alter table batch.alerts add constraint refused check (rule <> 'refund_beyond_purchase')`
  await expect(runBatchRules(sql)).rejects.toThrow('refused')
  expect(await sql`select from batch.rule_documents`).toHaveLength(0)
  await sql`alter table batch.alerts drop constraint refused`
  await runBatchRules(sql)
  expect(await alertsOf(sql)).toMatchObject([{ subject: 'o-1' }])
})

test('a rule that fails says so, and the others go on; one that is switched off says nothing', async () => {
  const { sql } = await createTestBatch()
  await append(sql, [bought('o-1', -9), back('r-1', -8, { order: 'o-1', units: 3, refund: '5.00' })])
  const broken = keyedRule({
    ...{ name: 'broken', kind: 'fraud', title: 'Broken', source: 'none', parameters: {}, by: 'order' },
    describe: () => 'Fails.',
    judge() {
      throw new Error('it is broken')
    },
  })
  const outcome = await runBatchRules(sql, { keyedRules: [broken, ...KEYED_RULES] })
  expect(outcome.failures.map(({ message }) => message)).toEqual(['broken failed on order o-1'])
  expect(await alertsOf(sql)).toHaveLength(1)
  await forget(sql)
  await sql`
    insert into ref.rule_versions (rule, version, valid_from, is_on, parameters)
    values ('refund_beyond_purchase', 2, now() - interval '1 day', false, '{}')`
  await runBatchRules(sql)
  expect(await alertsOf(sql)).toEqual([])
})

test('its run is in the ledger, and people hear of what it finds', async () => {
  const { sql, url } = await createTestBatch()
  expect(await batchRules.isReady?.(sql)).toBe(false)
  await append(sql, [bought('o-1', -9), back('r-1', -8, { order: 'o-1', units: 3, refund: '5.00' })])
  expect(await batchRules.isReady?.(sql)).toBe(true)
  const logger = { error() {} } as never
  const result = await batchRules.run({ databaseUrl: url, range: null, runId: 1, depth: 'rows', logger })
  expect(result).toMatchObject({ detail: '2 documents read, 1 alerts began or changed', rowCount: 2 })
  expect(await batchRules.isReady?.(sql)).toBe(false)
  const told = await sql`select payload from live.ops_lane where kind = 'detections'`
  expect(told).toMatchObject([
    { payload: [{ rule: 'refund_beyond_purchase', subject: 'o-1', state: 'open' }] },
  ])
})

/** Sixteen days of a product that sells twice a day in three stores, and then, on the last, everywhere. */
function* soldEverywhere(stores: readonly string[], late: readonly string[]): Generator<HistoricEvent> {
  const sale = (id: string, time: Instant, store: string, units: number, lateMs = 1_000) => {
    const sent = placed({ id, at: formatInstant(time), store }, [{ sku: 'tea', units, unitPrice: '2.50' }])
    return toLogEvents(sent).map(event => ({ event, appendedAt: time + lateMs }))
  }
  const rush = TODAY - DAY_MS + 9 * HOUR_MS + 10 * MINUTE_MS
  for (let day = 17; day > 1; day -= 1) {
    for (const store of ['berlin', 'kolkata', 'new-york'])
      yield* sale(`${store}-${day}`, TODAY - day * DAY_MS + 9 * HOUR_MS, store, 2)
  }
  for (const store of stores) yield* sale(`${store}-rush`, rush, store, 40)
  for (const store of late) yield* sale(`${store}-late`, rush, store, 40, 8 * HOUR_MS)
  yield* sale('end', TODAY - HOUR_MS, 'berlin', 1)
}

async function loadSales(sql: Sql, stores: readonly string[], late: readonly string[] = []): Promise<void> {
  const events = soldEverywhere(stores, late)
  await loadHistory(sql, { chunks: historyChunks(events), from: TODAY - 18 * DAY_MS, to: TODAY })
}

test('a product that sells everywhere at once: an episode from the hour it began in until it is over', async () => {
  const { sql } = await createTestBatch()
  await loadSales(sql, ['berlin', 'kolkata', 'new-york'])
  await runBatchRules(sql)
  const [alert, ...others] = await standing(sql)
  expect(others).toEqual([])
  const began = TODAY - DAY_MS + 10 * HOUR_MS
  expect(alert).toMatchObject({
    alert_id: `product_everywhere/berlin/tea@${formatInstant(began)}`,
    state: 'resolved',
    opened_at: began,
    amended_at: began + 5 * HOUR_MS,
    resolved_at: began + 11 * HOUR_MS,
  })
  // Hour by hour, as ticks would have.
  await forget(sql)
  for (let hour = 0; hour <= 24; hour += 1)
    await runBatchRules(sql, { through: TODAY - DAY_MS + hour * HOUR_MS })
  expect(await standing(sql)).toEqual([alert])
})

test('a product that sells in two stores is no news, nor what the log hears of a third when its hours are over', async () => {
  const { sql } = await createTestBatch()
  await loadSales(sql, ['berlin', 'kolkata'], ['new-york'])
  await runBatchRules(sql)
  expect(await standing(sql)).toEqual([])
})
