import type { Reading } from '#db/transaction.ts'
import { HOUR_MS } from '#domain/instant.ts'
import { PANES_KEPT_MS, SESSIONS_KEPT_MS } from '#domain/operators/metric.ts'
import { effectiveLook } from '#server/stream/state/stock-looks.ts'
import { LATE_KEPT_HOURS, MOST_LATE_KEPT } from '#server/stream/write/late-sales.ts'

/** A table that two generations are compared by, row by row. */
export interface ComparedTable {
  /** Of schema `stream`. */
  table: string
  /** A row is found by; never null. */
  key: readonly string[]
  /** Whether every generation has a partition of its own (`windows_g1`), or all share one table. */
  isPartitioned: boolean
  /** SQL of `t`: which part of the table a row is of. What has changed since a first look is read again by parts. */
  chunk: string
  /**
   * SQL of `t` and the partition's checkpoint `c`, or of what `keptFrom` adds to that: rows that mean something still. What
   * is past that may be deleted any time.
   */
  isKept?: string
  /** SQL of `c`, which `lateral` joins. */
  keptFrom?: string
  /** SQL of `t` by column: what it means, where that is not the value alone. */
  meaning?: Readonly<Record<string, string>>
  /** Not compared beside those that are left out of every table, and why. */
  leftOut?: readonly LeftOut[]
  /** What a difference most likely comes from. */
  why: string
}

export interface LeftOut {
  column: string
  why: string
}

/** Of every table. */
const LEFT_OUT: readonly LeftOut[] = [
  { column: 'generation', why: 'the number of the generation itself' },
  { column: 'processed_at', why: 'when it was written, by the clock' },
]

const ago = (ms: number) => `${ms}::float8 * interval '1 millisecond'`

/** What a generation says. A column that comes to one of these tables is compared without anybody's doing. */
export const COMPARED_TABLES: readonly ComparedTable[] = [
  {
    table: 'checkpoints',
    key: ['partition'],
    isPartitioned: false,
    chunk: `t.partition::text`,
    leftOut: [{ column: 'epoch', why: 'how often the partition was taken' }],
    why: 'One of them has counted an event that the other has not, or judged it late.',
  },
  {
    table: 'sources',
    key: ['partition', 'source'],
    isPartitioned: true,
    chunk: `t.partition::text`,
    why: 'One of them takes another event of this source for its newest, so its watermark comes out otherwise.',
  },
  {
    table: 'windows',
    key: ['store', 'window_start', 'channel', 'currency'],
    isPartitioned: true,
    chunk: `t.partition || ' ' || t.business_day`,
    why: 'A sale of this minute counts in one of them and not in the other, or counts twice, or was judged late by one alone.',
  },
  {
    table: 'stock',
    key: ['store', 'sku'],
    isPartitioned: true,
    chunk: `t.store || ' ' || (hashtext(t.sku) & 15)`,
    // As the stream takes it: a forecast that has come since the stock was judged is looked at as it begins to hold.
    meaning: { look_at: effectiveLook('t') },
    why: 'A movement or a count of this product was taken otherwise, or its shortage was judged by another policy or lead time: one was entered for a moment that had been judged already.',
  },
  {
    table: 'purchases',
    key: ['store', 'purchase_order', 'sku'],
    isPartitioned: true,
    chunk: `t.store || ' ' || (hashtext(t.purchase_order) & 15)`,
    why: 'An event of this purchase order counts in one of them and not in the other.',
  },
  {
    table: 'episodes',
    key: ['alert_id'],
    isPartitioned: true,
    chunk: `t.store || ' ' || (hashtext(t.sku) & 15)`,
    why: 'The shortage was judged by another policy, forecast or lead time: one was entered for a moment that had been judged already. A replay of the active one judges all of them by what is known now.',
  },
  {
    table: 'panes',
    key: ['metric', 'store', 'pane_start', 'key'],
    isPartitioned: true,
    chunk: `t.store || ' ' || (hashtext(t.key) & 15)`,
    isKept: `t.pane_start >= c.watermark - ${ago(PANES_KEPT_MS)}`,
    why: 'A document of this pane counts in one of them and not in the other.',
  },
  {
    table: 'sessions',
    key: ['session_id'],
    isPartitioned: true,
    chunk: `t.store || ' ' || (hashtext(t.key) & 15)`,
    isKept: `t.ended_at >= c.watermark - ${ago(SESSIONS_KEPT_MS)}`,
    why: 'One of them has put an event into another session.',
  },
  {
    table: 'alerts',
    key: ['alert_id'],
    isPartitioned: true,
    chunk: `t.store`,
    why: 'A rule was judged by other settings, or by other reference data: something was entered for a moment that had been judged already.',
  },
  {
    table: 'operator_states',
    key: ['partition', 'operator', 'store', 'key'],
    isPartitioned: true,
    chunk: `t.store || ' ' || (hashtext(t.key) & 15)`,
    isKept: '(t.is_held or t.expires_at > c.watermark)',
    why: 'One of them remembers something else of this key: what it finds next will differ.',
  },
  {
    table: 'late_events',
    key: ['partition', 'offset'],
    isPartitioned: false,
    chunk: `t.partition::text`,
    keptFrom: `select coalesce(max(n."offset"), 0) as through from (
      select n."offset" from stream.late_events n
      where n.generation = c.generation and n.partition = c.partition order by n."offset" desc offset ${MOST_LATE_KEPT} limit 1) n`,
    isKept: `t.appended_at >= c.appended_at - ${ago(LATE_KEPT_HOURS * HOUR_MS)} and t."offset" > c.through`,
    why: 'One of them has judged this sale late, or by another watermark.',
  },
  {
    table: 'set_aside',
    key: ['partition', 'offset'],
    isPartitioned: false,
    chunk: `t.partition::text`,
    leftOut: [
      { column: 'reason', why: 'told in the words of each engine' },
      { column: 'set_aside_at', why: 'when it was written, by the clock' },
    ],
    why: 'One of them could digest this event and the other could not.',
  },
]

