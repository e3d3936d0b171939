import type { Sql } from '#db/client.ts'
import { readSnapshot } from '#db/transaction.ts'
import { HOUR_MS, type Instant } from '#domain/instant.ts'
import { onlineSessions } from '#domain/metrics/online-sessions.ts'
import { formatAmount } from '#domain/money.ts'
import { readStreamStand, type StreamBasis } from '#server/serving/freshness/positions.ts'
import { inStores } from '#server/serving/scope.ts'

const SHOWN = 8
const SPAN_MS = HOUR_MS

export interface OnlineSession {
  sessionId: string
  store: string
  /** Event times of its first and last order. */
  start: Instant
  end: Instant
  orders: number
  units: number
  net: string
  /** Another order would still be part of it. */
  isOpen: boolean
}

/** Sessions of the web shop whose last order lies in the last hour, in one currency. */
export interface OnlineSessions {
  sessions: number
  open: number
  /** With more than one order. */
  orderingAgain: number
  orders: number
  units: number
  net: string
  /** Those that ordered last. */
  newest: OnlineSession[]
  since: Instant
  now: Instant
  gapMs: number
  basis: StreamBasis
}

type Sums = Pick<OnlineSessions, 'sessions' | 'open' | 'orderingAgain' | 'orders' | 'units' | 'net'>

/** @param scope.stores ids; empty for all */
export async function readOnlineSessions(
  sql: Sql,
  { stores, currency }: { stores: string[]; currency: string },
): Promise<OnlineSessions> {
  return readSnapshot(sql, async reading => {
    const { now, basis } = await readStreamStand(reading)
    const since = now - SPAN_MS
    const { name: metric, gapMs } = onlineSessions
    const own = reading`
      select s.* from stream.sessions s
      where s.generation = ${basis.generation} and s.metric = ${metric} and s.ended_at >= ${since}
        and right(s.key, 4) = ${` ${currency}`} ${inStores(reading, { stores }, 's.store')}`
    const [[sums], newest] = await Promise.all([
      reading<Sums[]>`
        select count(*) as sessions, count(*) filter (where ended_at >= ${now - gapMs}) as open,
          count(*) filter (where orders > 1) as "orderingAgain", coalesce(sum(orders), 0)::int8 as orders,
          coalesce(sum(units), 0)::int8 as units, coalesce(sum(net), 0)::text as net
        from (${own}) own`,
      reading<Omit<OnlineSession, 'isOpen'>[]>`
        select session_id as "sessionId", store, started_at as start, ended_at as "end", orders, units, net::text as net
        from (${own}) own order by ended_at desc, session_id limit ${SHOWN}`,
    ])
    if (!sums) throw new Error('a sum answered nothing')
    return {
      ...sums,
      net: formatAmount(sums.net),
      newest: newest.map(session => ({
        ...session,
        net: formatAmount(session.net),
        isOpen: session.end >= now - gapMs,
      })),
      since,
      now,
      gapMs,
      basis,
    }
  })
}
