import type { Sql } from '#db/client.ts'
import { readSnapshot } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import type { Severity } from '#domain/shortage.ts'

/** What a page shows of a message: a toast, a notification of the system, a line on the Notifications page. */
export interface Notice {
  /** Its place in the lane of people and jobs; several messages that were told at once have one. */
  sequence: number
  way: 'app' | 'browser'
  alertId: string
  kind: string
  rule: string
  severity: Severity
  store: string
  title: string
  detail: string
  href: string
  toldAt: Instant
  isTest: boolean
}

interface Notices {
  /** Oldest first. */
  notices: Notice[]
  /** Place up to which nothing is left out: ask from there on. */
  through: number
  now: Instant
}

/** Answers hold so many deliveries at most; each is there with all its messages. */
const MOST_DELIVERIES = 100

/**
 * What pages were told after a place in the lane, for everybody and for one person; who has subscribed themselves to a
 * way is told by that alone. The lane's sequence is dense and in the order of commits, so whoever asks from the last
 * place it has seen misses nothing and gets nothing twice.
 * @param after null: the newest
 */
export async function readNotices(
  sql: Sql,
  { person, after }: { person: string | null; after: number | null },
): Promise<Notices> {
  return readSnapshot(sql, async reading => {
    const order = after === null ? reading`desc` : reading`asc`
    const [[lane], rows] = await Promise.all([
      reading<{ end: number; now: Instant }[]>`
        select coalesce(max(sequence), 0) as end, clock_timestamp() as now from live.ops_lane`,
      reading<Notice[]>`
        select d.sequence, d.way, coalesce(m.alert_id, 'test-' || d.delivery) as "alertId",
          coalesce(m.kind, 'test') as kind, coalesce(m.rule, '') as rule,
          coalesce(m.severity, 'warning') as severity, coalesce(m.store, '') as store,
          coalesce(m.title, 'A test of your notifications') as title,
          coalesce(m.detail, 'Alerts that you want to hear of arrive like this.') as detail,
          coalesce(m.href, '/notifications') as href, d.ended_at as "toldAt", d.is_test as "isTest"
        from (
          select d.delivery, d.sequence, d.way, d.ended_at, d.is_test from notify.deliveries d
          join notify.subscriptions s on s.subscription = d.subscription
          where d.sequence > ${after ?? 0}
            and (s.person = ${person}::text or (s.person is null and not exists (
              select from notify.subscriptions own
              where own.person = ${person}::text and own.way = s.way and own.ended_at is null)))
          order by d.sequence ${order} limit ${MOST_DELIVERIES}
        ) d
        left join notify.messages m on m.delivery = d.delivery
        order by d.sequence, m.message`,
    ])
    const isFull = new Set(rows.map(({ sequence }) => sequence)).size === MOST_DELIVERIES
    const end = lane?.end ?? 0
    const through = after !== null && isFull ? (rows.at(-1)?.sequence ?? end) : end
    return { notices: [...rows], through, now: lane?.now ?? 0 }
  })
}
