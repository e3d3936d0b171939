import { z } from 'zod'
import { isBusinessDay } from '#domain/calendar.ts'
import { messageOf } from '#platform/command.ts'
import { createCsvScanner } from '#server/intake/files/read/csv-scanner.ts'

/** Rates that cannot be taken. The message says which, why, and what to do. */
export class RateRefusedError extends Error {
  override readonly name = 'RateRefusedError'
}

const currency = z.string().regex(/^[A-Z]{3}$/, { error: 'must be a three-letter currency code such as EUR' })

const rate = z
  // A number of JSON says what its text says, as long as that is a plain decimal.
  .union([z.string(), z.number().transform(String)])
  .refine(text => /^\d{1,10}(\.\d{1,10})?$/.test(text) && Number(text) > 0, {
    error:
      'must be a decimal above 0, with at most 10 digits before and 10 after its point, such as "0.8571"',
  })

const rateSchema = z
  .strictObject({
    currency,
    reportingCurrency: currency,
    validFrom: z.string().refine(day => isBusinessDay(day) && day >= '1900-01-01' && day <= '2199-12-31', {
      error: 'must be a date YYYY-MM-DD that exists, from 1900 to 2199',
    }),
    rate,
  })
  .refine(one => one.currency !== one.reportingCurrency, {
    error: 'a currency is worth 1 in itself: it needs no rate',
  })

/** One unit of `currency` is `rate` units of `reportingCurrency` from business day `validFrom` on. */
export type ExchangeRate = z.output<typeof rateSchema>

/**
 * Rates as a file gives them, CSV with a header or JSON: one, or a list.
 * @param given its name, for errors, and the currency of rates that name none
 * @throws RateRefusedError naming every fault
 */
export function parseRateFile(
  text: string,
  given: { file: string; reportingCurrency: string },
): ExchangeRate[] {
  const plain = text.replace(/^\uFEFF/, '').trim()
  const rows = /^[[{]/.test(plain) ? jsonRows(plain, given.file) : csvRows(plain, given.file)
  if (rows.length === 0) throw new RateRefusedError(`${given.file} holds no rates (--help shows one).`)
  const rates: ExchangeRate[] = []
  const faults: string[] = []
  const seen = new Map<string, string>()
  for (const { place, value } of rows) {
    const parsed = rateSchema.safeParse(withDefault(value, given.reportingCurrency))
    if (!parsed.success) {
      faults.push(
        ...parsed.error.issues.map(issue => `  ${[place, ...issue.path].join(', ')}: ${issue.message}`),
      )
      continue
    }
    const key = `${parsed.data.currency} → ${parsed.data.reportingCurrency} from ${parsed.data.validFrom}`
    const other = seen.get(key)
    if (other !== undefined) faults.push(`  ${place}: ${key} stands in ${other} already`)
    seen.set(key, place)
    rates.push(parsed.data)
  }
  if (faults.length > 0) {
    const shown = faults.length > 20 ? [...faults.slice(0, 20), `  and ${faults.length - 20} more`] : faults
    throw new RateRefusedError(`${given.file} was not taken, nothing of it:\n${shown.join('\n')}`)
  }
  return rates
}

interface Row {
  /** Where it stands, for errors. */
  place: string
  value: unknown
}

function jsonRows(text: string, file: string): Row[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new RateRefusedError(`${file} cannot be read as JSON: ${messageOf(cause)}`, { cause })
  }
  const list: unknown[] = Array.isArray(value) ? value : [value]
  return list.map((one, index) => ({ place: `rate ${index + 1}`, value: one }))
}

/** Column names as in JSON, or as in SQL. */
const COLUMNS: Readonly<Record<string, string>> = {
  currency: 'currency',
  reportingcurrency: 'reportingCurrency',
  validfrom: 'validFrom',
  rate: 'rate',
}

function csvRows(text: string, file: string): Row[] {
  const delimiter = (text.split('\n', 1)[0] ?? '').includes(';') ? ';' : ','
  const [header, ...records] = createCsvScanner(delimiter).scan(text, true)
  if (!header || text === '') return []
  const columns = header.fields.map(field => COLUMNS[field.trim().toLowerCase().replaceAll('_', '')])
  const unknown = header.fields.filter((_, index) => columns[index] === undefined)
  if (unknown.length > 0) {
    throw new RateRefusedError(
      `${file}: unknown column ${JSON.stringify(unknown[0])}. Columns: currency, reportingCurrency, validFrom, rate.`,
    )
  }
  return records
    .filter(({ raw }) => raw.trim() !== '')
    .map(({ fields, line, problem }) => {
      const place = `line ${line}`
      if (problem !== null) throw new RateRefusedError(`${file}, ${place}: ${problem}`)
      if (fields.length !== columns.length) {
        throw new RateRefusedError(
          `${file}, ${place}: ${fields.length} fields, where the header has ${columns.length}`,
        )
      }
      const cells = fields.map((field, index) => [columns[index], field.trim()] as const)
      return { place, value: Object.fromEntries(cells.filter(([, cell]) => cell !== '')) }
    })
}

function withDefault(value: unknown, reportingCurrency: string): unknown {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? { reportingCurrency, ...value }
    : value
}
