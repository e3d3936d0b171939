import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Sql } from '#db/client.ts'
import { type Reading, readSnapshot, type Transaction } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import { NEWS_KINDS, type Way, type Wishes } from '#domain/notify/subscription.ts'
import { allowedUrl, OutboundRefusedError } from '#platform/http/outbound.ts'
import { RefusedError } from '#server/serving/failures.ts'
import type { Serving } from '#server/serving/serving.ts'
import { readNews } from './news.ts'
import { readPushKey } from './push-keys.ts'

const idsSchema = z.array(z.string().min(1).max(128)).max(500).default([])
const clockSchema = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: 'must be a time such as 22:00' })
const zoneSchema = z
  .string()
  .min(1)
  .max(60)
  .refine(isZone, { error: 'is no time zone, such as Europe/Berlin' })

export const wishesSchema = z.strictObject({
  stores: idsSchema,
  categories: idsSchema,
  suppliers: idsSchema,
  kinds: z.array(z.enum(NEWS_KINDS)).max(NEWS_KINDS.length).default([]),
  leastSeverity: z.enum(['warning', 'critical']).default('warning'),
  quiet: z.strictObject({ from: clockSchema, to: clockSchema, zone: zoneSchema }).nullable().default(null),
  quietForCritical: z.boolean().default(false),
  digestMinutes: z.int().min(0).max(1_440).default(0),
})

const emailSchema = z
  .string()
  .trim()
  .max(320)
  .regex(/^[^\s@<>,;"]+@[^\s@<>,;"]+$/, {
    error: 'must be an address such as ada@example.com',
  })
/** URL-safe base64 of a point of P-256, and of sixteen random bytes. */
const pushKeysSchema = z.strictObject({
  p256dh: z.string().regex(/^B[\w-]{86}=?$/),
  auth: z.string().regex(/^[\w-]{22}={0,2}$/),
})

/** Where messages go, by the way they take. */
export const routeSchema = z.discriminatedUnion('way', [
  z.strictObject({ way: z.literal('app') }),
  z.strictObject({ way: z.literal('browser') }),
  z.strictObject({ way: z.literal('email'), address: emailSchema }),
  z.strictObject({ way: z.literal('webhook'), address: z.string().trim().min(1).max(2_000) }),
  z.strictObject({
    way: z.literal('push'),
    address: z.string().min(1).max(2_000),
    keys: pushKeysSchema,
  }),
])
type Route = z.output<typeof routeSchema>

export interface Subscription extends Wishes {
  subscription: number
  person: string | null
  way: Way
  address: string | null
  isOn: boolean
  offBecause: string | null
  createdBy: string | null
  createdAt: Instant
  /** When something it told last arrived. */
  lastToldAt: Instant | null
  /** Of the last day. */
  delivered: number
  failed: number
  /** Not delivered yet, tried before. */
  retried: number
}

interface SubscriptionList {
  subscriptions: Subscription[]
  /** What they may be narrowed to. */
  categories: string[]
  suppliers: { supplier: string; name: string }[]
  /** Who works here, where they were entered: whom a subscription may be for. */
  people: { name: string; email: string | null }[]
  /** What browsers subscribe with. */
  pushKey: string
  /** False: mails are kept in the outbox. */
  sendsMail: boolean
  now: Instant
}

/** All subscriptions, with how they fared in the last day, and what one needs to make another. */
export async function listSubscriptions({ sql, notify }: Serving): Promise<SubscriptionList> {
  const pushKey = await readPushKey(sql)
  return readSnapshot(sql, async reading => {
    const [subscriptions, categories, suppliers, people, [clock]] = await Promise.all([
      reading<Subscription[]>`
        select ${subscriptionColumns(reading)}, s.off_because as "offBecause", s.created_by as "createdBy",
          s.created_at as "createdAt", told."lastToldAt", told.delivered, told.failed, told.retried
        from notify.subscriptions s
        cross join lateral (
          select max(d.ended_at) filter (where d.state = 'delivered') as "lastToldAt",
            count(*) filter (where d.state = 'delivered' and d.created_at > now() - interval '1 day') as delivered,
            count(*) filter (where d.state = 'failed' and d.created_at > now() - interval '1 day') as failed,
            count(*) filter (where d.state = 'waiting' and d.attempts > 0) as retried
          from notify.deliveries d where d.subscription = s.subscription
        ) told
        where s.ended_at is null order by s.subscription`,
      reading<{ category: string }[]>`
        select distinct category from ref.products where category is not null order by category limit 500`,
      reading<{ supplier: string; name: string }[]>`
        select supplier, name from ref.suppliers order by name, supplier limit 500`,
      reading<{ name: string; email: string | null }[]>`
        select name, email from purchasing.people order by name limit 500`,
      reading<{ now: Instant }[]>`select clock_timestamp() as now`,
    ])
    return {
      people: [...people],
      subscriptions: [...subscriptions],
      categories: categories.map(({ category }) => category),
      suppliers: [...suppliers],
      pushKey,
      sendsMail: notify.sendsMail,
      now: clock?.now ?? 0,
    }
  })
}

