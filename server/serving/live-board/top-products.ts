import type { Sql } from '#db/client.ts'
import { readSnapshot } from '#db/transaction.ts'
import { type Instant, MINUTE_MS } from '#domain/instant.ts'
import { formatAmount } from '#domain/money.ts'
import { readStreamStand, type StreamBasis } from '#server/serving/freshness/positions.ts'
import { inStores } from '#server/serving/scope.ts'

/** Tills may be this far ahead of the intake's clock: an event is never appended earlier before it happened. */
const CLOCK_SKEW_MS = 2 * MINUTE_MS
/** Events read of each partition at most: an hour of a flood is cut short, and the answer says so. */
const MOST_EVENTS = 20_000
const SHOWN = 10

export interface TopProductsScope {
  /** Ids; empty for all. */
  stores: string[]
  currency: string
  minutes: number
}

export interface TopProduct {
  sku: string
  /** Null: not in the catalogue. */
  name: string | null
  /** Ordered less voided; what was brought back is not taken off. */
  units: number
  /** Gross − discounts − returns. */
  net: string
}

export interface TopProducts {
  products: TopProduct[]
  /** Event times from here on. */
  since: Instant
  now: Instant
  /** Too much happened to read it all: only what was appended from here on counts. */
  onlySince: Instant | null
  basis: StreamBasis
}

type ProductRow = { sku: string; name: string | null; units: string; net: string; onlySince: Instant | null }

/**
 * What sold best in the last minutes of event time: the lines of the log up to the offsets the stream has read.
 * (Windows hold no products.)
 */
export async function readTopProducts(sql: Sql, scope: TopProductsScope): Promise<TopProducts> {
  return readSnapshot(sql, async reading => {
    const { now, basis, positions } = await readStreamStand(reading)
    const since = now - scope.minutes * MINUTE_MS
    const appendedSince = since - CLOCK_SKEW_MS
    const rows = await reading<ProductRow[]>`
      with recent as materialized (
        select e.*, p.partition
        from unnest(
          ${positions.map(({ partition }) => partition)}::int2[],
          ${positions.map(({ through }) => String(through))}::text[]::int8[]
        ) as p(partition, through)
        cross join lateral (
          select appended_at, event_time, store, type, currency, skus, units, unit_prices, amounts, discounts, refunds
          from log.event_log
          where partition = p.partition and "offset" <= p.through and appended_at >= ${appendedSince}
            and not exists (
              select from stream.set_aside a
              where a.generation = ${basis.generation} and a.partition = p.partition and a."offset" = event_log."offset")
          order by appended_at desc, "offset" desc
          limit ${MOST_EVENTS}
        ) e
      ),
      -- Partitions of which not everything was read, and from when on it was.
      cut as (
        select min(appended_at) as oldest from recent group by partition having count(*) >= ${MOST_EVENTS}
      ),
      lines as (
        select l.sku, case r.type when 'order.placed' then l.units when 'order.voided' then -l.units else 0 end as units,
          case r.type
            when 'order.placed' then coalesce(l.amount, l.units::numeric * l.unit_price) - coalesce(l.discount, 0)
            when 'order.voided' then coalesce(l.discount, 0) - coalesce(l.amount, l.units::numeric * l.unit_price)
            else -l.refund
          end as net
        from recent r
        cross join lateral unnest(r.skus, r.units, r.unit_prices, r.amounts, r.discounts, r.refunds)
          as l(sku, units, unit_price, amount, discount, refund)
        where r.event_time >= ${since} and r.currency = ${scope.currency}
          and r.type in ('order.placed', 'order.voided', 'order.returned')
          ${inStores(reading, scope, 'r.store')}
      ),
      ranked as (
        select sku, sum(units) as units, sum(net) as net from lines
        group by sku order by sum(net) desc, sku limit ${SHOWN}
      )
      select ranked.sku, p.name, ranked.units::text, ranked.net::text,
        (select max(oldest) from cut) as "onlySince"
      from ranked left join ref.products p on p.sku = ranked.sku
      order by ranked.net desc, ranked.sku`
    return {
      products: rows.map(({ sku, name, units, net }) => ({
        sku,
        name,
        units: Number(units),
        net: formatAmount(net),
      })),
      since,
      now,
      onlySince: rows[0]?.onlySince ?? null,
      basis,
    }
  })
}
