import type { Sql } from '#db/client.ts'
import { documentIdOf } from '#server/intake/files/interpret/build-events.ts'
import type { RowMapping } from '#server/intake/files/interpret/mapping.ts'
import type { SourceRow } from '#server/intake/files/read/source-rows.ts'
import type { FileLetter } from './file-letters.ts'
import type { RejectedRow } from './rejects-file.ts'
import type { StagingConnection } from './staging.ts'
import type { RejectedEvent } from './store-documents.ts'
import type { RowCounts } from './summary.ts'

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

/** What the dead letter of a row holds; null when the row is only set back with its document. */
export function letterOfRow(
  { row, reason, detail, store, document, own, payload }: UnloadedRow,
  { raw }: SourceRow,
  mapping: RowMapping,
): FileLetter | null {
  if (!own) return null
  return {
    row,
    source: mapping.name,
    eventId: eventIdOf(mapping, store, document),
    store,
    reason,
    detail,
    payload: Buffer.from(payload ?? raw),
  }
}

/** What the event of a row would be called, as far as the row tells. */
function eventIdOf(mapping: RowMapping, store: string | null, document: string | null): string | null {
  return document === null ? null : documentIdOf(mapping, { store: store ?? '?', document })
}

/** Settles letters of earlier files whose document has reached the log since, repaired. */
export async function settleRepaired(sql: Sql, source: string, file: string): Promise<void> {
  await sql`
    update intake.dead_letters d
    set state = 'requeued', settled_at = clock_timestamp(),
      settlement = jsonb_build_object('outcome', 'imported', 'file', ${file}::text)
    where d.state = 'open' and d.source = ${source} and d.met_in ? 'file' and d.reason <> 'conflicting_duplicate'
      and exists (
        select from log.event_keys k
        where k.source = d.source
          and k.id in (d.event_id, d.event_id || '#adjust', d.event_id || '#return'))`
}
