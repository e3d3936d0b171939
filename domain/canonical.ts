import type { SentEvent } from './event.ts'
import { parseInstant } from './instant.ts'
import { parseAmount } from './money.ts'

const MONEY_FIELDS = new Set(['unitPrice', 'discount', 'tax', 'refund', 'unitCost', 'amount', 'net'])
const INSTANT_FIELDS = new Set(['eventTime', 'expectedAt'])

/**
 * The sender's fields in canonical form: keys sorted, decimals and instants normalised, absent fields
 * left out, nothing derived. Two bodies that mean the same give the same text; it is what the body hash
 * is taken over. Line order is kept: it is part of what the sender said.
 */
export function canonicalBody(event: SentEvent): string {
  return canonical(event, null)
}

function canonical(value: unknown, field: string | null): string {
  if (Array.isArray(value)) return `[${value.map(entry => canonical(entry, null)).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const entries = value as Record<string, unknown>
    const isAttributes = field === 'attributes'
    let text = '{'
    for (const key of Object.keys(entries).sort()) {
      const entry = entries[key]
      if (entry === undefined) continue
      text += `${text === '{' ? '' : ','}${JSON.stringify(key)}:${canonical(entry, isAttributes ? null : key)}`
    }
    return `${text}}`
  }
  if (typeof value === 'string' && field !== null) {
    if (MONEY_FIELDS.has(field)) return String(parseAmount(value))
    if (INSTANT_FIELDS.has(field)) return String(parseInstant(value))
  }
  return JSON.stringify(value)
}
