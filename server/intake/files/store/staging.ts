import type { ReservedSql } from 'postgres'
import type { Interpretation } from '#server/intake/files/interpret/interpret-row.ts'
import type { RowChunk, SourceRow } from '#server/intake/files/read/source-rows.ts'
import type { RejectedRow } from './rejects-file.ts'
import type { RejectedEvent } from './store-documents.ts'
import type { RowCounts } from './summary.ts'

/**
 * Rows of one file on their way into documents: temporary tables of one connection, so that memory stays
 * constant whatever the file's size, documents need not be adjacent, and a killed import leaves nothing.
 */
export type StagingConnection = Pick<ReservedSql, 'unsafe'> & ReservedSql

// kind: o(rder), r(eturn), a(djustment), s(et aside), b(ad). scope of what is set aside: r(ow), d(ocument), or null where
// the mapping does not say. `rejected.own`: the row itself is at fault, and is
// not only set back with its document.
const TABLES = `
  create temp table staged (
    row bigint not null, kind "char" not null, scope "char", store text, document text, event_time bigint,
    date_only boolean, sku text, units bigint, unit_price bigint, amount bigint, discount bigint, tax bigint,
    product_name text, line_reason text, customer text, tender text, register text, currency text, channel text,
    attributes text, fault text, detail text);
  create temp table rejected (
    row bigint not null, kind "char" not null, reason text not null, detail text not null,
    store text, document text, own boolean not null, payload text);`

const COPY_STAGED = `copy staged (row, kind, scope, store, document, event_time, date_only, sku, units, unit_price,
  amount, discount, tax, product_name, line_reason, customer, tender, register, currency, channel, attributes, fault,
  detail) from stdin`

/** Makes the tables anew: one connection stages file after file. */
export async function resetStaging(connection: StagingConnection): Promise<void> {
  await connection.unsafe('drop table if exists pg_temp.staged, pg_temp.documents, pg_temp.rejected')
  await connection.unsafe(TABLES)
}

/** Rows are sent in pieces of about this many characters. */
const PIECE_LENGTH = 131_072

export interface StagedCounts {
  rows: number
  ambiguousTimes: number
  missingTimes: number
}

/** Copies interpreted rows into the staging table. */
export async function stageRows(
  connection: StagingConnection,
  chunks: AsyncIterable<RowChunk>,
  { interpret, onRows }: { interpret(row: SourceRow): Interpretation; onRows(count: number): void },
): Promise<StagedCounts> {
  const counts: StagedCounts = { rows: 0, ambiguousTimes: 0, missingTimes: 0 }
  const copy = await connection.unsafe(COPY_STAGED).writable()
  const failure = new Promise<never>((_, reject) => copy.on('error', reject))
  failure.catch(() => {})
  let piece = ''

  async function send(): Promise<void> {
    const bytes = Buffer.from(piece)
    piece = ''
    if (!copy.write(bytes)) {
      await Promise.race([failure, new Promise<void>(resolve => copy.once('drain', resolve))])
    }
  }

  try {
    for await (const { rows } of chunks) {
      for (const row of rows) {
        const meaning = interpret(row)
        counts.rows += 1
        if ('irregular' in meaning && meaning.irregular === 'ambiguous') counts.ambiguousTimes += 1
        if ('irregular' in meaning && meaning.irregular === 'missing') counts.missingTimes += 1
        piece += copyLine(row, meaning)
        if (piece.length >= PIECE_LENGTH) await send()
      }
      onRows(counts.rows)
    }
  } catch (error) {
    // The connection is used again for the next file: it must not stay in COPY.
    copy.destroy(error instanceof Error ? error : new Error(String(error)))
    throw error
  }
  await send()
  await Promise.race([failure, new Promise<void>(resolve => copy.end(resolve))])
  await connection.unsafe('analyze staged')
  return counts
}

function copyLine({ row }: SourceRow, meaning: Interpretation): string {
  return `${row}\t${fieldsOf(meaning).map(copyField).join('\t')}\n`
}

type CopyValue = string | number | null