/** Tables of a generation that say nothing of their own. */
export const NOT_COMPARED: readonly { table: string; why: string }[] = [
  {
    table: 'changes',
    why: 'what live pages were told, kept for an hour; only the active generation needs it',
  },
]

/** Half of 1/10,000: what floating point figures may differ by between two engines and mean the same. */
const FLOAT_TOLERANCE = 0.00005

/** A compared table with its columns as the database has them. */
export interface TableShape extends ComparedTable {
  columns: readonly { name: string; isFloat: boolean; value: string }[]
  allLeftOut: readonly LeftOut[]
}

/** The compared tables with all their columns but those that are left out by name. */
export async function readShapes(reading: Reading): Promise<TableShape[]> {
  const rows = await reading<{ table: string; name: string; isFloat: boolean }[]>`
    select c.relname as "table", a.attname as name, a.atttypid = 'float8'::regtype as "isFloat"
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = 'stream'::regnamespace and c.relname = any(${COMPARED_TABLES.map(({ table }) => table)})
      and a.attnum > 0 and not a.attisdropped
    order by c.relname, a.attnum`
  return COMPARED_TABLES.map(compared => {
    const allLeftOut = [...LEFT_OUT, ...(compared.leftOut ?? [])]
    const columns = rows
      .filter(
        ({ table, name }) => table === compared.table && !allLeftOut.some(({ column }) => column === name),
      )
      .map(column => ({ ...column, value: compared.meaning?.[column.name] ?? `t."${column.name}"` }))
    const isThere = (column: string) =>
      rows.some(({ table, name }) => table === compared.table && name === column)
    return { ...compared, columns, allLeftOut: allLeftOut.filter(({ column }) => isThere(column)) }
  })
}

/** FROM and WHERE over the rows of a generation that count, as `t`. */
export function rowsOf({ table, isPartitioned, isKept, keptFrom }: TableShape, generation: number): string {
  const from = isPartitioned ? `stream.${table}_g${generation} t` : `stream.${table} t`
  const kept = isKept
    ? ` join (select * from stream.checkpoints c${keptFrom ? ` cross join lateral (${keptFrom}) k` : ''}
        where c.generation = ${generation}) c on c.generation = t.generation and c.partition = t.partition and ${isKept}`
    : ''
  return `from ${from}${kept} where t.generation = ${generation}`
}

/** SQL of `t`: 64 bits of all that is compared of a row, by value. Floating point counts to the last 1/10,000. */
export function rowHash({ columns }: TableShape): string {
  const values = columns.map(({ value, isFloat }) => (isFloat ? `round((${value})::numeric, 4)` : value))
  return `hash_record_extended(row(${values.join(', ')}), 0)`
}

/** SQL of `t`: all that is compared of a row, by name. */
export function rowValues({ columns }: TableShape): string {
  return columns.map(({ name, value }) => `${value} as "${name}"`).join(', ')
}

/** SQL of two rows `a` and `b` of a full join: whether they say something else. */
export function rowsDiffer({ columns, key }: TableShape): string {
  const [first] = key
  const plain = columns.filter(({ isFloat }) => !isFloat).map(({ name }) => `"${name}"`)
  const side = (of: string) => `row(${plain.map(name => `${of}.${name}`).join(', ')})`
  const floats = columns
    .filter(({ isFloat }) => isFloat)
    .map(
      ({ name }) =>
        `coalesce(abs(a."${name}" - b."${name}") >= ${FLOAT_TOLERANCE}, a."${name}" is distinct from b."${name}")`,
    )
  const missing = `a."${first}" is null or b."${first}" is null`
  return `(${[missing, `${side('a')} is distinct from ${side('b')}`, ...floats].join(' or ')})`
}
