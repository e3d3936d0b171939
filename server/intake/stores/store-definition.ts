import { z } from 'zod'
import { isCurrency } from '#domain/currency.ts'

/**
 * Whether a text names an IANA time zone. Offsets such as '+01:00' are refused: a zone has clock changes, and
 * Postgres reads the sign of an offset the other way round.
 */
export function isZone(zone: string): boolean {
  if (!/^[A-Za-z]/.test(zone)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

const text = z
  .string()
  .overwrite(value => value.normalize('NFC'))
  .min(1)
  .max(128)
  .regex(/^\P{Cc}+$/u, { error: 'must not hold control characters' })
  .refine(value => value.trim() === value, { error: 'must not begin or end with a space' })
  .refine(value => value.isWellFormed(), { error: 'holds half a surrogate pair, which cannot be stored' })

/** A store as people write it, in a mapping or for `npm run stores -- add`. */
export const storeSchema = z.strictObject({
  id: text,
  name: text,
  zone: z.string().refine(isZone, {
    error: issue => `${JSON.stringify(issue.input)} is no IANA time zone such as Europe/Berlin`,
  }),
  /** Sales before this hour belong to the day before. */
  cutOverHour: z.int().min(0).max(23).default(0),
  currency: z.string().refine(isCurrency, {
    error: issue =>
      `${JSON.stringify(issue.input)} is no currency of ISO 4217 in which goods are sold, such as EUR`,
  }),
  taxInclusive: z.boolean().default(true),
  channel: z.enum(['pos', 'online']).default('pos'),
  input: z.enum(['live', 'journal']).default('live'),
})

export type StoreDefinition = z.output<typeof storeSchema>
