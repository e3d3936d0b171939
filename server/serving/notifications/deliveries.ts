import type { Sql } from '#db/client.ts'
import { readSnapshot } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import type { Way } from '#domain/notify/subscription.ts'

interface Delivery {
  delivery: number
  subscription: number
  way: Way
  person: string | null
  address: string | null
  state: 'waiting' | 'delivered' | 'failed'
  attempts: number
  /** Of one that waits and was tried: when it is tried again. */
  nextAttemptAt: Instant
  createdAt: Instant
  endedAt: Instant | null
  /** Of the last attempt, for people. */
  outcome: string | null
  isTest: boolean
  /** How many alerts it tells of, and the first of them. */
  messages: number
  title: string | null
  /** There is a mail of it in the outbox. */
  isInOutbox: boolean
}

interface DeliveryPage {
  deliveries: Delivery[]
  /** Asks for the next page; null on the last. */
  nextCursor: number | null
  now: Instant
}

/** What was told, or is to be, the newest first; page by page, none twice while new ones come. */
export async function listDeliveries(
  sql: Sql,
  {
    state,
    cursor,
    limit,
  }: { state: Delivery['state'] | null; cursor?: number | null | undefined; limit: number },
): Promise<DeliveryPage> {
  return readSnapshot(sql, async reading => {
    const rows = await reading<(Delivery & { now: Instant })[]>`
      select d.delivery, d.subscription, d.way, s.person, s.address, d.state, d.attempts,
        d.next_attempt_at as "nextAttemptAt", d.created_at as "createdAt", d.ended_at as "endedAt", d.outcome,
        d.is_test as "isTest", told.messages, told.title,
        exists (select from notify.outbox o where o.delivery = d.delivery) as "isInOutbox", now() as now
      from notify.deliveries d
      join notify.subscriptions s on s.subscription = d.subscription
      cross join lateral (
        select count(*) as messages, (array_agg(m.title order by m.message))[1] as title
        from notify.messages m where m.delivery = d.delivery
      ) told
      where true ${state === null ? reading`` : reading`and d.state = ${state}`}
        ${cursor ? reading`and d.delivery < ${cursor}` : reading``}
      order by d.delivery desc limit ${limit + 1}`
    const deliveries = rows.slice(0, limit).map(({ now: _now, ...row }) => row)
    const last = deliveries.at(-1)
    return {
      deliveries,
      nextCursor: rows.length > limit && last ? last.delivery : null,
      now: rows[0]?.now ?? 0,
    }
  })
}

interface DeliveryDetail {
  messages: { alertId: string; severity: string; title: string; detail: string; href: string }[]
  /** The newest first. */
  attempts: { attempt: number; at: Instant; tookMs: number; outcome: string }[]
  /** The mail that would have gone; null where one went, or none was due. */
  mail: { recipient: string; subject: string; body: string; writtenAt: Instant } | null
}

const MOST_OF_ONE = 500

/** One delivery with its messages and attempts; null where there is none of that number. */
export async function readDelivery(sql: Sql, delivery: number): Promise<DeliveryDetail | null> {
  return readSnapshot(sql, async reading => {
    const [[known], messages, attempts, [mail]] = await Promise.all([
      reading`select from notify.deliveries where delivery = ${delivery}`,
      reading<DeliveryDetail['messages']>`
        select alert_id as "alertId", severity, title, detail, href from notify.messages
        where delivery = ${delivery} order by message limit ${MOST_OF_ONE}`,
      reading<DeliveryDetail['attempts']>`
        select attempt, at, took_ms as "tookMs", outcome from notify.attempts
        where delivery = ${delivery} order by attempt desc limit ${MOST_OF_ONE}`,
      reading<NonNullable<DeliveryDetail['mail']>[]>`
        select recipient, subject, body, written_at as "writtenAt" from notify.outbox where delivery = ${delivery}`,
    ])
    return known ? { messages: [...messages], attempts: [...attempts], mail: mail ?? null } : null
  })
}

interface Mail {
  delivery: number
  recipient: string
  subject: string
  body: string
  writtenAt: Instant
}

/** Mails that would have gone, the newest first; page by page. */
export async function listOutbox(
  sql: Sql,
  { cursor, limit }: { cursor?: number | null | undefined; limit: number },
): Promise<{ mails: Mail[]; nextCursor: number | null; now: Instant }> {
  const rows = await sql<(Mail & { now: Instant })[]>`
    select delivery, recipient, subject, body, written_at as "writtenAt", now() as now from notify.outbox
    where true ${cursor ? sql`and delivery < ${cursor}` : sql``} order by delivery desc limit ${limit + 1}`
  const mails = rows.slice(0, limit).map(({ now: _now, ...mail }) => mail)
  const last = mails.at(-1)
  return {
    mails,
    nextCursor: rows.length > limit && last ? last.delivery : null,
    now: rows[0]?.now ?? 0,
  }
}
