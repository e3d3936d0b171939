import type { Instant } from '#domain/instant.ts'
import type { Amount } from '#domain/money.ts'
import type { Store } from '#domain/store.ts'
import {
  type Cells,
  compileDecimal,
  findable,
  freeText,
  identifier,
  MAX_IDENTIFIER,
  money,
  optional,
  optionalMoney,
  quote,
  RowFault,
  refuseUnstorable,
  wholeNumber,
} from './cells.ts'
import { columnsOf, type MappingField, type MappingRule, type RowMapping } from './mapping.ts'
import { compileTime } from './time-format.ts'

/** A row that became part of a document. Units are signed as the file has them. */
interface DocumentRow {
  kind: Exclude<RowKind, 'set-aside'>
  store: string
  document: string
  eventTime: Instant
  irregular: 'ambiguous' | 'missing' | null
  sku: string
  units: number
  unitPrice: Amount
  discount: Amount | null
  tax: Amount | null
  currency: string | null
  customer: string | null
  tender: string | null
  register: string | null
  productName: string | null
  reason: string | null
  attributes: Record<string, string> | null
}

/** What a row means under a mapping. A bad row names its document where it can: that is set back with it. */
export type Interpretation =
  | DocumentRow
  | { kind: 'set-aside'; rule: string }
  | { kind: 'bad'; store: string | null; document: string | null; reason: string; detail: string }

/** Longest document number: the id of an order taken back adds '#return' to it. */
const MAX_DOCUMENT = 120

interface RowInterpreter {
  /** The columns it reads; `interpret` takes their cells in this order. */
  columns: readonly string[]
  /** @param problem why the row could not be read whole, if it could not */
  interpret(cells: readonly (string | undefined)[], problem: string | null): Interpretation
}

/** Compiles a mapping into a reader of rows. Pure but for a cache of times. */
export function compileMapping(mapping: RowMapping, stores: ReadonlyMap<string, Store>): RowInterpreter {
  const columns = columnsOf(mapping)
  const read = (field: MappingField): ReadField => compileField(field, columns)
  const readOptional = (field: MappingField | undefined): ReadField => (field ? read(field) : () => '')
  const { columns: fields } = mapping
  const store = read(fields.store)
  const document = read(fields.document)
  const timeFields = Array.isArray(fields.time) ? fields.time.map(read) : [read(fields.time)]
  const sku = read(fields.sku)
  const units = read(fields.units)
  const unitPrice = read(fields.unitPrice)
  const discount = readOptional(fields.discount)
  const tax = readOptional(fields.tax)
  const currency = readOptional(fields.currency)
  const customer = readOptional(fields.customer)
  const tender = readOptional(fields.tender)
  const register = readOptional(fields.register)
  const productName = readOptional(fields.productName)
  const reasons = {
    order: () => '',
    return: readOptional(fields.returnReason),
    'stock-adjustment': readOptional(fields.adjustmentReason),
  }
  const attributes = Object.entries(mapping.attributes).map(([name, field]) => [name, read(field)] as const)
  const rules = mapping.rules.map(rule => compileRule(rule, columns))
  const decimal = compileDecimal({ decimal: mapping.decimal, thousands: mapping.thousands })
  const readTime = compileTime(mapping)

  function interpret(cells: Cells): DocumentRow | { kind: 'set-aside'; rule: string } {
    const documentId = identifier('document', document(cells), MAX_DOCUMENT)
    const unitsText = units(cells)
    const priceText = unitPrice(cells)
    const rowUnits = lazily(() => wholeNumber('units', decimal(unitsText), unitsText))
    const rowPrice = lazily(() => money('unitPrice', decimal(priceText), priceText))
    const rule = rules.find(candidate =>
      candidate.fits({ cells, document: documentId, units: rowUnits, unitPrice: rowPrice }),
    )
    if (!rule) throw new RowFault('no_rule', explainNoRule(documentId, unitsText, priceText))
    if (rule.kind === 'set-aside') return { kind: 'set-aside', rule: rule.text }
    const knownStore = findStore(stores, identifier('store', store(cells), MAX_IDENTIFIER))
    const time = readTime(timeFields.map(field => field(cells)).join(' '), knownStore)
    const row: DocumentRow = {
      kind: rule.kind,
      store: knownStore.id,
      document: documentId,
      eventTime: time.instant,
      irregular: time.irregular,
      sku: identifier('sku', sku(cells), MAX_IDENTIFIER),
      units: rowUnits(),
      unitPrice: rowPrice(),
      discount: optionalMoney('discount', discount(cells), decimal),
      tax: optionalMoney('tax', tax(cells), decimal),
      currency: optional('currency', currency(cells)),
      customer: optional('customer', customer(cells)),
      tender: optional('tender', tender(cells)),
      register: optional('register', register(cells)),
      productName: freeText(productName(cells)),
      reason: freeText(reasons[rule.kind](cells)),
      attributes: attributesOf(attributes, cells),
    }
    refuseSign(row)
    return row
  }

  return {
    columns,
    interpret(cells, problem) {
      try {
        if (problem !== null) throw new RowFault('invalid_row', problem)
        refuseUnstorable(cells)
        return interpret(cells)
      } catch (error) {
        if (!(error instanceof RowFault)) throw error
        return {
          kind: 'bad',
          // A store that nobody knows may be a slip of the pen: then any document of that number waits.
          store: error.reason === 'unknown_store' ? null : findable(store(cells)),
          document: findable(document(cells)),
          reason: error.reason,
          detail: error.message,
        }
      }
    },
  }
}

