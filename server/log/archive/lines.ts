import { type DuckDb, literal } from '#platform/duckdb.ts'

/*
 * The lines of a day's sales beside its events: a second Parquet file, a row a line, with the columns that reports by
 * product add up. Nothing is restored from it. It is made from the events' file, compared with it, and can be made again
 * at any time; so it holds nothing that the events do not say.
 */

/** Columns of the file, in order of it: rows of a shelf lie together, which halves the file and spares a reader's cache. */
const KEYS = 'store, business_day, channel, currency, sku'
const VALUES = ['units', 'gross', 'discounts', 'returns', 'units_returned'] as const

/** Rows of one group: as many as a core takes at a time. */
const GROUP_ROWS = 122_880

/** 2^53 - 1: what every reader holds exactly. */
const LARGEST = '9007199254740991'

/**
 * The lines of sales as a SELECT, each with what it adds to every sum of a shelf: an order adds, its void takes away, a
 * return leaves units and gross as they are.
 * @param events a FROM item: rows of events' files
 */
export function linesOf(events: string): string {
  return `
  select ${KEYS}, sign * units as units, coalesce(sign * coalesce(amount, units * unit_price), 0) as gross,
    coalesce(sign * deduction, 0) as discounts, coalesce(back * deduction, 0) as "returns", back * units as units_returned
  from (
    select store, business_day, channel, currency,
      case type when 'order.placed' then 1 when 'order.voided' then -1 else 0 end::hugeint as sign,
      case type when 'order.returned' then 1 else 0 end::hugeint as back,
      unnest(skus) as sku, unnest(units)::hugeint as units, unnest(unit_prices) as unit_price, unnest(amounts) as amount,
      unnest(coalesce(discounts, refunds)) as deduction
    from ${events}
    where type in ('order.placed', 'order.voided', 'order.returned') and why_indigestible is null
  )`
}

/** Of an events' file: sales that its columns do not hold as they are, although a path counts them. */
export function unreadableSales(events: readonly string[]): string {
  return `
  select count(*) as rows from ${filesOf(events)}
  where as_json is not null and why_indigestible is null
    and type in ('order.placed', 'order.voided', 'order.returned')`
}

/** A FROM item of Parquet files. */
export function filesOf(files: readonly string[]): string {
  return `read_parquet([${files.map(literal).join(', ')}], hive_partitioning = false)`
}

/**
 * Makes the file of a day's lines from that of its events, and compares the two.
 * @returns how many lines; null where some cannot stand in it, and it is not made: reports then read the events
 */
export async function makeLines(
  duck: DuckDb,
  { events, lines }: { events: string; lines: string },
): Promise<number | null> {
  const [unreadable] = await duck.all<{ rows: bigint }>(unreadableSales([events]))
  const [odd] = await duck.all<{ rows: bigint }>(`
    select count(*) as rows from (${linesOf(filesOf([events]))})
    where sku is null or ${VALUES.map(column => `coalesce(abs("${column}"), 1e30) > ${LARGEST}`).join(' or ')}`)
  if (unreadable?.rows !== 0n || odd?.rows !== 0n) return null
  await duck.run(`
    copy (
      select ${KEYS}, ${VALUES.map(asStored).join(', ')} from (${linesOf(filesOf([events]))}) order by all
    ) to ${literal(lines)} (format parquet, compression zstd, row_group_size ${GROUP_ROWS})`)
  const { rows } = await compareLines(duck, { events, lines })
  return rows
}

/**
 * Holds a day's lines against its events, every row of both, in whatever order.
 * @throws Error where they say different things
 */
export async function compareLines(
  duck: DuckDb,
  { events, lines }: { events: string; lines: string },
): Promise<{ rows: number }> {
  const said = await digest(duck, linesOf(filesOf([events])))
  const held = await digest(duck, `select * from ${filesOf([lines])}`)
  if (said.rows !== held.rows || said.digest !== held.digest) {
    throw new Error(
      `the events say ${said.rows} lines with digest ${said.digest}, the file of lines holds ${held.rows} with ${held.digest}`,
    )
  }
  return { rows: Number(held.rows) }
}

/** Compared within one process alone: DuckDB's hash is another in other versions. */
async function digest(duck: DuckDb, lines: string): Promise<{ rows: bigint; digest: string }> {
  const [row] = await duck.all<{ rows: bigint; digest: string }>(`
    select count(*) as rows, coalesce(sum(hash(${KEYS}, ${VALUES.map(column => `"${column}"::bigint`).join(', ')})), 0)::varchar as digest
    from (${lines})`)
  if (!row) throw new Error('the digest of lines came back empty')
  return row
}

function asStored(column: string): string {
  return `"${column}"::bigint as "${column}"`
}
