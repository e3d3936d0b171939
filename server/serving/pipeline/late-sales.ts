import { type Reading, readSnapshot } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import { formatAmount } from '#domain/money.ts'
import { WINDOW_MS, type WindowState, windowState } from '#domain/window.ts'
import { RefusedError } from '#server/serving/failures.ts'
import type { Serving } from '#server/serving/serving.ts'

/** A sale that came after its minute had closed. */
export interface LateSale {
  partition: number
  offset: number
  source: string
  id: string
  type: string
  store: string
  channel: string
  currency: string
  eventTime: Instant
  appendedAt: Instant
  /** When its effects were committed; live pages are told by the same commit. */
  processedAt: Instant
  windowStart: Instant
  windowEnd: Instant
  /** Of its partition, when it was appended: it had passed the window's end. */
  watermark: Instant
  /** What the window was then: closed, or final already. */
  stateThen: WindowState
}

/** A window as it stood at one offset. Money in decimal. */
export interface WindowStand {
  orders: number
  units: number
  net: string
  lateNet: string
  /** Late sales that it had counted. */
  revision: number
}

export interface LateWay extends LateSale {
  /** What the sale adds. */
  effect: { orders: number; units: number; net: string }
  before: WindowStand
  after: WindowStand
  /** As it stands now, with what came after. */
  current: WindowStand
  stateNow: WindowState
}

const SHOWN = 50

/** The sales that came late most recently, of the last day. */
export async function listLateSales({
  sql,
}: Pick<Serving, 'sql'>): Promise<{ now: Instant; sales: LateSale[] }> {
  const [rows, [clock]] = await Promise.all([
    readLate(sql, sql`true`),
    sql<{ now: Instant }[]>`select clock_timestamp() as now`,
  ])
  return { now: clock?.now ?? 0, sales: rows.map(toLateSale) }
}

/**
 * The way of a late sale, with its window before and after it: the window of now without what came after it, from the log.
 * @throws RefusedError when nothing is known of it any more
 */
export async function readLateWay(
  { sql }: Pick<Serving, 'sql'>,
  { partition, offset }: { partition: number; offset: number },
): Promise<LateWay> {
  return readSnapshot(sql, async reading => {
    const [row] = await readLate(reading, reading`l.partition = ${partition} and l."offset" = ${offset}`)
    if (!row) {
      throw new RefusedError(
        'Nothing is known of this sale as a late one: what came late is kept for a day, and a replay judges anew.',
      )
    }
    const sums = await readSums(reading, row)
    const current = standOf(sums, { orders: 0, units: 0, net: 0n, lateNet: 0n, revision: 0 })
    const after = standOf(sums, sums.later)
    const before = standOf(sums, {
      orders: sums.later.orders + sums.own.orders,
      units: sums.later.units + sums.own.units,
      net: sums.later.net + sums.own.net,
      lateNet: sums.later.lateNet + sums.own.net,
      revision: sums.later.revision + 1,
    })
    return {
      ...toLateSale(row),
      effect: { orders: sums.own.orders, units: sums.own.units, net: formatAmount(sums.own.net) },
      before,
      after,
      current,
      stateNow: windowState(row.windowStart, sums.watermark),
    }
  })
}

type LateRow = Omit<LateSale, 'windowEnd' | 'stateThen'>

function readLate(reading: Reading, condition: ReturnType<Reading>): PromiseLike<LateRow[]> {
  return reading<LateRow[]>`
    select l.partition, l."offset", e.source, e.id, e.type, l.store, l.channel, l.currency,
      e.event_time as "eventTime", l.appended_at as "appendedAt", l.processed_at as "processedAt",
      l.window_start as "windowStart", l.watermark
    from stream.late_events l
    join stream.active_generation using (generation)
    join log.event_log e on e.partition = l.partition and e.appended_at = l.appended_at and e."offset" = l."offset"
    where ${condition}
    order by l.appended_at desc, l.partition, l."offset" desc limit ${SHOWN}`
}

