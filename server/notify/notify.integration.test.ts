import { Webhook } from 'standardwebhooks'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { addTestStores } from '#db/testing/stores.ts'
import { STREAM_TABLES } from '#db/testing/stream-tables.ts'
import { DAY_MS } from '#domain/instant.ts'
import type { Wishes } from '#domain/notify/subscription.ts'
import { EXAMPLE_STORES } from '#domain/testing/stores.ts'
import { listDeliveries, readDelivery } from '#server/serving/notifications/deliveries.ts'
import { readNotices } from '#server/serving/notifications/notices.ts'
import {
  changeSubscription,
  createSubscription,
  endSubscription,
  listSubscriptions,
  personOf,
  requestTest,
} from '#server/serving/notifications/subscriptions.ts'
import { openServing, type Serving } from '#server/serving/serving.ts'
import { decide, sweep } from './decide.ts'
import { deliverDue } from './deliver.ts'
import type { NotifySettings } from './outcome.ts'
import { planShortage, raiseDetection, raiseShortage, resolveShortage } from './testing/alerts.ts'
import { createPushBrowser } from './testing/decrypt-push.ts'
import { openMailReceiver, openReceiver, type Receiver } from './testing/receivers.ts'

const EVERYTHING: Wishes = {
  stores: [],
  categories: [],
  suppliers: [],
  kinds: [],
  leastSeverity: 'warning',
  quiet: null,
  quietForCritical: false,
  digestMinutes: 0,
}

let database: TestDatabase
let serving: Serving
let receiver: Receiver
let settings: NotifySettings
const opened: (() => Promise<void>)[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  receiver = await openReceiver()
  serving = openServing(database.url, { notify: { sendsMail: true, privateWebhooks: [receiver.host] } })
  await addTestStores(database.sql, EXAMPLE_STORES)
  await database.sql`
    insert into ref.products (sku, name, category) values ('tea', 'Green tea', 'Tea'), ('cup', 'Cup', 'Cups')`
  await database.sql`insert into ref.suppliers values ('leaf', 'Leaf & Co')`
  await database.sql`
    insert into ref.supply_terms (sku, valid_from, supplier, unit_cost, currency, pack_size, lead_time_days)
    values ('tea', now() - interval '1 day', 'leaf', 10000, 'EUR', 1, 2)`
})
afterAll(async () => {
  await receiver.close()
  await serving.close()
  await database.drop()
})
beforeEach(async () => {
  await database.sql`
    truncate ${database.sql(STREAM_TABLES)}, batch.alerts, batch.shortages, batch.replenishment, batch.replenishment_plans, live.alert_actions, live.ops_lane, notify.subscriptions,
      notify.messages, notify.deliveries, notify.attempts, notify.outbox`
  receiver.calls.length = 0
  receiver.answers.length = 0
  settings = {
    smtpUrl: undefined,
    mailFrom: 'Tillstream <alerts@shop.example>',
    dashboardUrl: 'https://till.example',
    privateWebhooks: [receiver.host],
  }
})
afterEach(async () => {
  for (const close of opened.splice(0)) await close()
})

async function subscribe(
  wishes: Partial<Wishes> = {},
  route: Parameters<typeof createSubscription>[1]['route'] = { way: 'app' },
  person: string | null = null,
): Promise<{ subscription: number; secret: string | null }> {
  return createSubscription(serving, { route, wishes: { ...EVERYTHING, ...wishes }, person, by: 'test' })
}

/** One turn of the worker, with all that waits for its second of gathering due. */
async function turn(): Promise<void> {
  await decide(database.sql)
  await database.sql`
    update notify.messages set due_at = clock_timestamp()
    where state = 'waiting' and due_at < clock_timestamp() + interval '2 seconds'`
  await decide(database.sql)
  await deliverDue(database.sql, settings, 'pages')
  await deliverDue(database.sql, settings, 'outside')
}

/** What pages show, to whoever looks. */
async function told(person: string | null = null): Promise<string[]> {
  const { notices } = await readNotices(database.sql, { person, after: 0 })
  return notices.map(({ alertId, severity }) => `${alertId} ${severity}`)
}

async function states(): Promise<Record<string, number>> {
  const rows = await database.sql<{ state: string; count: number }[]>`
    select state, count(*) as count from notify.messages group by state`
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]))
}

