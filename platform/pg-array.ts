// Arrays as Postgres reads them from text. One literal a column is the cheapest way to send many rows: the driver
// would serialise an array of values element by element (decision 001).

/** An array literal of texts, each quoted: identifiers may hold commas, braces and quotes. */
export function textArray<Row>(rows: Iterable<Row>, value: (row: Row) => string | number | null): string {
  let literal = '{'
  for (const row of rows) {
    const given = value(row)
    if (literal.length > 1) literal += ','
    literal += given === null ? 'NULL' : quote(String(given))
  }
  return `${literal}}`
}

/** An array literal of numbers or dates, which need no quotes. */
export function plainArray<Row>(
  rows: Iterable<Row>,
  value: (row: Row) => string | number | bigint | null,
): string {
  let literal = '{'
  for (const row of rows) {
    if (literal.length > 1) literal += ','
    literal += value(row) ?? 'NULL'
  }
  return `${literal}}`
}

const NEEDS_ESCAPE = /["\\]/
const ESCAPED = /["\\]/g

function quote(value: string): string {
  return NEEDS_ESCAPE.test(value) ? `"${value.replace(ESCAPED, '\\$&')}"` : `"${value}"`
}
