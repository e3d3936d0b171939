import { hash } from 'node:crypto'
import { canonicalBody } from '#domain/canonical.ts'
import type { SentEvent } from '#domain/event.ts'

/** Hex digits of the 128 bits that are kept: two bodies out of 10^15 meet by chance with odds of 1 to 10^8. */
const HEX_DIGITS = 32

/** What tells a repeated event from one that reuses its id: 128 bits over the canonical body, in hex. */
export function bodyHashOf(event: SentEvent): string {
  return hash('sha256', canonicalBody(event), 'hex').slice(0, HEX_DIGITS)
}