function lazily<Value>(compute: () => Value): () => Value {
  let value: { known: Value } | undefined
  return () => {
    value ??= { known: compute() }
    return value.known
  }
}

function findStore(stores: ReadonlyMap<string, Store>, id: string): Store {
  const store = stores.get(id)
  if (store) return store
  throw new RowFault(
    'unknown_store',
    `store ${quote(id)} is not known: add it with 'npm run stores -- add FILE', or let the mapping bring it`,
  )
}

function refuseSign({ kind, units, unitPrice }: DocumentRow): void {
  if (kind === 'order' && units <= 0)
    throw new RowFault('invalid_field', `units: ${units} in an order, must be above 0`)
  if (kind === 'return' && units === 0) throw new RowFault('invalid_field', 'units: 0 in a return')
  if (kind !== 'stock-adjustment' && unitPrice < 0) {
    throw new RowFault('invalid_field', 'unitPrice: is negative')
  }
}

function explainNoRule(document: string, units: string, unitPrice: string): string {
  return `no rule of the mapping says what document ${quote(document)} with ${quote(units)} units at ${quote(unitPrice)} is`
}

/** Reads one field's text from a row; empty where there is none. */
type ReadField = (cells: Cells) => string

/** In the one spelling that the log keeps: rows are brought together by it. */
function textAt(cells: Cells, place: number): string {
  return (cells[place] ?? '').normalize('NFC')
}

/** @param columns of the cells that will be given */
function compileField(field: MappingField, columns: readonly string[]): ReadField {
  if ('constant' in field) return () => field.constant
  const place = columns.indexOf(field.column)
  if (!('values' in field || 'removePrefix' in field || 'removeSuffix' in field))
    return cells => textAt(cells, place)
  const { removePrefix, removeSuffix } = field
  const values = new Map(
    Object.entries(field.values ?? {}).map(([cell, text]) => [cell.normalize('NFC'), text]),
  )
  return cells => {
    let text = textAt(cells, place)
    if (removePrefix !== undefined && text.startsWith(removePrefix)) text = text.slice(removePrefix.length)
    if (removeSuffix !== undefined && text.endsWith(removeSuffix)) text = text.slice(0, -removeSuffix.length)
    return values.get(text) ?? text
  }
}

/** The attributes that a row has; null when it has none. */
function attributesOf(
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

type RowKind = MappingRule['is']

interface RuleInput {
  cells: Cells
  document: string
  /** Throws the fault of the cell when a rule asks for what is no number. */
  units: () => number
  unitPrice: () => Amount
}

interface CompiledRule {
  kind: RowKind
  /** The rule in words, for the file of what was not loaded. */
  text: string
  fits(input: RuleInput): boolean
}

function compileRule({ when, is: kind }: MappingRule, columns: readonly string[]): CompiledRule {
  const { documentPrefix, units, unitPrice } = when
  const equals = Object.entries(when.equals ?? {}).map(
    ([column, values]) =>
      [columns.indexOf(column), new Set(values.map(value => value.normalize('NFC')))] as const,
  )
  return {
    kind,
    text: JSON.stringify(when),
    fits: input =>
      (documentPrefix === undefined || input.document.startsWith(documentPrefix)) &&
      equals.every(([place, values]) => values.has(textAt(input.cells, place))) &&
      (units === undefined || signOf(input.units()) === units) &&
      (unitPrice === undefined || signOf(input.unitPrice()) === unitPrice),
  }
}

function signOf(value: number): 'positive' | 'negative' | 'zero' {
  if (value === 0) return 'zero'
  return value > 0 ? 'positive' : 'negative'
}
