import { z } from 'zod'
import { storesSchema } from '#server/serving/scope.ts'

/** What both lists of the restock page can be narrowed to. */
export const restockScopeSchema = z.strictObject({
  stores: storesSchema,
  /** Empty: all. */
  rules: z
    .array(z.enum(['oversold', 'out_of_stock', 'low_stock']))
    .max(3)
    .default([]),
  /** Id; null for all. */
  supplier: z.string().min(1).max(128).nullish(),
})

export type RestockScope = z.output<typeof restockScopeSchema>
