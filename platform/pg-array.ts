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

/** Between documents: JSON escapes it, so it stands in none. */
const DOCUMENTS_END = '\u001e'

/** JSON documents one after the other, which `documentsOf` takes apart: in an array's literal each of their quotes is escaped. */
export function jsonDocuments<Row>(rows: Iterable<Row>, value: (row: Row) => unknown): string {
  let documents = ''
  for (const row of rows) {
    if (documents !== '') documents += DOCUMENTS_END
    documents += JSON.stringify(value(row)) ?? 'null'
  }
  return documents
}

/** An array of texts for `unnest`. @param parameter "$3", of what `jsonDocuments` wrote; of a single row and more */
export function documentsOf(parameter: string): string {
  return `string_to_array(${parameter}::text, chr(30))`
}

const NEEDS_ESCAPE = /["\\]/
const ESCAPED = /["\\]/g

function quote(value: string): string {
  return NEEDS_ESCAPE.test(value) ? `"${value.replace(ESCAPED, '\\$&')}"` : `"${value}"`
}