function fieldsOf(meaning: Interpretation): CopyValue[] {
  switch (meaning.kind) {
    case 'set-aside':
      return [
        's',
        meaning.scope?.charAt(0) ?? null,
        meaning.store,
        meaning.document,
        ...BLANK_LINE,
        'set_aside',
        `a rule of the mapping sets ${meaning.scope === 'document' ? 'its document' : 'it'} aside: ${meaning.rule}`,
      ]
    case 'bad':
      return ['b', null, meaning.store, meaning.document, ...BLANK_LINE, meaning.reason, meaning.detail]
    case 'order':
    case 'return':
    case 'stock-adjustment':
      return [
        KINDS[meaning.kind],
        null,
        meaning.store,
        meaning.document,
        meaning.eventTime,
        meaning.dateOnly ? 't' : 'f',
        meaning.sku,
        meaning.units,
        meaning.unitPrice,
        meaning.amount,
        meaning.discount,
        meaning.tax,
        meaning.productName,
        meaning.reason,
        meaning.customer,
        meaning.tender,
        meaning.register,
        meaning.currency,
        meaning.channel,
        meaning.attributes && JSON.stringify(meaning.attributes),
        null,
        null,
      ]
  }
}

const KINDS = { order: 'o', return: 'r', 'stock-adjustment': 'a' } as const
/** Event time to attributes. */
const BLANK_LINE: readonly null[] = new Array<null>(16).fill(null)

const TO_ESCAPE = /[\\\t\n\r]/
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

/** One field of COPY's text format. NUL and half characters, which it cannot hold, may only stand in a fault's words. */
function copyField(value: CopyValue): string {
  if (value === null) return '\\N'
  if (typeof value === 'number') return String(value)
  const text = value.includes('\u0000') ? value.replaceAll('\u0000', '\u2400') : value
  return TO_ESCAPE.test(text)
    ? text.replace(/[\\\t\n\r]/g, character => ESCAPES[character] ?? character)
    : text
}

/** Notes the rows of events that were not stored. */
export async function noteRejected(
  connection: StagingConnection,
  rejected: readonly RejectedEvent[],
): Promise<void> {
  const rows = rejected.flatMap(event => event.rows.map(row => ({ row, event, own: row === event.faultRow })))
  if (rows.length === 0) return
  await connection.unsafe(
    `insert into rejected (row, kind, reason, detail, store, document, own, payload)
     select row, kind::"char", reason, detail, store, document, own::boolean, payload
     from unnest($1::text[]::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
       as noted(row, kind, reason, detail, store, document, own, payload)`,
    [
      rows.map(({ row }) => String(row)),
      rows.map(({ event }) => event.kind),
      rows.map(({ event }) => event.reason),
      rows.map(({ event }) => event.detail),
      rows.map(({ event }) => event.store),
      rows.map(({ event }) => event.document),
      rows.map(({ own }) => String(own)),
      rows.map(({ event, own }) => (own ? event.payload : null)),
    ],
  )
}

/** What became of the rows, counted. */
export async function countRows(
  connection: StagingConnection,
): Promise<
  Pick<RowCounts, 'orderRows' | 'returnRows' | 'stockAdjustmentRows' | 'setAsideRows' | 'rejectedRows'>
> {
  const rows = await connection.unsafe<{ kind: string; staged: number; rejected: number }[]>(
    `select kind::text as kind, sum(staged)::bigint as staged, sum(rejected)::bigint as rejected
     from (
       select kind, count(*) as staged, 0 as rejected from staged group by kind
       union all
       select kind, 0, count(*) from rejected group by kind
     ) counted group by kind`,
  )
  const loaded = (kind: string): number => {
    const counted = rows.find(row => row.kind === kind)
    return counted ? counted.staged - counted.rejected : 0
  }
  return {
    orderRows: loaded('o'),
    returnRows: loaded('r'),
    stockAdjustmentRows: loaded('a'),
    setAsideRows: loaded('s'),
    rejectedRows: rows.reduce((sum, row) => sum + row.rejected, 0),
  }
}

/** A row that was not loaded, with what a dead letter needs of it. */
export interface UnloadedRow extends RejectedRow {
  store: string | null
  document: string | null
  own: boolean
  payload: string | null
}

/** Rows fetched at once. */
const FETCH_ROWS = 1_000

/** The rejected rows and those set aside, in the order of the file. */
export async function* readUnloaded(connection: StagingConnection): AsyncGenerator<UnloadedRow> {
  await connection.unsafe('begin')
  await connection.unsafe(
    `declare unloaded_rows no scroll cursor for
     select row, reason, detail, store, document, own, payload from rejected
     union all
     select row, fault, detail, null, null, false, null from staged where kind = 's'
     order by row`,
  )
  for (;;) {
    const rows = await connection.unsafe<UnloadedRow[]>(`fetch ${FETCH_ROWS} from unloaded_rows`)
    yield* rows
    if (rows.length < FETCH_ROWS) break
  }
  await connection.unsafe('commit')
}
