import { CLOCK_CHANGE_EXAMPLES, SALES_EXAMPLES } from './sales-examples.ts'
import { STOCK_EXAMPLES } from './stock-examples.ts'
import type { WorkedExample } from './worked-example.ts'

/** Every worked example; the tests of the domain and of both paths run all of them. */
export const WORKED_EXAMPLES: readonly WorkedExample[] = [
  ...SALES_EXAMPLES,
  ...CLOCK_CHANGE_EXAMPLES,
  ...STOCK_EXAMPLES,
]
