import type { Sql } from '#db/client.ts'
import type { Instant } from '#domain/instant.ts'
import { formatAmount } from '#domain/money.ts'

/** A document as it stands in the log. Money is decimal text. */
interface LoggedDocument {
  partition: number
  offset: number
  appendedAt: Instant
  type: string
  eventTime: Instant
  customer: string | null
  channel: string | null
  currency: string | null
  lines: {
    sku: string
    units: number
    gross: string | null
    discount: string | null
    refund: string | null
  }[]
  /** What only some documents carry: cashier, card, entry mode, means of payment. */
  details: { name: string; value: string }[]
}

interface DocumentRow extends Omit<LoggedDocument, 'lines' | 'details'> {
  skus: string[] | null
  units: number[] | null
  unitPrices: (number | null)[] | null
  amounts: (number | null)[] | null
  discounts: (number | null)[] | null
  refunds: number[] | null
  details: Record<string, unknown> | null
}

/** An event may be appended a little before it happened, by the clock of its till. */
const CLOCKS_AHEAD_MS = 5 * 60_000

/**
 * The event behind a receipt. @param receipt.eventTime leaves out the log's days before it; null where it is not there
 */
export async function readReceipt(
  sql: Sql,
  { source, id, eventTime }: { source: string; id: string; eventTime: Instant },
): Promise<LoggedDocument | null> {
  const [row] = await sql<DocumentRow[]>`
    select e.partition, e."offset", e.appended_at as "appendedAt", e.type, e.event_time as "eventTime", e.customer,
      e.channel, e.currency, e.skus, e.units, e.unit_prices as "unitPrices", e.amounts, e.discounts, e.refunds, e.details
    from log.event_keys k
    -- in Kafka a key's offset is that from which on its event is found
    join log.event_log e on e.partition = k.partition and (e."offset" = k."offset" and k.batch is null
      or e."offset" >= k."offset" and e.source = k.source and e.id = k.id)
    where k.source = ${source} and k.id = ${id}
      and e.appended_at >= ${new Date(eventTime - CLOCKS_AHEAD_MS).toISOString()}::timestamptz
    limit 1`
  if (!row) return null
  const { skus, units, unitPrices, amounts, discounts, refunds, details, ...document } = row
  const money = (value: number | null | undefined) =>
    (value ?? null) === null ? null : formatAmount(value ?? 0)
  return {
    ...document,
    lines: (skus ?? []).map((sku, index) => {
      const price = unitPrices?.[index] ?? null
      const gross = amounts?.[index] ?? (price === null ? null : price * (units?.[index] ?? 0))
      return {
        sku,
        units: units?.[index] ?? 0,
        gross: money(gross),
        discount: money(discounts?.[index]),
        refund: money(refunds?.[index]),
      }
    }),
    details: Object.entries(details ?? {}).flatMap(([name, value]) => {
      const text = detailText(name, value)
      return text === null ? [] : [{ name, value: text }]
    }),
  }
}

/** Of what a document carries, what people can judge by. */
function detailText(name: string, value: unknown): string | null {
  if (name === 'tenders' && Array.isArray(value))
    return (value as { type: string; amount: number | null }[])
      .map(({ type, amount }) => (amount === null ? type : `${type} ${formatAmount(amount)}`))
      .join(', ')
  return typeof value === 'string' ? value : null
}