/** Of a row of notify.subscriptions called `s`: whose it is, where it goes, what is wanted. */
export function subscriptionColumns(reading: Reading) {
  return reading`
    s.subscription, s.person, s.way, s.address, s.stores, s.categories, s.suppliers, s.kinds,
    s.least_severity as "leastSeverity", s.quiet_for_critical as "quietForCritical",
    s.digest_minutes as "digestMinutes", s.is_on as "isOn",
    case when s.quiet_from is not null then jsonb_build_object('from', to_char(s.quiet_from, 'HH24:MI'),
      'to', to_char(s.quiet_to, 'HH24:MI'), 'zone', s.quiet_zone) end as quiet`
}

/**
 * Whom notices are for: who was chosen in the navigation, else who says so; null: nobody in particular.
 * @param chosen id of `purchasing.people`
 */
export async function personOf(
  sql: Sql,
  { chosen, said }: { chosen: string | null; said: string | null },
): Promise<string | null> {
  if (chosen === null) return said
  const [person] = await sql<{ name: string }[]>`select name from purchasing.people where person = ${chosen}`
  return person?.name ?? said
}

/** More than anybody needs; an endless list would be told of every alert. */
const MOST_SUBSCRIPTIONS = 300

/**
 * Makes a subscription. What is open at that moment is known to it: it tells of what comes.
 * @returns its number, and for a webhook the secret that its messages are signed with
 * @throws RefusedError for an address that is not called
 */
export async function createSubscription(
  { sql, notify }: Serving,
  { route, wishes, person, by }: { route: Route; wishes: Wishes; person: string | null; by: string | null },
): Promise<{ subscription: number; secret: string | null }> {
  refuseAddress(route, notify.privateWebhooks)
  const secret = route.way === 'webhook' ? `whsec_${randomBytes(32).toString('base64')}` : null
  return sql.begin(async transaction => {
    const [held] = await transaction<{ count: number }[]>`
      select count(*) as count from notify.subscriptions where ended_at is null`
    if ((held?.count ?? 0) >= MOST_SUBSCRIPTIONS)
      throw new RefusedError(`There are ${MOST_SUBSCRIPTIONS} subscriptions: remove one first.`)
    // A browser that subscribes again (keys change, another person sits there) has one subscription for push.
    if (route.way === 'push')
      await transaction`
        update notify.subscriptions set ended_at = clock_timestamp(), is_on = false
        where way = 'push' and address = ${route.address} and ended_at is null`
    const [created] = await transaction<{ subscription: number }[]>`
      insert into notify.subscriptions (person, way, address, push_keys, secret, created_by)
      values (${person}, ${route.way}, ${'address' in route ? route.address : null},
        ${route.way === 'push' ? JSON.stringify(route.keys) : null}::text::jsonb, ${secret}, ${by})
      returning subscription`
    const subscription = created?.subscription ?? 0
    await writeWishes(transaction, subscription, wishes)
    await takeAsKnown(transaction, subscription)
    return { subscription, secret }
  })
}

/**
 * Changes what a subscription tells, or switches it on or off. What is open at that moment is known to it afterwards.
 * @throws RefusedError when there is none of that number
 */
export async function changeSubscription(
  sql: Sql,
  { subscription, wishes, isOn }: { subscription: number; wishes: Wishes; isOn: boolean },
): Promise<void> {
  await sql.begin(async transaction => {
    const changed = await transaction`
      update notify.subscriptions set is_on = ${isOn}, off_because = null, changed_at = clock_timestamp()
      where subscription = ${subscription} and ended_at is null`
    if (changed.count === 0) throw unknownSubscription(subscription)
    await writeWishes(transaction, subscription, wishes)
    await takeAsKnown(transaction, subscription)
    // What waits is decided anew: by the new wishes it may be due at once, or wanted no more.
    await transaction`delete from notify.messages where subscription = ${subscription} and state = 'waiting'`
  })
}