describe('what is told', () => {
  it('is what comes, of both paths, not what was open before, and each once', async () => {
    const { sql } = database
    await raiseShortage(sql, 'old')
    await raiseDetection(sql, 'old-fraud')
    await subscribe()
    await turn()
    expect(await told()).toEqual([])
    await raiseShortage(sql, 'tea@1')
    await raiseDetection(sql, 'card', { severity: 'critical' })
    await turn()
    expect((await told()).toSorted()).toEqual(['card critical', 'tea@1 warning'])
    await turn()
    expect(await told()).toHaveLength(2)
    // A replay builds the tables anew, the alerts under the same names.
    await sql`select stream.create_generation(2, 2)`
    await raiseShortage(sql, 'old', { generation: 2 })
    await raiseShortage(sql, 'tea@1', { generation: 2 })
    await sql`update stream.active_generation set generation = 2`
    await turn()
    expect(await told()).toHaveLength(2)
    await sql`update stream.active_generation set generation = 1`
    await sql`select stream.drop_generation(2)`
  })

  it('is told once by several workers that decide and send at once', async () => {
    const { sql } = database
    await Promise.all(
      Array.from({ length: 6 }, () => subscribe({}, { way: 'webhook', address: `${receiver.url}/a` })),
    )
    for (let index = 0; index < 10; index += 1)
      await raiseShortage(sql, `tea@${index}`, { rule: 'out_of_stock', onHand: 0 })
    const other = await import('#db/client.ts').then(({ connect }) => connect(database.url, { max: 4 }))
    opened.push(() => other.end())
    await Promise.all([decide(sql), decide(other), decide(sql), decide(other)])
    await decide(sql)
    await Promise.all([sql, other, sql].map(client => deliverDue(client, settings, 'outside')))
    const alertIds = receiver.calls.flatMap(({ body }) =>
      (JSON.parse(body.toString()).data.alerts as { alertId: string }[]).map(({ alertId }) => alertId),
    )
    expect(alertIds).toHaveLength(60)
    expect(new Set(receiver.calls.map(({ headers }) => headers['webhook-id'])).size).toBe(
      receiver.calls.length,
    )
  })

  it('is told again when an alert becomes critical, once, and not when it becomes less so', async () => {
    const { sql } = database
    await subscribe()
    await raiseShortage(sql, 'tea@1')
    await turn()
    await raiseShortage(sql, 'tea@1', { rule: 'out_of_stock', onHand: 0 })
    await turn()
    await raiseShortage(sql, 'tea@1', { rule: 'oversold', onHand: -1 })
    await turn()
    await raiseShortage(sql, 'tea@1', { rule: 'low_stock', onHand: 1 })
    await turn()
    expect(await told()).toEqual(['tea@1 warning', 'tea@1 critical'])
    await raiseShortage(sql, 'cup@1', { sku: 'cup', rule: 'out_of_stock', onHand: 0 })
    await turn()
    await raiseShortage(sql, 'cup@1', { sku: 'cup', rule: 'low_stock', onHand: 1 })
    await turn()
    expect((await told()).filter(line => line.startsWith('cup'))).toEqual(['cup@1 critical'])
  })

  it('is one shortage, whether the nightly plan or the stream names it first', async () => {
    const { sql } = database
    await subscribe()
    const since = Date.now() - 3_600_000
    await planShortage(sql, { since })
    await turn()
    const { notices } = await readNotices(sql, { person: null, after: 0 })
    expect(notices).toMatchObject([
      { alertId: `plan/berlin/tea@${since}`, title: 'Runs out: Green tea', severity: 'warning' },
    ])
    expect(notices[0]?.detail).toMatch(/^Berlin, 4 on hand, 0 on order, runs out \w{3} \d\d:\d\d$/)
    // The stream finds it too: it is known, until it becomes critical.
    await raiseShortage(sql, 'tea@1')
    await turn()
    expect(await told()).toHaveLength(1)
    await raiseShortage(sql, 'tea@1', { rule: 'out_of_stock', onHand: 0 })
    await turn()
    expect(await told()).toEqual([`plan/berlin/tea@${since} warning`, `plan/berlin/tea@${since} critical`])
    // The other way round: what the plan of the night says of a shelf that the stream has judged since is old.
    await raiseShortage(sql, 'cup@1', { sku: 'cup' })
    await turn()
    await planShortage(sql, { sku: 'cup', since: Date.now() + 1 })
    await turn()
    await resolveShortage(sql, 'cup@1')
    await turn()
    expect((await told()).slice(2)).toEqual(['cup@1 warning'])
  })

  it('is what somebody wants to hear of, in words, with store, product and what there is', async () => {
    const { sql } = database
    await subscribe({ stores: ['berlin'], categories: ['Tea'], suppliers: ['leaf'], kinds: ['shortage'] })
    await raiseShortage(sql, 'tea@1')
    await raiseShortage(sql, 'cup@1', { sku: 'cup' })
    await raiseShortage(sql, 'tea@2', { store: 'new-york' })
    await raiseDetection(sql, 'card')
    await turn()
    const { notices } = await readNotices(sql, { person: null, after: 0 })
    expect(notices).toMatchObject([
      {
        title: 'Low stock: Green tea',
        detail: 'Berlin, 2 on hand, 0 on order',
        href: '/restock',
        way: 'app',
      },
    ])
  })

  it('is no shortage of a product, a supplier or a store that was muted, until that ends', async () => {
    const { sql } = database
    await subscribe()
    await sql`
      insert into purchasing.mutes (sku, store, supplier, reason, until, ended_at) values
        ('cup', null, null, 'ends its life', null, null), (null, 'berlin', 'leaf', 'strike', '2199-01-01', null),
        (null, 'new-york', null, 'rebuilt', '2020-01-01', null), (null, 'new-york', null, 'rebuilt', null, now())`
    await raiseShortage(sql, 'cup@1', { sku: 'cup', store: 'new-york' })
    await raiseShortage(sql, 'tea@1')
    await raiseShortage(sql, 'tea@2', { store: 'new-york' })
    await turn()
    expect(await told()).toEqual(['tea@2 warning'])
    await sql`update purchasing.mutes set ended_at = now() where sku = 'cup'`
    await turn()
    expect(await told()).toEqual(['tea@2 warning', 'cup@1 warning'])
    await sql`delete from purchasing.mutes`
  })

  it('is nothing that needs nobody: on its way, taken on, snoozed, judged, over', async () => {
    const { sql } = database
    await subscribe()
    const act = (alertId: string, kind: string, until: string | null = null) =>
      sql`insert into live.alert_actions (alert_id, kind, snoozed_until) values (${alertId}, ${kind}, ${until}::text::timestamptz)`
    await raiseShortage(sql, 'on-its-way', { onOrder: 20 })
    await raiseShortage(sql, 'taken-on')
    await act('taken-on', 'acknowledge')
    await raiseShortage(sql, 'snoozed')
    await act('snoozed', 'snooze', '2199-01-01')
    await raiseDetection(sql, 'judged')
    await sql`insert into live.alert_actions (alert_id, kind, verdict) values ('judged', 'verdict', 'false')`
    await raiseShortage(sql, 'over')
    await resolveShortage(sql, 'over')
    await raiseDetection(sql, 'silent-no-more', { kind: 'silence', state: 'resolved' })
    await raiseDetection(sql, 'old-fraud', { state: 'resolved', openedAt: Date.now() - 3 * DAY_MS })
    // What has happened is told although it is over.
    await raiseDetection(sql, 'fraud', { state: 'resolved' })
    await raiseShortage(sql, 'woken')
    await act('woken', 'snooze', '2020-01-01')
    await turn()
    expect((await told()).toSorted()).toEqual(['fraud warning', 'woken warning'])
  })
})