function toLateSale(row: LateRow): LateSale {
  return {
    ...row,
    windowEnd: row.windowStart + WINDOW_MS,
    stateThen: windowState(row.windowStart, row.watermark),
  }
}

interface Sum {
  orders: number
  units: number
  net: bigint
  lateNet: bigint
  revision: number
}

interface Sums {
  watermark: Instant | null
  window: Sum
  own: Pick<Sum, 'orders' | 'units' | 'net'>
  /** Of what was appended after it, up to the checkpoint. */
  later: Sum
}

async function readSums(reading: Reading, row: LateRow): Promise<Sums> {
  const { partition, offset, appendedAt, store, channel, currency, windowStart } = row
  const [sums] = await reading<Record<string, string | number | null>[]>`
    with place as (
      select c.generation, c.partition, c."offset", c.watermark
      from stream.checkpoints c join stream.active_generation using (generation)
      where c.partition = ${partition}
    ), own as (
      select s.orders, s.units, s.net from log.sales s
      where s.partition = ${partition} and s.appended_at = ${appendedAt}::timestamptz and s."offset" = ${offset}
    ), later as (
      select s.orders, s.units, s.net, l."offset" is not null as is_late
      from place p
      join log.sales s on s.partition = p.partition and s."offset" <= p."offset"
      left join stream.late_events l
        on l.generation = p.generation and l.partition = s.partition and l."offset" = s."offset"
      where s.partition = ${partition} and s.appended_at >= ${appendedAt}::timestamptz and s."offset" > ${offset}
        and s.store = ${store} and s.channel = ${channel} and s.currency = ${currency}
        and s.event_time >= ${windowStart}::timestamptz
        and s.event_time < ${windowStart + WINDOW_MS}::timestamptz
        and not exists (select from stream.set_aside a
          where a.generation = p.generation and a.partition = s.partition and a."offset" = s."offset")
    )
    select p.watermark, w.orders, w.units, (w.gross - w.discounts - w.returns)::text as net,
      w.late_net::text as "lateNet", w.revision, own.orders as "ownOrders", own.units as "ownUnits",
      own.net::text as "ownNet", later_sums.*
    from place p
    join stream.windows w on w.generation = p.generation and w.store = ${store} and w.channel = ${channel}
      and w.currency = ${currency} and w.window_start = ${windowStart}::timestamptz
    cross join own
    cross join (
      select coalesce(sum(orders), 0)::bigint as "laterOrders", coalesce(sum(units), 0)::bigint as "laterUnits",
        coalesce(sum(net), 0)::text as "laterNet",
        coalesce(sum(net) filter (where is_late), 0)::text as "laterLateNet",
        count(*) filter (where is_late) as "laterLate"
      from later
    ) later_sums`
  if (!sums) throw new RefusedError('Its window is not there any more.')
  const number = (name: string) => Number(sums[name] ?? 0)
  const amount = (name: string) => BigInt(sums[name] ?? 0)
  return {
    watermark: sums.watermark === null ? null : number('watermark'),
    window: {
      orders: number('orders'),
      units: number('units'),
      net: amount('net'),
      lateNet: amount('lateNet'),
      revision: number('revision'),
    },
    own: { orders: number('ownOrders'), units: number('ownUnits'), net: amount('ownNet') },
    later: {
      orders: number('laterOrders'),
      units: number('laterUnits'),
      net: amount('laterNet'),
      lateNet: amount('laterLateNet'),
      revision: number('laterLate'),
    },
  }
}

/** The window of now, less `without`. */
function standOf({ window }: Sums, without: Sum): WindowStand {
  return {
    orders: window.orders - without.orders,
    units: window.units - without.units,
    net: formatAmount(window.net - without.net),
    lateNet: formatAmount(window.lateNet - without.lateNet),
    revision: window.revision - without.revision,
  }
}
