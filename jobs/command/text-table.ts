/** Rows as lines of aligned columns, titles first. Columns of numbers are right-aligned. */
export function textTable(
  titles: readonly string[],
  rows: readonly (readonly (string | number | null)[])[],
): string {
  const cells = rows.map(row => row.map(cell => (cell === null ? '' : String(cell))))
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...cells.map(row => row[column]?.length ?? 0)),
  )
  const isNumeric = titles.map(
    (_, column) =>
      rows.length > 0 && rows.every(row => typeof row[column] === 'number' || row[column] === null),
  )
  return [titles, ...cells]
    .map(row =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0
          return isNumeric[column] ? cell.padStart(width) : cell.padEnd(width)
        })
        .join('  ')
        .trimEnd(),
    )
    .map(line => `${line}\n`)
    .join('')
}