describe('when it is told', () => {
  it('waits for the digest, in which what is over meanwhile is left out, and what is critical does not wait', async () => {
    const { sql } = database
    await subscribe({ digestMinutes: 30 }, { way: 'webhook', address: `${receiver.url}/digest` })
    await raiseShortage(sql, 'first')
    await turn()
    for (const id of ['second', 'third', 'fourth']) await raiseShortage(sql, id)
    await raiseShortage(sql, 'empty', { rule: 'out_of_stock', onHand: 0 })
    await turn()
    const alertsOf = (call: number) =>
      JSON.parse(String(receiver.calls[call]?.body)).data.alerts.map(
        ({ alertId }: { alertId: string }) => alertId,
      )
    expect(receiver.calls.map((_, index) => alertsOf(index))).toEqual([['first'], ['empty']])
    await resolveShortage(sql, 'third')
    await raiseShortage(sql, 'second', { onHand: 1 })
    await sql`update notify.messages set due_at = clock_timestamp() where state = 'waiting'`
    await turn()
    expect(alertsOf(2).toSorted()).toEqual(['fourth', 'second'])
    // As it stands now, not as it stood when it began to wait.
    expect(String(receiver.calls[2]?.body)).toContain('Berlin, 1 on hand')
    expect(await states()).toEqual({ told: 4, withdrawn: 1 })
  })

  it('is decided anew when the wishes change, and where what was withdrawn needs somebody again', async () => {
    const { sql } = database
    const act = (kind: string, until: string | null) =>
      sql`insert into live.alert_actions (alert_id, kind, snoozed_until) values ('tea@2', ${kind}, ${until}::text::timestamptz)`
    const { subscription } = await subscribe({ digestMinutes: 30 })
    await raiseShortage(sql, 'tea@1')
    await turn()
    await raiseShortage(sql, 'tea@2')
    await raiseShortage(sql, 'tea@3')
    await turn()
    await act('snooze', '2199-01-01')
    await turn()
    expect(await states()).toEqual({ told: 1, waiting: 1, withdrawn: 1 })
    await changeSubscription(sql, { subscription, wishes: EVERYTHING, isOn: true })
    await turn()
    expect(await told()).toEqual(['tea@1 warning', 'tea@3 warning'])
    await act('snooze', '2020-01-01')
    await turn()
    await turn()
    expect(await told()).toEqual(['tea@1 warning', 'tea@3 warning', 'tea@2 warning'])
  })

  it('waits for the end of quiet hours', async () => {
    const { sql } = database
    const quiet = { from: '00:00', to: '00:00', zone: 'Europe/Berlin' }
    await subscribe({ quiet })
    await raiseShortage(sql, 'tea@1')
    await raiseShortage(sql, 'empty', { rule: 'out_of_stock', onHand: 0 })
    await turn()
    expect(await told()).toEqual(['empty critical'])
    const [waiting] = await sql<{ dueAt: number }[]>`
      select due_at as "dueAt" from notify.messages where state = 'waiting'`
    const clock = new Intl.DateTimeFormat('en-GB', { timeZone: quiet.zone, timeStyle: 'short' })
    expect(clock.format(waiting?.dueAt)).toBe('00:00')
  })

  it('is never, once the subscription is switched off or removed, and from its change on where it was widened', async () => {
    const { sql } = database
    const { subscription } = await subscribe({ stores: ['new-york'] })
    await raiseShortage(sql, 'tea@1')
    await turn()
    await changeSubscription(sql, { subscription, wishes: EVERYTHING, isOn: true })
    await turn()
    expect(await told()).toEqual([])
    await raiseShortage(sql, 'tea@2')
    await decide(sql)
    await changeSubscription(sql, { subscription, wishes: EVERYTHING, isOn: false })
    await turn()
    expect(await told()).toEqual([])
    await changeSubscription(sql, { subscription, wishes: EVERYTHING, isOn: true })
    await raiseShortage(sql, 'tea@3')
    await turn()
    expect(await told()).toEqual(['tea@3 warning'])
    await endSubscription(sql, subscription)
    await raiseShortage(sql, 'tea@4')
    await turn()
    expect(await told()).toEqual(['tea@3 warning'])
    await expect(endSubscription(sql, subscription)).rejects.toThrow('There is no subscription')
  })
})

