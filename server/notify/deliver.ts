import type { Sql } from '#db/client.ts'
import { SECOND_MS } from '#domain/instant.ts'
import { messageOf } from '#platform/command.ts'
import { backoffMs } from '#platform/time.ts'
import type { NotifySettings, Outcome, Outgoing } from './outcome.ts'
import { sendEmail } from './ways/email.ts'
import { sendPush } from './ways/push.ts'
import { sendWebhook } from './ways/webhook.ts'

/** Tried so often, over some two and a half hours: then whoever looks at the log of deliveries knows that it failed. */
const MOST_ATTEMPTS = 12
const FIRST_RETRY_MS = 5 * SECOND_MS
const LONGEST_RETRY_MS = 3_600 * SECOND_MS
/**
 * Whoever takes a delivery has it for so long. Longer than any way may take: only after a process that was killed in the
 * middle does another one send it again.
 */
const HELD_SECONDS = 90
/** So many at once, so that a receiver that does not answer keeps nobody else waiting. */
const AT_ONCE = 4

const WAYS_TO = { pages: ['app', 'browser'], outside: ['push', 'email', 'webhook'] }

/** Sends what is due, to the pages or out of the house, until nothing is. Of several processes each delivery is taken by one. */
export async function deliverDue(
  sql: Sql,
  settings: NotifySettings,
  to: keyof typeof WAYS_TO,
): Promise<void> {
  const ways = WAYS_TO[to]
  const senders = Array.from({ length: to === 'pages' ? 1 : AT_ONCE }, async () => {
    for (let taken = await take(sql, ways); taken !== null; taken = await take(sql, ways)) {
      const began = performance.now()
      const outcome = await send(taken, { sql, settings })
      if (outcome !== null)
        await record(sql, { taken, outcome, tookMs: Math.round(performance.now() - began) })
    }
  })
  const results = await Promise.allSettled(senders)
  for (const result of results) if (result.status === 'rejected') throw result.reason
}

/** Takes the delivery that has waited longest, and counts the attempt: a crash counts too. */
async function take(sql: Sql, ways: readonly string[]): Promise<Outgoing | null> {
  const [taken] = await sql<Outgoing[]>`
    with taken as (
      update notify.deliveries d
      set attempts = d.attempts + 1, next_attempt_at = clock_timestamp() + ${HELD_SECONDS} * interval '1 second'
      where d.delivery = (
        select w.delivery from notify.deliveries w
        where w.state = 'waiting' and w.next_attempt_at <= clock_timestamp() and w.way = any(${ways})
        order by w.next_attempt_at, w.delivery limit 1 for update skip locked)
      returning *
    )
    select t.delivery, t.subscription, t.way, s.person, s.address, s.push_keys as "pushKeys", s.secret, t.attempts,
      t.created_at as "createdAt", t.is_test as "isTest", coalesce((
        select jsonb_agg(jsonb_build_object('alertId', m.alert_id, 'kind', m.kind, 'rule', m.rule,
          'severity', m.severity, 'store', m.store, 'title', m.title, 'detail', m.detail, 'href', m.href)
          order by m.severity = 'critical' desc, m.message)
        from notify.messages m where m.delivery = t.delivery), '[]'::jsonb) as alerts
    from taken t join notify.subscriptions s on s.subscription = t.subscription`
  return taken ?? null
}

/** @returns null where the outcome stands with what was sent */
async function send(
  taken: Outgoing,
  { sql, settings }: { sql: Sql; settings: NotifySettings },
): Promise<Outcome | null> {
  try {
    switch (taken.way) {
      case 'app':
      case 'browser':
        await tellPages(sql, taken)
        return null
      case 'push':
        return await sendPush(taken, settings, sql)
      case 'email':
        return await sendEmail(taken, settings, sql)
      case 'webhook':
        return await sendWebhook(taken, settings)
    }
  } catch (error) {
    return { kind: 'retry', detail: messageOf(error).slice(0, 300), retryAfterMs: null }
  }
}

/**
 * Pages hear of it by the lane of people and jobs, in the transaction that settles the delivery: once, and every gateway
 * tells it to whoever was away.
 */
async function tellPages(sql: Sql, { delivery, attempts }: Outgoing): Promise<void> {
  await sql.begin(async transaction => {
    const [settled] = await transaction`
      update notify.deliveries set state = 'delivered', ended_at = clock_timestamp(), outcome = 'told to the pages'
      where delivery = ${delivery} and attempts = ${attempts} and state = 'waiting' returning delivery`
    if (!settled) return
    await transaction`
      insert into notify.attempts (delivery, attempt, took_ms, outcome)
      values (${delivery}, ${attempts}, 0, 'told to the pages')`
    // Its lock is held until the commit: last.
    await transaction`
      update notify.deliveries set sequence = live.append_ops('notice', jsonb_build_object('delivery', delivery))
      where delivery = ${delivery}`
  })
}

async function record(
  sql: Sql,
  { taken, outcome, tookMs }: { taken: Outgoing; outcome: Outcome; tookMs: number },
): Promise<void> {
  const { delivery, subscription, attempts } = taken
  const retryMs =
    outcome.kind === 'retry' && attempts < MOST_ATTEMPTS
      ? Math.min(
          LONGEST_RETRY_MS,
          Math.max(
            outcome.retryAfterMs ?? 0,
            backoffMs(attempts, { firstMs: FIRST_RETRY_MS, longestMs: LONGEST_RETRY_MS }),
          ),
        )
      : null
  const state = outcome.kind === 'delivered' ? 'delivered' : retryMs === null ? 'failed' : 'waiting'
  await sql.begin(async transaction => {
    // Whoever has taken it since (this process was frozen, say) writes what came of it.
    const settled = await transaction`
      update notify.deliveries set state = ${state}, outcome = ${outcome.detail},
        ended_at = ${state === 'waiting' ? null : transaction`clock_timestamp()`},
        next_attempt_at = clock_timestamp() + ${retryMs ?? 0}::float8 * interval '1 millisecond'
      where delivery = ${delivery} and attempts = ${attempts} and state = 'waiting'`
    if (settled.count === 0) return
    await transaction`
      insert into notify.attempts (delivery, attempt, took_ms, outcome)
      values (${delivery}, ${attempts}, ${tookMs}, ${outcome.detail})`
    if (outcome.kind === 'gone')
      await transaction`
        update notify.subscriptions set is_on = false, changed_at = clock_timestamp(),
          off_because = ${`Switched off: nobody is there any more (${outcome.detail}).`}
        where subscription = ${subscription}`
  })
}
