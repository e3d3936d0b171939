import type { Sql } from '#db/client.ts'
import { readSnapshot } from '#db/transaction.ts'
import { MAX_CLOCK_AHEAD_MS } from '#domain/enrich.ts'
import { HOUR_MS, type Instant } from '#domain/instant.ts'
import { readStreamStand, type StreamBasis } from '#server/serving/freshness/positions.ts'
import { inStores } from '#server/serving/scope.ts'

const SPAN_MS = HOUR_MS
/** Events read of each partition at most: an hour of a flood is cut short, and the answer says so. */
const MOST_EVENTS = 20_000
/** Products of one order that are paired, the first by name: 45 pairs, however long a receipt is. */
const MOST_PAIRED = 10
const SHOWN = 8

export interface BasketPair {
  skus: [string, string]
  /** Null: not in the catalogue. */
  names: [string | null, string | null]
  /** Orders that hold both, placed less voided. */
  orders: number
}

export interface BasketPairs {
  /** Those that came together twice or more, most often first. */
  pairs: BasketPair[]
  /** Orders of two products or more, among which they were found. */
  baskets: number
  /** Event times from here on. */
  since: Instant
  now: Instant
  /** Too much happened to read it all: only what was appended from here on counts. */
  onlySince: Instant | null
  basis: StreamBasis
}

interface PairRow {
  first: string
  second: string
  firstName: string | null
  secondName: string | null
  orders: number
}

/**
 * Products that were ordered together in the last hour: the baskets of the log, up to the offsets that the stream has
 * read, paired when somebody looks. Kept as panes they would cost every order of three products three rows, of which
 * hardly any is ever counted twice (docs/decisions/014-operators-of-the-stream.md).
 * @param scope.stores ids; empty for all
 */
export async function readBasketPairs(sql: Sql, { stores }: { stores: string[] }): Promise<BasketPairs> {
  return readSnapshot(sql, async reading => {
    const { now, basis, positions } = await readStreamStand(reading)
    const since = now - SPAN_MS
    const recent = reading`
      select e.*, p.partition
      from unnest(
        ${positions.map(({ partition }) => partition)}::int2[],
        ${positions.map(({ through }) => String(through))}::text[]::int8[]
      ) as p(partition, through)
      cross join lateral (
        select appended_at, event_time, "offset", store, type, skus
        from log.event_log
        where partition = p.partition and "offset" <= p.through and appended_at >= ${since - MAX_CLOCK_AHEAD_MS}
          and not exists (
            select from stream.set_aside a
            where a.generation = ${basis.generation} and a.partition = p.partition and a."offset" = event_log."offset")
        order by appended_at desc, "offset" desc
        limit ${MOST_EVENTS}
      ) e`
    const [answer] = await reading<{ pairs: PairRow[] | null; baskets: number; onlySince: Instant | null }[]>`
      with recent as materialized (${recent}),
      -- Partitions of which not everything was read, and from when on it was.
      cut as (
        select min(appended_at) as oldest from recent group by partition having count(*) >= ${MOST_EVENTS}
      ),
      baskets as (
        select r.sign, b.skus
        from (select *, case type when 'order.placed' then 1 else -1 end as sign from recent) r
        cross join lateral (
          select array_agg(sku order by sku collate "C") as skus
          from (select sku from unnest(r.skus) sku group by sku order by sku collate "C" limit ${MOST_PAIRED}) own
        ) b
        where r.event_time >= ${since} and r.type in ('order.placed', 'order.voided') and cardinality(b.skus) > 1
          ${inStores(reading, { stores }, 'r.store')}
      ),
      pairs as (
        select first.sku as first, second.sku as second, sum(sign)::int8 as orders
        from baskets
        cross join lateral unnest(skus) with ordinality first(sku, place)
        join lateral unnest(skus) with ordinality second(sku, place) on second.place > first.place
        group by first.sku, second.sku having sum(sign) > 1
        order by sum(sign) desc, first.sku, second.sku limit ${SHOWN}
      )
      select (
          select json_agg(json_build_object('first', pairs.first, 'second', pairs.second, 'firstName', f.name,
            'secondName', s.name, 'orders', pairs.orders) order by pairs.orders desc, pairs.first, pairs.second)
          from pairs left join ref.products f on f.sku = pairs.first left join ref.products s on s.sku = pairs.second
        ) as pairs,
        (select coalesce(sum(sign), 0)::int8 from baskets) as baskets,
        (select max(oldest) from cut) as "onlySince"`
    return {
      pairs: (answer?.pairs ?? []).map(({ first, second, firstName, secondName, orders }) => ({
        skus: [first, second],
        names: [firstName, secondName],
        orders,
      })),
      baskets: answer?.baskets ?? 0,
      since,
      now,
      onlySince: answer?.onlySince ?? null,
      basis,
    }
  })
}
