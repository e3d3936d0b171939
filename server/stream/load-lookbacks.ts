import type { Sql } from '#db/client.ts'
import { stockEffects } from '#domain/effects.ts'
import { MAX_CLOCK_AHEAD_MS } from '#domain/enrich.ts'
import { MINUTE_MS } from '#domain/instant.ts'
import type { Position } from '#domain/log-event.ts'
import { READ_COLUMNS, type ReadRow, toRecord } from '#server/log/read-statement.ts'
import { type Lookback, lookbackKey } from './lookback.ts'
import { textArray } from './sink.ts'

const FETCH = 2_000

// The intake refuses what is further ahead of its own clock; a minute more for its clock against the database's.
const AHEAD_AT_MOST_MS = MAX_CLOCK_AHEAD_MS + MINUTE_MS

/**
 * Answers lookbacks from the log: one scan of the partition from the earliest of them to the position the
 * batch starts after. Rows pass by in chunks, so a long way back costs time, not memory.
 * @returns sums by `lookbackKey`
 */
export async function loadLookbacks(
  sql: Pick<Sql, 'unsafe'>,
  request: { partition: number; through: Position; lookbacks: readonly Lookback[] },
): Promise<Map<string, number>> {
  const { partition, through, lookbacks } = request
  const sums = new Map<string, number>()
  if (lookbacks.length === 0) return sums
  const bySku = Map.groupBy(lookbacks, ({ store, sku }) => `${store}\u001f${sku}`)
  const earliest = lookbacks.reduce((least, { after }) => Math.min(least, after), Number.POSITIVE_INFINITY)
  const rows = sql
    .unsafe<ReadRow[]>(
      STATEMENT,
      [
        partition,
        new Date(earliest - AHEAD_AT_MOST_MS).toISOString(),
        new Date(through.appendedAt).toISOString(),
        through.offset,
        new Date(earliest).toISOString(),
        textArray([...new Set(lookbacks.map(({ store }) => store))], store => store),
        textArray([...new Set(lookbacks.map(({ sku }) => sku))], sku => sku),
      ],
      { prepare: true },
    )
    .values()
    .cursor(FETCH)
  for await (const chunk of rows) {
    for (const row of chunk) {
      const record = toRecord(row as unknown as ReadRow, partition)
      if (record.type === 'tick') continue
      for (const { sku, kind, units } of stockEffects(record)) {
        if (kind === 'counted') continue
        for (const lookback of bySku.get(`${record.store}\u001f${sku}`) ?? []) {
          const isAfter = lookback.inclusive
            ? record.eventTime >= lookback.after
            : record.eventTime > lookback.after
          if (isAfter) sums.set(lookbackKey(lookback), (sums.get(lookbackKey(lookback)) ?? 0) + units)
        }
      }
    }
  }
  return sums
}

const STATEMENT = `
  select ${READ_COLUMNS}
  from log.event_log
  where partition = $1 and appended_at >= $2::timestamptz and appended_at <= $3::timestamptz and "offset" <= $4
    and event_time >= $5::timestamptz and store = any ($6::text::text[]) and skus && $7::text::text[]`