describe('pages', () => {
  it('are told in the order of the lane, everybody and each person, and from any place on nothing twice', async () => {
    const { sql } = database
    await subscribe()
    await subscribe({ leastSeverity: 'critical' }, { way: 'app' }, 'Ada')
    await raiseShortage(sql, 'tea@1')
    await turn()
    const first = await readNotices(sql, { person: null, after: 0 })
    await raiseShortage(sql, 'empty', { rule: 'out_of_stock', onHand: 0 })
    await turn()
    const next = await readNotices(sql, { person: null, after: first.through })
    expect([first, next].map(({ notices }) => notices.map(({ alertId }) => alertId))).toEqual([
      ['tea@1'],
      ['empty'],
    ])
    expect((await readNotices(sql, { person: null, after: next.through })).notices).toEqual([])
    // Who has said what they want to hear is told that alone.
    expect(await told('Ada')).toEqual(['empty critical'])
    expect(await told('Grace')).toEqual(['tea@1 warning', 'empty critical'])
    // Who was chosen in the navigation goes before what a page says.
    await sql`insert into purchasing.people (person, name, role) values ('ada', 'Ada', 'buyer')`
    const people = [
      { chosen: 'ada', said: 'Grace' },
      { chosen: 'gone', said: 'Grace' },
      { chosen: null, said: null },
    ]
    expect(await Promise.all(people.map(who => personOf(sql, who)))).toEqual(['Ada', 'Grace', null])
    await sql`delete from purchasing.people`
    const lane = await sql`select kind, payload from live.ops_lane where kind = 'notice'`
    expect(lane).toHaveLength(3)
  })
})

