import type { Instant } from '#domain/instant.ts'
import { type Amount, formatAmount } from '#domain/money.ts'
import type { Store } from '#domain/store.ts'
import {
  type Cells,
  compileDecimal,
  findable,
  freeText,
  identifier,
  MAX_IDENTIFIER,
  optional,
  optionalMoney,
  quote,
  RowFault,
  refuseUnstorable,
  signedMoney,
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
  /** Only the day is known; `eventTime` is the middle of that business day. */
  dateOnly: boolean
  irregular: 'ambiguous' | 'missing' | null
  sku: string
  units: number
  /** One of the two is there: the price of one unit, or the gross of the line. Both signed as the file has them. */
  unitPrice: Amount | null
  amount: Amount | null
  discount: Amount | null
  tax: Amount | null
  currency: string | null
  customer: string | null
  tender: string | null
  register: string | null
  channel: 'pos' | 'online' | null
  productName: string | null
  reason: string | null
  attributes: Record<string, string> | null
}

/** What a row means under a mapping. A bad row names its document where it can: that is set back with it. */
export type Interpretation =
  | DocumentRow
  | SetAsideRow
  | { kind: 'bad'; store: string | null; document: string | null; reason: string; detail: string }

interface SetAsideRow {
  kind: 'set-aside'
  store: string | null
  document: string
  /** What goes with it: nothing, its whole document, or (null) the mapping does not say. */
  scope: 'row' | 'document' | null
  rule: string
}

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
  const document = compileDocument(fields.document, read)
  const timeFields = Array.isArray(fields.time) ? fields.time.map(read) : [read(fields.time)]
  const sku = read(fields.sku)
  const units = read(fields.units)
  const unitPrice = readOptional(fields.unitPrice)
  const amount = readOptional(fields.amount)
  const discount = readOptional(fields.discount)
  const tax = readOptional(fields.tax)
  const currency = readOptional(fields.currency)
  const customer = readOptional(fields.customer)
  const tender = readOptional(fields.tender)
  const register = readOptional(fields.register)
  const channel = readOptional(fields.channel)
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

  function interpret(cells: Cells): DocumentRow | SetAsideRow {
    const documentId = identifier('document', document(cells), MAX_DOCUMENT)
    const unitsText = units(cells)
    const priceText = unitPrice(cells)
    const amountText = amount(cells)
    const rowUnits = lazily(() => wholeNumber('units', decimal(unitsText), unitsText))
    const rowPrice = lazily(() => signedMoney('unitPrice', priceText, decimal))
    const rowAmount = lazily(() => signedMoney('amount', amountText, decimal))
    const rule = rules.find(candidate =>
      candidate.fits({
        cells,
        document: documentId,
        units: rowUnits,
        unitPrice: () => present('unitPrice', rowPrice()),
        amount: () => present('amount', rowAmount()),
      }),
    )
    if (!rule) throw new RowFault('no_rule', explainNoRule(documentId, unitsText, amountText || priceText))
    if (rule.kind === 'set-aside') {
      // With its document it takes rows of that store only, so it has to say which.
      const ofStore = rule.scope === 'document' ? identifier('store', store(cells), MAX_IDENTIFIER) : null
      return {
        kind: 'set-aside',
        store: ofStore ?? findable(store(cells)),
        document: documentId,
        scope: rule.scope,
        rule: rule.text,
      }
    }
    const knownStore = findStore(stores, identifier('store', store(cells), MAX_IDENTIFIER))
    const time = readTime(timeFields.map(field => field(cells)).join(' '), knownStore)
    const row: DocumentRow = {
      kind: rule.kind,
      store: knownStore.id,
      document: documentId,
      eventTime: time.instant,
      dateOnly: time.dateOnly,
      irregular: time.irregular,
      sku: identifier('sku', sku(cells), MAX_IDENTIFIER),
      units: rowUnits(),
      ...worthOf(
        { unitPrice: rowPrice(), amount: rowAmount() },
        {
          units: rowUnits(),
          decimals: priceText.split(mapping.decimal)[1]?.length ?? 0,
        },
      ),
      discount: optionalMoney('discount', discount(cells), decimal),
      tax: optionalMoney('tax', tax(cells), decimal),
      currency: optional('currency', currency(cells)),
      customer: optional('customer', customer(cells)),
      tender: optional('tender', tender(cells)),
      register: optional('register', register(cells)),
      channel: channelOf(channel(cells)),
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

/** What tells several columns of a document's number apart: hardly a till prints it. */
const PART_SEPARATOR = '|'

/**
 * A document's number, of one column or of several. Several are joined so that no two different rows of cells give
 * the same: '1' and '12' are another document than '11' and '2'. Of those none may be empty.
 */
function compileDocument(
  field: RowMapping['columns']['document'],
  read: (field: MappingField) => ReadField,
): ReadField {
  if (!Array.isArray(field)) return read(field)
  const parts = field.map(read)
  return cells => {
    const texts = parts.map(part => part(cells))
    if (texts.some(text => text === '')) return ''
    return texts.map(text => text.replace(/[\\|]/g, String.raw`\$&`)).join(PART_SEPARATOR)
  }
}

function present(field: string, amount: Amount | null): Amount {
  if (amount === null) throw new RowFault('invalid_field', `${field}: the cell is empty`)
  return amount
}

function channelOf(text: string): DocumentRow['channel'] {
  if (text === '') return null
  if (text === 'pos' || text === 'online') return text
  throw new RowFault('invalid_field', `channel: ${quote(text)} is neither pos nor online`)
}

/**
 * What a line is worth: its amount where the row states one, else its unit price. A row that states both must mean
 * the same by them, to the last digit that the unit price prints: 3 at 3.33 may be 10.00, but not 12.00.
 */
function worthOf(
  { unitPrice, amount }: { unitPrice: Amount | null; amount: Amount | null },
  { units, decimals }: { units: number; decimals: number },
): Pick<DocumentRow, 'unitPrice' | 'amount'> {
  if (amount === null) {
    if (unitPrice === null)
      throw new RowFault('invalid_field', 'unitPrice: the cell is empty, and no amount stands in its place')
    return { unitPrice, amount: null }
  }
  if (unitPrice !== null) {
    const lastDigit = 10 ** (4 - Math.min(4, decimals))
    const apart = Math.abs(Math.abs(units * unitPrice) - Math.abs(amount))
    if (apart > Math.abs(units) * lastDigit) {
      throw new RowFault(
        'invalid_field',
        `amount: ${formatAmount(amount)} is not what ${units} units at ${formatAmount(unitPrice)} come to: put right the one that is wrong, or let the mapping read only one of them`,
      )
    }
  }
  return { unitPrice: null, amount }
}

function refuseSign({ kind, units, unitPrice, amount }: DocumentRow): void {
  if (kind === 'order' && units <= 0)
    throw new RowFault('invalid_field', `units: ${units} in an order, must be above 0`)
  if (kind === 'return' && units === 0) throw new RowFault('invalid_field', 'units: 0 in a return')
  if (kind !== 'stock-adjustment' && unitPrice !== null && unitPrice < 0) {
    throw new RowFault('invalid_field', 'unitPrice: is negative')
  }
  if (kind === 'order' && amount !== null && amount < 0) {
    throw new RowFault('invalid_field', 'amount: is negative in an order')
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
  amount: () => Amount
}

interface CompiledRule {
  kind: RowKind
  scope: 'row' | 'document' | null
  /** The rule in words, for the file of what was not loaded. */
  text: string
  fits(input: RuleInput): boolean
}

function compileRule({ when, is: kind, scope }: MappingRule, columns: readonly string[]): CompiledRule {
  const { documentPrefix, units, unitPrice, amount } = when
  const equals = Object.entries(when.equals ?? {}).map(
    ([column, values]) =>
      [columns.indexOf(column), new Set(values.map(value => value.normalize('NFC')))] as const,
  )
  return {
    kind,
    scope: scope ?? null,
    text: JSON.stringify(when),
    fits: input =>
      (documentPrefix === undefined || input.document.startsWith(documentPrefix)) &&
      equals.every(([place, values]) => values.has(textAt(input.cells, place))) &&
      (units === undefined || signOf(input.units()) === units) &&
      (unitPrice === undefined || signOf(input.unitPrice()) === unitPrice) &&
      (amount === undefined || signOf(input.amount()) === amount),
  }
}

function signOf(value: number): 'positive' | 'negative' | 'zero' {
  if (value === 0) return 'zero'
  return value > 0 ? 'positive' : 'negative'
}
