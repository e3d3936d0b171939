import { z } from 'zod'
import {
  businessDay,
  currencyCode,
  type Placed,
  parseTableFile,
  type TableShape,
} from '#server/intake/reference/table-file.ts'

const rate = z
  // A number of JSON says what its text says, as long as that is a plain decimal.
  .union([z.string(), z.number().transform(String)])
  .refine(text => /^\d{1,10}(\.\d{1,10})?$/.test(text) && Number(text) > 0, {
    error:
      'must be a decimal above 0, with at most 10 digits before and 10 after its point, such as "0.8571"',
  })

const rateSchema = z
  .strictObject({
    currency: currencyCode(),
    reportingCurrency: currencyCode(),
    validFrom: businessDay(),
    rate,
  })
  .refine(one => one.currency !== one.reportingCurrency, {
    error: 'a currency is worth 1 in itself: it needs no rate',
  })

/** One unit of `currency` is `rate` units of `reportingCurrency` from business day `validFrom` on. */
export type ExchangeRate = z.output<typeof rateSchema>

const RATES: TableShape<ExchangeRate> = {
  noun: 'rate',
  plural: 'rates',
  columns: ['currency', 'reportingCurrency', 'validFrom', 'rate'],
  schema: rateSchema,
  keyOf: one => `${one.currency} → ${one.reportingCurrency} from ${one.validFrom}`,
}

/**
 * Rates as a file gives them, CSV with a header or JSON: one, or a list.
 * @param given its name, for errors, and the currency of rates that name none
 * @throws ReferenceRefusedError naming every fault
 */
export function parseRateFile(
  text: string,
  { file, reportingCurrency }: { file: string; reportingCurrency: string },
): ExchangeRate[] {
  return parseTableFile(text, RATES, { file, defaults: { reportingCurrency } }).map(
    ({ row }: Placed<ExchangeRate>) => row,
  )
}
