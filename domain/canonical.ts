import { hash } from 'node:crypto'
import type { SentEvent } from './event.ts'
import { parseInstant } from './instant.ts'
import { parseAmount } from './money.ts'

const MONEY_FIELDS = new Set([
  'unitPrice',
  'discount',
  'tax',
  'refund',
  'cost',
  'unitCost',
  'amount',
  'net',
  'openingFloat',
  'countedCash',
  'price',
])
// From and to may be a business day, which stays as it is.
const INSTANT_FIELDS = new Set(['eventTime', 'expectedAt', 'from', 'to'])

// Text that JSON writes as it stands, between quotes: nearly all there is, at a fifth of the cost.
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

/**
 * The sender's fields in canonical form: keys sorted, decimals and instants normalised, absent fields
 * left out, nothing derived. Two bodies that mean the same give the same text; it is what the body hash
 * is taken over. Line order is kept: it is part of what the sender said.
 */
export function canonicalBody(event: SentEvent): string {
  return canonicalFields(event)
}

/** Hex digits of the 128 bits that are kept: two bodies out of 10^15 meet by chance with odds of 1 to 10^8. */
const HEX_DIGITS = 32

/** What tells a repeated event from one that reuses its id: 128 bits over the canonical body, in hex. */
export function bodyHashOf(event: SentEvent): string {
  return hash('sha256', canonicalBody(event), 'hex').slice(0, HEX_DIGITS)
}

function canonicalFields(entries: object): string {
  let text = '{'
  for (const field of sortedFieldsOf(entries)) {
    const value = entries[field.name as keyof typeof entries] as unknown
    if (value === undefined) continue
    text += text === '{' ? field.label : `,${field.label}`
    text += canonicalValue(value, field)
  }
  return `${text}}`
}

function canonicalValue(value: unknown, field: Field): string {
  if (typeof value === 'string') {
    if (field.kind === 'money') return String(parseAmount(value))
    if (field.kind === 'instant') return String(parseInstant(value) ?? quote(value))
    return quote(value)
  }
  if (Array.isArray(value)) return `[${value.map(canonicalFields).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return field.name === 'attributes' ? canonicalAttributes(value) : canonicalFields(value)
}

/** Attributes are text under names of the sender's choice: none of them is money or a time. */
function canonicalAttributes(attributes: object): string {
  const entries = Object.entries(attributes).sort(([left], [right]) => (left < right ? -1 : 1))
  return `{${entries.map(([name, value]) => `${quote(name)}:${quote(String(value))}`).join(',')}}`
}

function quote(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text)
}

interface Field {
  name: string
  /** The key as it is written, with its colon. */
  label: string
  kind: 'money' | 'instant' | 'other'
}

interface Shape {
  /** Keys as the object has them. */
  names: readonly string[]
  /** Those keys sorted. */
  fields: readonly Field[]
}

// Objects come out of the schema with their keys in its order, so that few shapes occur: sorting each
// shape once, not each object, halved the cost of an event. By number of keys; compared key by key, which are
// the same strings, so that nothing is made to look one up.
const shapes: Shape[][] = []

function sortedFieldsOf(entries: object): readonly Field[] {
  const names = Object.keys(entries)
  const alike = shapes[names.length] ?? []
  shapes[names.length] = alike
  const known = alike.find(shape => shape.names.every((name, index) => name === names[index]))
  if (known) return known.fields
  const fields = names.toSorted().map(
    (name): Field => ({
      name,
      label: `${JSON.stringify(name)}:`,
      kind: MONEY_FIELDS.has(name) ? 'money' : INSTANT_FIELDS.has(name) ? 'instant' : 'other',
    }),
  )
  alike.push({ names, fields })
  return fields
}
