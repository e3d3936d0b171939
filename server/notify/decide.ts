import type { Sql } from '#db/client.ts'
import type { Transaction } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import { dueAt, GATHER_MS, type Wishes, wants } from '#domain/notify/subscription.ts'
import { type NewsItem, readNews } from '#server/serving/notifications/news.ts'
import { insertMessages, subscriptionColumns } from '#server/serving/notifications/subscriptions.ts'

/*
 * Who is to be told of what. Invariant: of an alert, a severity and a subscription there is one message for good, so
 * whatever is decided again (after a crash, beside another process, after a replay) is decided to no effect.
 *
 *   alerts that need a person, now ─┐           waiting ── due ──> told, with a delivery ──> deliver.ts
 *   subscriptions and their wishes ─┴─ wants? ──┤
 *   messages there are                          └── over or taken on before it is due ──> withdrawn
 *
 * It looks at what is, not at what has passed: a process that was away for a night finds everything that still needs
 * somebody. What began and ended meanwhile needs nobody.
 */

type Active = Wishes & { subscription: number; lastToldAt: Instant | null }

interface KnownMessage {
  subscription: number
  alertId: string
  severity: string
}

/** One turn of deciding. Of several processes one decides at a time; who comes beside it has nothing to do. */
export async function decide(sql: Sql): Promise<void> {
  await sql.begin(async transaction => {
    const [turn] = await transaction<{ isMine: boolean }[]>`
      select pg_try_advisory_xact_lock(hashtext('tillstream.notify.decide')) as "isMine"`
    if (!turn?.isMine) return
    const [clock] = await transaction<{ now: Instant }[]>`select clock_timestamp() as now`
    const news = await readNews(transaction)
    const active = await readActive(transaction)
    await writeMessages(transaction, { news, active, now: clock?.now ?? 0 })
    await withdrawMessages(transaction, news)
    await refreshMessages(transaction, news)
    await makeDeliveries(transaction)
  })
}

async function readActive(transaction: Transaction): Promise<Active[]> {
  return transaction<Active[]>`
    select ${subscriptionColumns(transaction)}, (
      select max(d.created_at) from notify.deliveries d
      where d.subscription = s.subscription and not d.is_test) as "lastToldAt"
    from notify.subscriptions s where s.is_on and s.ended_at is null order by s.subscription`
}

async function writeMessages(
  transaction: Transaction,
  { news, active, now }: { news: readonly NewsItem[]; active: readonly Active[]; now: Instant },
): Promise<void> {
  if (news.length === 0 || active.length === 0) return
  const known = await transaction<KnownMessage[]>`
    select subscription, alert_id as "alertId", severity from notify.messages
    where alert_id = any(${news.map(({ alertId }) => alertId)}) and state <> 'withdrawn'`
  const told = new Set(known.map(message => messageKey(message)))
  // Who knows that an alert is critical is not told that it has become less so.
  const isTold = (subscription: number, { alertId, severity }: NewsItem) =>
    told.has(messageKey({ subscription, alertId, severity })) ||
    told.has(messageKey({ subscription, alertId, severity: 'critical' }))
  const messages = active.flatMap(({ subscription, lastToldAt, ...wishes }) =>
    news
      .filter(item => !isTold(subscription, item) && wants(wishes, item))
      .map(item => ({
        ...item,
        subscription,
        state: 'waiting' as const,
        dueAt: dueAt(wishes, { severity: item.severity, now, lastToldAt }),
      })),
  )
  await insertMessages(transaction, messages)
}

function messageKey({ subscription, alertId, severity }: KnownMessage): string {
  return `${subscription} ${severity} ${alertId}`
}

/** What nobody needs to hear any more: over, taken on, or critical meanwhile, which is told instead. */
async function withdrawMessages(transaction: Transaction, news: readonly NewsItem[]): Promise<void> {
  await transaction`
    update notify.messages m set state = 'withdrawn'
    where m.state = 'waiting' and (
      not exists (
        select from unnest(${news.map(({ alertId }) => alertId)}::text[],
          ${news.map(({ severity }) => severity as string)}::text[]) as n(alert_id, severity)
        where n.alert_id = m.alert_id and n.severity = m.severity)
      or exists (
        select from notify.subscriptions s
        where s.subscription = m.subscription and (not s.is_on or s.ended_at is not null)))`
}

/** What waits says how it stands when it goes, not how it stood when it began to wait. */
async function refreshMessages(transaction: Transaction, news: readonly NewsItem[]): Promise<void> {
  await transaction`
    update notify.messages m set title = n.title, detail = n.detail
    from jsonb_to_recordset(${JSON.stringify(news)}::text::jsonb)
      as n("alertId" text, severity text, title text, detail text)
    where m.state = 'waiting' and m.alert_id = n."alertId" and m.severity = n.severity
      and (m.title, m.detail) is distinct from (n.title, n.detail)`
}

/**
 * What is due of one subscription goes with one delivery, and takes along what would follow within the time of gathering:
 * of several alerts of one moment the critical one does not come apart.
 */
async function makeDeliveries(transaction: Transaction): Promise<void> {
  await transaction`
    with due as (
      select distinct m.subscription, s.way from notify.messages m
      join notify.subscriptions s on s.subscription = m.subscription
      where m.state = 'waiting' and m.due_at <= clock_timestamp()
    ), made as (
      insert into notify.deliveries (subscription, way)
      select subscription, way from due returning delivery, subscription
    )
    update notify.messages m set state = 'told', delivery = made.delivery
    from made where m.subscription = made.subscription and m.state = 'waiting'
      and m.due_at <= clock_timestamp() + ${GATHER_MS} * interval '1 millisecond'`
}

/** Messages and deliveries are kept this long; a message also as long as its alert could be told again. */
const KEPT_DAYS = 180

/** Removes what is old, once in a while. */
export async function sweep(sql: Sql): Promise<void> {
  await sql.begin(async transaction => {
    const open = (await readNews(transaction)).map(({ alertId }) => alertId)
    await transaction`
      delete from notify.messages
      where created_at < now() - ${KEPT_DAYS} * interval '1 day' and state <> 'waiting' and alert_id <> all(${open})`
    await transaction`
      delete from notify.deliveries
      where created_at < now() - ${KEPT_DAYS} * interval '1 day' and state <> 'waiting'`
  })
}
