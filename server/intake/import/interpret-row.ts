import { instantOfLocalTime } from '#domain/business-day.ts'
import type { Store } from '#domain/enrich.ts'
import { type Instant, parseInstant } from '#domain/instant.ts'
import type { Amount } from '#domain/money.ts'
import { compileDecimal, toAmount, toUnits } from './decimal.ts'
import { columnsOf, type Mapping, type MappingField, type MappingRule } from './mapping.ts'
import { compileTimeFormat, ISO } from './time-format.ts'

export type RowKind = MappingRule['is']

/** A row that became part of a document. Units are signed as the file has them. */
export interface DocumentRow {
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

/** Longest document number: an event's id adds '#adjust' or '#return' to it. */
const MAX_DOCUMENT = 120
const MAX_IDENTIFIER = 128
const MAX_REASON = 256

export interface RowInterpreter {
  /** The columns it reads; `interpret` takes their cells in this order. */
  columns: readonly string[]
  /** @param problem why the row could not be read whole, if it could not */
  interpret(cells: readonly (string | undefined)[], problem: string | null): Interpretation
}

/** Compiles a mapping into a reader of rows. Pure but for a cache of times. */
export function compileMapping(mapping: Mapping, stores: ReadonlyMap<string, Store>): RowInterpreter {
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
    if (!rule) throw new Fault('no_rule', explainNoRule(documentId, unitsText, priceText))
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
        if (problem !== null) throw new Fault('invalid_row', problem)
        refuseUnstorable(cells)
        return interpret(cells)
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        return {
          kind: 'bad',
          store: findable(store(cells)),
          document: findable(document(cells)),
          reason: error.reason,
          detail: error.message,
        }
      }
    },
  }
}

type Cells = readonly (string | undefined)[]
type ReadField = (cells: Cells) => string

/** What is wrong with a row. */
class Fault extends Error {
  readonly reason: string
  constructor(reason: string, detail: string) {
    super(detail)
    this.reason = reason
  }
}

function compileField(field: MappingField, columns: readonly string[]): ReadField {
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

function lazily<Value>(compute: () => Value): () => Value {
  let value: { known: Value } | undefined
  return () => {
    value ??= { known: compute() }
    return value.known
  }
}

/** Most times that are remembered: the lines of a document, and of many at one till, share theirs. */
const MAX_REMEMBERED_TIMES = 20_000

type RowTime = { instant: Instant; irregular: 'ambiguous' | 'missing' | null }

function compileTime(mapping: Mapping): (text: string, store: Store) => RowTime {
  if (mapping.timeFormat === ISO) {
    return text => {
      const instant = parseInstant(text)
      if (instant === null) throw invalidTime(text, ISO)
      return { instant, irregular: null }
    }
  }
  const readLocal = compileTimeFormat(mapping.timeFormat)
  // Temporal takes tens of microseconds a conversion, and a file of 1 GB has ten million rows.
  const known = new Map<string, RowTime>()
  return (text, store) => {
    const zone = mapping.zone ?? store.zone
    const key = `${zone} ${text}`
    const remembered = known.get(key)
    if (remembered) return remembered
    const local = readLocal(text)
    if (local === null) throw invalidTime(text, mapping.timeFormat)
    const time = instantOfLocalTime(local, zone)
    if (known.size >= MAX_REMEMBERED_TIMES) known.clear()
    known.set(key, time)
    return time
  }
}

function invalidTime(text: string, format: string): Fault {
  return new Fault('invalid_field', `time: ${quote(text)} is no time of the format ${format}`)
}

function wholeNumber(field: string, decimal: string | null, text: string): number {
  const units = decimal === null ? null : toUnits(decimal)
  if (units === null) throw new Fault('invalid_field', `${field}: ${quote(text)} is no whole number`)
  return units
}

function money(field: string, decimal: string | null, text: string): Amount {
  const amount = decimal === null ? null : toAmount(decimal)
  if (amount === null) {
    throw new Fault('invalid_field', `${field}: ${quote(text)} is no decimal with at most four decimals`)
  }
  return amount
}

function optionalMoney(field: string, text: string, decimal: (text: string) => string | null): Amount | null {
  if (text === '') return null
  const amount = money(field, decimal(text), text)
  if (amount < 0) throw new Fault('invalid_field', `${field}: ${quote(text)} must not be negative`)
  return amount
}

const CONTROL = /\p{Cc}/u

function identifier(field: string, text: string, max: number): string {
  if (text === '') throw new Fault('invalid_field', `${field}: the cell is empty`)
  if (text.length > max) {
    throw new Fault('invalid_field', `${field}: ${quote(text)} is longer than ${max} characters`)
  }
  if (CONTROL.test(text))
    throw new Fault('invalid_field', `${field}: ${quote(text)} holds control characters`)
  return text
}

function optional(field: string, text: string): string | null {
  return text === '' ? null : identifier(field, text, MAX_IDENTIFIER)
}

/** Text for people: line breaks in it become spaces. */
function freeText(text: string): string | null {
  const plain = (CONTROL.test(text) ? text.replace(/\p{Cc}+/gu, ' ').trim() : text).slice(0, MAX_REASON)
  return plain === '' ? null : plain.toWellFormed()
}

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

function findStore(stores: ReadonlyMap<string, Store>, id: string): Store {
  const store = stores.get(id)
  if (store) return store
  throw new Fault(
    'unknown_store',
    `store ${quote(id)} is not known: add it with 'npm run stores -- add FILE', or let the mapping bring it`,
  )
}

function refuseSign({ kind, units, unitPrice }: DocumentRow): void {
  if (kind === 'order' && units <= 0)
    throw new Fault('invalid_field', `units: ${units} in an order, must be above 0`)
  if (kind === 'return' && units === 0) throw new Fault('invalid_field', 'units: 0 in a return')
  if (kind !== 'stock-adjustment' && unitPrice < 0) {
    throw new Fault('invalid_field', 'unitPrice: is negative')
  }
}

/** NUL cannot be stored; U+FFFD stands where the file's bytes were no text in its encoding. */
function refuseUnstorable(cells: Cells): void {
  for (const cell of cells) {
    if (cell?.includes('\u0000')) throw new Fault('unstorable_text', `${quote(cell)} holds a NUL character`)
    if (cell?.includes('\ufffd')) {
      throw new Fault('unstorable_text', `${quote(cell)} holds bytes that are no text in the file's encoding`)
    }
  }
}

function explainNoRule(document: string, units: string, unitPrice: string): string {
  return `no rule of the mapping says what document ${quote(document)} with ${quote(units)} units at ${quote(unitPrice)} is`
}

/** The id by which the other rows of a bad row's document are found. */
function findable(text: string): string | null {
  return text === '' || text.length > MAX_IDENTIFIER || CONTROL.test(text) || text.includes('\ufffd')
    ? null
    : text
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text)
}