describe('a webhook', () => {
  it('is signed as Standard Webhooks say, and readable for a chat', async () => {
    const { sql } = database
    const { secret } = await subscribe({}, { way: 'webhook', address: `${receiver.url}/hook` })
    await sql`update ref.products set name = '<!channel> Tea & "Co"' where sku = 'tea'`
    await raiseShortage(sql, 'tea@1', { rule: 'out_of_stock', onHand: 0 })
    await turn()
    await sql`update ref.products set name = 'Green tea' where sku = 'tea'`
    const [call] = receiver.calls
    if (!call || secret === null) throw new Error('nothing came')
    const verified = new Webhook(secret).verify(call.body, call.headers as Record<string, string>)
    expect(verified).toMatchObject({
      type: 'alerts.raised',
      text: '*Critical* <https://till.example/restock|Out of stock: &lt;!channel&gt; Tea &amp; "Co">: Berlin, 0 on hand, 0 on order',
      data: {
        alerts: [
          { alertId: 'tea@1', kind: 'shortage', severity: 'critical', url: 'https://till.example/restock' },
        ],
      },
    })
    expect(() =>
      new Webhook(`whsec_${btoa('another')}`).verify(call.body, call.headers as Record<string, string>),
    ).toThrow()
  })

  it('is tried again under the same id, later each time, and the log says what came of each try', async () => {
    const { sql } = database
    await subscribe({}, { way: 'webhook', address: `${receiver.url}/hook` })
    receiver.answers.push(500, { status: 429, headers: { 'retry-after': '600' } })
    await raiseShortage(sql, 'tea@1', { rule: 'out_of_stock', onHand: 0 })
    const waits: number[] = []
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      await turn()
      const [row] = await sql<{ wait: number }[]>`
        select extract(epoch from next_attempt_at - (select max(at) from notify.attempts))::float8 as wait
        from notify.deliveries`
      waits.push(row?.wait ?? 0)
      await turn()
      expect(receiver.calls).toHaveLength(attempt)
      await sql`update notify.deliveries set next_attempt_at = clock_timestamp() where state = 'waiting'`
    }
    expect(waits[0]).toBeGreaterThan(2)
    expect(waits[0]).toBeLessThanOrEqual(6)
    expect(waits[1]).toBeGreaterThan(590)
    expect(new Set(receiver.calls.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    const { deliveries } = await listDeliveries(sql, { state: null, limit: 10 })
    expect(deliveries).toMatchObject([
      { state: 'delivered', attempts: 3, outcome: 'answered 200', messages: 1 },
    ])
    const detail = await readDelivery(sql, deliveries[0]?.delivery ?? 0)
    expect(detail?.attempts.map(({ outcome }) => outcome)).toEqual([
      'answered 200',
      'answered 429',
      'answered 500: as told',
    ])
  })

  it('is given up after many tries, and said to have failed', async () => {
    const { sql } = database
    await subscribe({}, { way: 'webhook', address: `${receiver.url}/hook` })
    receiver.answers.push(503)
    await raiseShortage(sql, 'tea@1', { rule: 'out_of_stock', onHand: 0 })
    await decide(sql)
    await sql`update notify.deliveries set attempts = 11`
    await deliverDue(sql, settings, 'outside')
    const { deliveries } = await listDeliveries(sql, { state: 'failed', limit: 10 })
    expect(deliveries).toMatchObject([{ state: 'failed', attempts: 12, outcome: 'answered 503: as told' }])
  })

  it('of a private network is neither taken nor called, unless it is named', async () => {
    const { sql } = database
    const refused = ['https://127.0.0.1/x', 'http://example.com/x', 'https://169.254.169.254/', 'nonsense']
    for (const address of refused)
      await expect(subscribe({}, { way: 'webhook', address })).rejects.toThrow(
        /private network|Only https|no web address/,
      )
    expect((await listSubscriptions(serving)).subscriptions).toEqual([])
    // Named when it was made, and not any more.
    await subscribe({}, { way: 'webhook', address: `${receiver.url}/hook` })
    settings = { ...settings, privateWebhooks: [] }
    await raiseShortage(sql, 'tea@1', { rule: 'out_of_stock', onHand: 0 })
    await turn()
    expect(receiver.calls).toEqual([])
    const { deliveries } = await listDeliveries(sql, { state: 'failed', limit: 10 })
    expect(deliveries).toMatchObject([{ outcome: 'Only https:// addresses are called.', attempts: 1 }])
  })

  it('whose sender was frozen in the middle is sent by another under the same id, and the first writes nothing any more', async () => {
    const { sql } = database
    await subscribe({}, { way: 'webhook', address: `${receiver.url}/hook` })
    receiver.answers.push('hang')
    await raiseShortage(sql, 'tea@1', { rule: 'out_of_stock', onHand: 0 })
    await decide(sql)
    const frozen = deliverDue(sql, settings, 'outside')
    await vi.waitUntil(() => receiver.calls.length === 1, { timeout: 60_000 })
    // Nobody else takes it while it is held.
    await deliverDue(sql, settings, 'outside')
    expect(receiver.calls).toHaveLength(1)
    await sql`update notify.deliveries set next_attempt_at = clock_timestamp()`
    await deliverDue(sql, settings, 'outside')
    receiver.release(500)
    await frozen
    const { deliveries } = await listDeliveries(sql, { state: null, limit: 10 })
    expect(deliveries).toMatchObject([{ state: 'delivered', attempts: 2, outcome: 'answered 200' }])
    expect(new Set(receiver.calls.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect((await readDelivery(sql, deliveries[0]?.delivery ?? 0))?.attempts).toHaveLength(1)
  })

  it('that does not answer keeps neither pages nor others waiting', async () => {
    const { sql } = database
    await subscribe({}, { way: 'webhook', address: `${receiver.url}/slow` })
    await subscribe({}, { way: 'webhook', address: `${receiver.url}/quick` })
    receiver.answers.push('hang')
    await raiseShortage(sql, 'tea@1', { rule: 'out_of_stock', onHand: 0 })
    await decide(sql)
    const sending = deliverDue(sql, settings, 'outside')
    await vi.waitUntil(() => receiver.calls.length === 2, { timeout: 60_000 })
    await vi.waitUntil(
      async () => (await listDeliveries(sql, { state: 'delivered', limit: 9 })).deliveries.length === 1,
      { timeout: 60_000 },
    )
    receiver.release(200)
    await sending
  })
})

describe('a mail', () => {
  it('is kept in the outbox where there is no mail server', async () => {
    const { sql } = database
    await subscribe({}, { way: 'email', address: 'ada@shop.example' }, 'Ada')
    await raiseShortage(sql, 'tea@1')
    await raiseShortage(sql, 'empty', { sku: 'cup', rule: 'out_of_stock', onHand: 0 })
    await turn()
    const { deliveries } = await listDeliveries(sql, { state: 'delivered', limit: 10 })
    // What comes at one moment comes in one mail.
    expect(deliveries).toMatchObject([{ messages: 2, isInOutbox: true }])
    const mail = (await readDelivery(sql, deliveries[0]?.delivery ?? 0))?.mail
    expect(mail).toMatchObject({
      recipient: 'ada@shop.example',
      subject: 'Critical: 2 new alerts (1 out of stock, 1 low)',
    })
    expect(mail?.body).toContain(
      'Low stock: Green tea\n  Berlin, 2 on hand, 0 on order\n  https://till.example/restock',
    )
    expect(mail?.body).toMatch(/^Critical: Out of stock: Cup\n/)
    expect(mail?.body).toContain('https://till.example/notifications')
  })

  it('goes to the mail server, of which a refusal for good ends it and another is tried again under one Message-ID', async () => {
    const { sql } = database
    const server = await openMailReceiver()
    opened.push(() => server.close())
    settings = { ...settings, smtpUrl: server.url }
    const { subscription } = await subscribe({}, { way: 'email', address: 'ada@shop.example' })
    server.refusals.push({ code: 451, text: 'greylisted' })
    await requestTest(sql, subscription)
    await turn()
    expect(server.mails).toEqual([])
    await sql`update notify.deliveries set next_attempt_at = clock_timestamp()`
    await turn()
    const [mail] = server.mails
    expect(mail).toContain('Subject: A test of your notifications')
    expect(mail).toContain('To: ada@shop.example')
    expect(mail).toContain('From: Tillstream <alerts@shop.example>')
    const [delivery] = (await listDeliveries(sql, { state: 'delivered', limit: 1 })).deliveries
    expect(mail).toContain(`Message-ID: <delivery-${delivery?.delivery}@till.example>`)
    server.refusals.push({ code: 550, text: 'no such person' })
    await requestTest(sql, subscription)
    await turn()
    const { deliveries } = await listDeliveries(sql, { state: 'failed', limit: 10 })
    expect(deliveries).toMatchObject([{ attempts: 1, outcome: expect.stringContaining('no such person') }])
  })

  it('has one subject line, whatever a product is called', async () => {
    const { sql } = database
    await subscribe({}, { way: 'email', address: 'ada@shop.example' })
    await sql`update ref.products set name = ${'Tea\r\nBcc: all@shop.example'} where sku = 'tea'`
    await raiseShortage(sql, 'tea@1', { rule: 'out_of_stock', onHand: 0 })
    await turn()
    await sql`update ref.products set name = 'Green tea' where sku = 'tea'`
    const [outboxed] = await sql`select subject from notify.outbox`
    expect(outboxed).toEqual({ subject: 'Critical: Out of stock: Tea Bcc: all@shop.example' })
  })
})

describe('a push', () => {
  it('is read by the browser it is for, signed by this installation, and ends once the browser is gone', async () => {
    const { sql } = database
    const browser = createPushBrowser()
    const { subscription } = await subscribe(
      {},
      { way: 'push', address: `${receiver.url}/push/1`, keys: browser.keys },
    )
    await raiseShortage(sql, 'tea@1', { rule: 'out_of_stock', onHand: 0 })
    await turn()
    const [call] = receiver.calls
    if (!call) throw new Error('nothing came')
    expect(JSON.parse(browser.read(call.body))).toEqual({
      title: 'Out of stock: Green tea',
      body: 'Berlin, 0 on hand, 0 on order',
      href: '/restock',
      tag: expect.stringMatching(/^delivery-\d+$/),
    })
    const { pushKey } = await listSubscriptions(serving)
    expect(call.headers.authorization).toMatch(/^vapid t=/)
    expect(call.headers.authorization).toContain(`k=${pushKey}`)
    expect(call.headers).toMatchObject({ urgency: 'high', ttl: '43200', 'content-encoding': 'aes128gcm' })
    receiver.answers.push(410)
    await raiseShortage(sql, 'tea@2', { rule: 'out_of_stock', onHand: 0 })
    await turn()
    const [off] = (await listSubscriptions(serving)).subscriptions
    expect(off).toMatchObject({
      subscription,
      isOn: false,
      offBecause: expect.stringContaining('nobody is there'),
    })
  })

  it('has one subscription a browser, however often it asks', async () => {
    const { keys } = createPushBrowser()
    const route = { way: 'push', address: `${receiver.url}/push/2`, keys } as const
    await subscribe({}, route, 'Ada')
    const { subscription } = await subscribe({}, route, 'Grace')
    expect((await listSubscriptions(serving)).subscriptions).toMatchObject([
      { subscription, person: 'Grace' },
    ])
  })
})

describe('what is old', () => {
  it('is removed, but not what keeps an open alert from being told twice', async () => {
    const { sql } = database
    await subscribe()
    await raiseShortage(sql, 'still-open')
    await raiseShortage(sql, 'over')
    await turn()
    await resolveShortage(sql, 'over')
    await sql`update notify.messages set created_at = now() - interval '200 days'`
    await sql`update notify.deliveries set created_at = now() - interval '200 days'`
    await sweep(sql)
    await turn()
    expect(await sql`select alert_id from notify.messages`).toEqual([{ alert_id: 'still-open' }])
    expect(await told()).toEqual([])
  })
})
