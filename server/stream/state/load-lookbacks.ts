import type { Reading } from '#db/transaction.ts'
import { MAX_CLOCK_AHEAD_MS } from '#domain/enrich.ts'
import { MINUTE_MS } from '#domain/instant.ts'
import type { Position } from '#domain/log-event.ts'
import { stockEffects } from '#domain/stock-effects.ts'
import { textArray } from '#platform/pg-array.ts'
import { archivedMovements } from '#server/log/archive/archived-movements.ts'
import type { Movement } from '#server/log/archive/read-archive.ts'
import { type Lookback, lookbackKey } from '#server/stream/fold/lookback.ts'

const ROWS_AT_ONCE = 2_000

// The intake refuses what is further ahead of its own clock; a minute more for its clock against the database's.
const AHEAD_AT_MOST_MS = MAX_CLOCK_AHEAD_MS + MINUTE_MS

/**
 * Answers lookbacks from the log, and from its archive where it lacks days: one scan of the partition from the earliest of them to the position the
 * batch starts after. Rows pass by in chunks, so a long way back costs time, not memory.
 * @returns sums by `lookbackKey`
 */
export async function loadLookbacks(
  sql: Reading,
  request: { partition: number; through: Position; lookbacks: readonly Lookback[] },
): Promise<Map<string, number>> {
  const { partition, through, lookbacks } = request
  const sums = new Map<string, number>()
  if (lookbacks.length === 0) return sums
  const bySku = Map.groupBy(lookbacks, ({ store, sku }) => `${store}\u001f${sku}`)
  const earliest = lookbacks.reduce((least, { after }) => Math.min(least, after), Number.POSITIVE_INFINITY)
  const add = (row: Movement) => {
    for (const { sku, units } of stockEffects({ ...row, lines: row })) {
      for (const lookback of bySku.get(`${row.store}\u001f${sku}`) ?? []) {
        const { after, inclusive } = lookback
        const isAfter = inclusive ? row.eventTime >= after : row.eventTime > after
        if (isAfter) sums.set(lookbackKey(lookback), (sums.get(lookbackKey(lookback)) ?? 0) + units)
      }
    }
  }
  const chunks = sql
    .unsafe<Movement[]>(
      MOVEMENTS_STATEMENT,
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
    .cursor(ROWS_AT_ONCE)
  for await (const rows of chunks) {
    for (const row of rows) add(row)
  }
  const archived = await archivedMovements(sql, {
    partition,
    from: earliest - AHEAD_AT_MOST_MS,
    through,
    eventsFrom: earliest,
    stores: [...new Set(lookbacks.map(({ store }) => store))],
    skus: [...new Set(lookbacks.map(({ sku }) => sku))],
  })
  for (const row of archived) add(row)
  return sums
}

const MOVEMENTS_STATEMENT = `
  select type, store, event_time as "eventTime", details, skus, units, stocked
  from log.event_log
  where partition = $1 and appended_at >= $2::timestamptz and appended_at <= $3::timestamptz and "offset" <= $4
    and event_time >= $5::timestamptz and store = any ($6::text::text[]) and skus && $7::text::text[]
    and type <> 'stock.counted'`
