import { inLogOrder, type RuleDocument } from '#domain/batch-rules/batch-rule.ts'
import type { Instant } from '#domain/instant.ts'
import type { Reading } from './transaction.ts'

/** More documents of one number are a counter that begins anew, more of one card a house card: nothing is said of them. */
const MOST_DOCUMENTS = 500

export interface KeyDocuments {
  /** Hash by which they were looked up, as text: it is larger than numbers are exact. */
  key: string
  /** The order's number or the card's token itself: two of one hash are two. */
  name: string
  /** In the log's order. */
  documents: RuleDocument[]
}

/**
 * All documents of keys up to an append time, from the log. Keys of which it has dropped one are left out: of half of
 * what an order was, nothing is said.
 * @param keys hashes, as text
 */
export async function loadKeyDocuments(
  reading: Reading,
  { by, keys, through }: { by: 'order' | 'card'; keys: readonly string[]; through: Instant },
): Promise<KeyDocuments[]> {
  if (keys.length === 0) return []
  const column = by === 'order' ? reading`d.order_key` : reading`d.card_key`
  const rows = await reading<(RuleDocument & { key: string })[]>`
    select found.key::text as key, e.partition, e."offset", e.appended_at as "appendedAt", e.event_time as "eventTime",
      e.business_day as "businessDay", e.type, e.source, e.id, e.store, e.register, e.channel, e.currency,
      e.order_id as "orderId",
      case when e.type = 'order.returned' then e.details ->> 'originalOrderId' else e.order_id end as "order",
      e.details ->> 'cardToken' as "cardToken", e.details ->> 'entryMode' as "entryMode",
      e.total_units as "totalUnits", e.total_gross as "totalGross", e.total_discounts as "totalDiscounts",
      e.total_returns as "totalReturns", e.total_tax as "totalTax",
      coalesce((
        select sum((charge ->> 'amount')::bigint) from jsonb_array_elements(e.details -> 'charges') charge
      ), 0)::bigint as "totalCharges",
      e.skus, e.units
    from (
      select ${column} as key, d.partition, d.appended_at, d."offset", count(*) over (partition by ${column}) as documents,
        bool_or(exists (
          select from log.archived_days a
          where a.append_day = (d.appended_at at time zone 'UTC')::date and a.dropped_at is not null
        )) over (partition by ${column}) as is_dropped
      from batch.rule_documents d
      where ${column} = any(${[...keys]}::text[]::bigint[]) and d.appended_at <= ${through}
    ) found
    -- One look into the log's index for each: a join would rather read all days of it.
    cross join lateral (
      select * from log.event_log l
      where l.partition = found.partition and l.appended_at = found.appended_at and l."offset" = found."offset"
      limit 1
    ) e
    where found.documents <= ${MOST_DOCUMENTS} and not found.is_dropped`
  const named = rows.flatMap(({ key, ...document }) => {
    const name = by === 'order' ? document.order : document.cardToken
    return name === null ? [] : [{ key, name, document }]
  })
  return [...Map.groupBy(named, ({ name }) => name)].map(([name, own]) => ({
    key: own[0]?.key ?? '',
    name,
    documents: own.map(({ document }) => document).sort(inLogOrder),
  }))
}
