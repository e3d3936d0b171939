import { type Cells, freeText } from './cells.ts'
import type { MappingField } from './mapping.ts'

/** Reads one field's text from a row; empty where there is none. */
export type ReadField = (cells: Cells) => string

/** @param columns of the cells that will be given */
export function compileField(field: MappingField, columns: readonly string[]): ReadField {
  if ('constant' in field) return () => field.constant
  const place = columns.indexOf(field.column)
  if (!('values' in field || 'removePrefix' in field || 'removeSuffix' in field))
    return cells => cells[place] ?? ''
  const { removePrefix, removeSuffix } = field
  const values = new Map(Object.entries(field.values ?? {}))
  return cells => {
    let text = cells[place] ?? ''
    if (removePrefix !== undefined && text.startsWith(removePrefix)) text = text.slice(removePrefix.length)
    if (removeSuffix !== undefined && text.endsWith(removeSuffix)) text = text.slice(0, -removeSuffix.length)
    return values.get(text) ?? text
  }
}

/** The attributes that a row has; null when it has none. */
export function attributesOf(
  attributes: readonly (readonly [string, ReadField])[],
  cells: Cells,
): Record<string, string> | null {
  let found: Record<string, string> | null = null
  for (const [name, read] of attributes) {
    const value = freeText(read(cells))
    if (value === null) continue
    found ??= {}
    found[name] = value
  }
  return found
}
