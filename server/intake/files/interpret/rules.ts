import type { Amount } from '#domain/money.ts'
import type { Cells } from './cells.ts'
import type { MappingRule } from './mapping.ts'

export type RowKind = MappingRule['is']

interface RuleInput {
  cells: Cells
  document: string
  /** Throws the fault of the cell when a rule asks for what is no number. */
  units: () => number
  unitPrice: () => Amount
}

export interface CompiledRule {
  kind: RowKind
  /** The rule in words, for the file of what was not loaded. */
  text: string
  fits(input: RuleInput): boolean
}

export function compileRule({ when, is: kind }: MappingRule, columns: readonly string[]): CompiledRule {
  const { documentPrefix, units, unitPrice } = when
  const equals = Object.entries(when.equals ?? {}).map(
    ([column, values]) => [columns.indexOf(column), new Set(values)] as const,
  )
  return {
    kind,
    text: JSON.stringify(when),
    fits: input =>
      (documentPrefix === undefined || input.document.startsWith(documentPrefix)) &&
      equals.every(([place, values]) => values.has(input.cells[place] ?? '')) &&
      (units === undefined || signOf(input.units()) === units) &&
      (unitPrice === undefined || signOf(input.unitPrice()) === unitPrice),
  }
}

function signOf(value: number): 'positive' | 'negative' | 'zero' {
  if (value === 0) return 'zero'
  return value > 0 ? 'positive' : 'negative'
}
