import { z } from 'zod'
import type { Reading } from '#db/transaction.ts'
import { BUSINESS_DAY_RULE, isBusinessDay } from '#domain/calendar.ts'
import { DAY_MS } from '#domain/instant.ts'

/** Longest range one answer covers: a year of days, leap day included. */
export const MAX_SCOPE_DAYS = 366
const MAX_STORES = 1_000

export const businessDaySchema = z.string().refine(isBusinessDay, {
  error: issue => `${JSON.stringify(issue.input).slice(0, 40)} is not ${BUSINESS_DAY_RULE}`,
})

export const storesSchema = z
  .array(z.string().min(1).max(128))
  .max(MAX_STORES, { error: `at most ${MAX_STORES} stores; leave the list empty for all` })
  .default([])

export const currencySchema = z
  .string()
  .regex(/^[A-Z]{3}$/, { error: 'must be a three-letter currency code such as EUR' })

/** What a side-by-side question is about. `stores` empty: all of them. Both days are included. */
export const scopeSchema = z
  .strictObject({
    from: businessDaySchema,
    to: businessDaySchema,
    stores: storesSchema,
    currency: currencySchema,
  })
  .superRefine(({ from, to }, context) => {
    const days = daysBetween(from, to)
    if (days < 1) {
      context.addIssue({ code: 'custom', path: ['to'], message: `"to" (${to}) lies before "from" (${from})` })
    }
    if (days > MAX_SCOPE_DAYS) {
      context.addIssue({
        code: 'custom',
        path: ['to'],
        message: `${from} to ${to} are ${days} days: ask for ${MAX_SCOPE_DAYS} at most`,
      })
    }
  })

export type SideBySideScope = z.output<typeof scopeSchema>

/** Number of days from one day to another, both included. */
export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY_MS) + 1
}

/** Restricts a column to the stores of a scope; none named means all. Goes behind another condition. */
export function inStores(reading: Reading, { stores }: { stores: readonly string[] }, column: string) {
  return stores.length > 0 ? reading`and ${reading(column)} = any(${[...stores]})` : reading``
}

/** Text as a pattern of `ilike` that finds it anywhere: its own wildcards are letters. */
export function likePattern(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`
}