/** Ends a subscription; what it has told stays in the log of deliveries. @throws RefusedError when there is none of that number */
export async function endSubscription(sql: Sql, subscription: number): Promise<void> {
  const ended = await sql`
    update notify.subscriptions set ended_at = clock_timestamp(), is_on = false
    where subscription = ${subscription} and ended_at is null`
  if (ended.count === 0) throw unknownSubscription(subscription)
}

/** The secret of a webhook, for whoever sets up its receiver. @throws RefusedError when there is none of that number */
export async function readSecret(sql: Sql, subscription: number): Promise<string> {
  const [row] = await sql<{ secret: string | null }[]>`
    select secret from notify.subscriptions where subscription = ${subscription} and ended_at is null`
  if (!row?.secret) throw unknownSubscription(subscription)
  return row.secret
}

/** Asks the worker for a message that says it is a test. @throws RefusedError when there is none of that number */
export async function requestTest(sql: Sql, subscription: number): Promise<{ delivery: number }> {
  const [requested] = await sql<{ delivery: number }[]>`
    insert into notify.deliveries (subscription, way, is_test)
    select subscription, way, true from notify.subscriptions
    where subscription = ${subscription} and ended_at is null returning delivery`
  if (!requested) throw unknownSubscription(subscription)
  return requested
}

function unknownSubscription(subscription: number): RefusedError {
  return new RefusedError(`There is no subscription ${subscription} (any more). Nothing was changed.`)
}

function refuseAddress(route: Route, privateHosts: readonly string[]): void {
  if (route.way !== 'webhook' && route.way !== 'push') return
  try {
    allowedUrl(route.address, { privateHosts })
  } catch (error) {
    if (error instanceof OutboundRefusedError) throw new RefusedError(error.message)
    throw error
  }
}

async function writeWishes(
  transaction: Transaction,
  subscription: number,
  { stores, categories, suppliers, kinds, leastSeverity, quiet, quietForCritical, digestMinutes }: Wishes,
): Promise<void> {
  await transaction`
    update notify.subscriptions set stores = ${[...stores]}, categories = ${[...categories]},
      suppliers = ${[...suppliers]}, kinds = ${[...kinds]}, least_severity = ${leastSeverity},
      quiet_from = ${quiet?.from ?? null}::text::time, quiet_to = ${quiet?.to ?? null}::text::time,
      quiet_zone = ${quiet?.zone ?? null}, quiet_for_critical = ${quietForCritical},
      digest_minutes = ${digestMinutes}
    where subscription = ${subscription}`
}

/** Notes what is open as known, so that it is not told as if it were new. What was noted or told before stays so. */
async function takeAsKnown(transaction: Transaction, subscription: number): Promise<void> {
  const news = await readNews(transaction)
  await insertMessages(
    transaction,
    news.map(item => ({ ...item, subscription, state: 'known' as const, dueAt: null })),
  )
}

interface NewMessage {
  subscription: number
  alertId: string
  severity: string
  kind: string
  rule: string
  store: string
  title: string
  detail: string
  href: string
  state: 'known' | 'waiting'
  dueAt: Instant | null
}

/**
 * Writes messages, each once: of an alert, a severity and a subscription there is one for good. One that was withdrawn
 * before it was told waits again: a snooze is over, an order was cancelled.
 */
export async function insertMessages(
  transaction: Transaction,
  messages: readonly NewMessage[],
): Promise<void> {
  if (messages.length === 0) return
  await transaction`
    insert into notify.messages
      (subscription, alert_id, severity, kind, rule, store, title, detail, href, state, due_at)
    select m.subscription, m."alertId", m.severity, m.kind, m.rule, m.store, m.title, m.detail, m.href, m.state,
      coalesce(to_timestamp(m."dueAt" / 1000), clock_timestamp())
    from jsonb_to_recordset(${JSON.stringify(messages)}::text::jsonb) as m(subscription bigint, "alertId" text,
      severity text, kind text, rule text, store text, title text, detail text, href text, state text,
      "dueAt" double precision)
    on conflict on constraint messages_once do update
      set state = excluded.state, due_at = excluded.due_at, title = excluded.title, detail = excluded.detail
      where notify.messages.state = 'withdrawn'`
}

function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
