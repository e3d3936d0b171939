/**
 * A table of results as data: its key, its columns, and how a row that exists meets a new one. Every
 * operator names its sink; the one statement below writes them all. Keyed upserts only, so the same table
 * can stand behind any engine that runs the operator.
 */
export interface Sink {
  /** Table in schema `stream`; each generation has its own partition of it. */
  readonly table: string
  /** Columns of the primary key, `generation` aside. */
  readonly key: readonly string[]
  /** Whether a row says when it was written. */
  readonly hasProcessedAt: boolean
  /** Beside `generation` and `partition`, which every sink has. */
  readonly columns: Readonly<Record<string, SinkColumn>>
}

export interface SinkColumn {
  readonly type: 'text' | 'bigint' | 'smallint' | 'date' | 'instant'
  /** Meeting an existing row: add to it, replace it, or leave what is there. */
  readonly merge: 'add' | 'replace' | 'keep'
}

/** One value of a row. Instants are epoch milliseconds, dates 'YYYY-MM-DD'. */
export type SinkValue = string | number | null

/**
 * The upsert of a sink: $1 generation, $2 partition, then one array literal per column in the order of
 * `sink.columns`. It names the generation's own table, not the parent: the writer then needs no lock on the
 * parent, which creating or dropping a generation takes exclusively.
 */
export function upsertStatement(sink: Sink, generation: number): string {
  const { key, hasProcessedAt } = sink
  const names = Object.keys(sink.columns)
  const updates = Object.entries(sink.columns)
    .filter(([name, column]) => column.merge !== 'keep' && !key.includes(name))
    .map(([name, column]) => `${name} = ${column.merge === 'add' ? `kept.${name} + ` : ''}excluded.${name}`)
  return `insert into ${generationTable(sink.table, generation)} as kept
      (generation, partition, ${names.join(', ')}${hasProcessedAt ? ', processed_at' : ''})
    select $1::integer, $2::smallint, ${names.map(name => selected(name, sink.columns[name]?.type)).join(', ')}${hasProcessedAt ? ', now()' : ''}
    from unnest(${names.map((name, index) => `$${index + 3}::text::${arrayType(sink.columns[name]?.type)}[]`).join(', ')})
      as given(${names.join(', ')})
    on conflict (generation, ${key.join(', ')}) do update
    set ${[...updates, ...(hasProcessedAt ? ['processed_at = excluded.processed_at'] : [])].join(', ')}`
}

/** Parameters after generation and partition: per column one array literal, in the order of `sink.columns`. */
export function sinkParameters<Row>(
  sink: Sink,
  rows: readonly Row[],
  values: Readonly<Record<string, (row: Row) => SinkValue>>,
): string[] {
  return Object.entries(sink.columns).map(([name, { type }]) => {
    const value = values[name]
    if (!value) throw new Error(`sink ${sink.table}: no value for column ${name}`)
    return type === 'text' ? textArray(rows, value) : plainArray(rows, value)
  })
}

export function generationTable(table: string, generation: number): string {
  return `stream.${table}_g${generation}`
}

/** An array literal of texts, each quoted: identifiers may hold commas, braces and quotes. */
export function textArray<Row>(rows: readonly Row[], value: (row: Row) => SinkValue): string {
  let literal = '{'
  for (const row of rows) {
    const given = value(row)
    if (literal.length > 1) literal += ','
    literal += given === null ? 'NULL' : quote(String(given))
  }
  return `${literal}}`
}

/** An array literal of numbers or dates, which need no quotes. */
export function plainArray<Row>(rows: readonly Row[], value: (row: Row) => SinkValue): string {
  let literal = '{'
  for (const row of rows) {
    if (literal.length > 1) literal += ','
    literal += value(row) ?? 'NULL'
  }
  return `${literal}}`
}

function selected(name: string, type: SinkColumn['type'] | undefined): string {
  return type === 'instant' ? `'epoch'::timestamptz + ${name} * interval '1 millisecond'` : name
}

function arrayType(type: SinkColumn['type'] | undefined): string {
  return type === 'instant' ? 'bigint' : (type ?? 'text')
}

const NEEDS_ESCAPE = /["\\]/
const ESCAPED = /["\\]/g

function quote(value: string): string {
  return NEEDS_ESCAPE.test(value) ? `"${value.replace(ESCAPED, '\\$&')}"` : `"${value}"`
}
