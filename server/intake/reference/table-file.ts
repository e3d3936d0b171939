import { readFile, stat } from 'node:fs/promises'
import { z } from 'zod'
import { isBusinessDay } from '#domain/calendar.ts'
import { messageOf } from '#platform/command.ts'
import { createCsvScanner } from '#server/intake/files/read/csv-scanner.ts'

/** Reference data that cannot be taken. The message says which, why, and what to do. */
export class ReferenceRefusedError extends Error {
  override readonly name = 'ReferenceRefusedError'
}

/** What a file of reference data holds: a row is a line of CSV, or an object of JSON. */
export interface TableShape<Row> {
  /** 'rate', 'policy' */
  noun: string
  /** 'rates', 'policies' */
  plural: string
  /** As in JSON; a header may write them as in SQL too: validFrom, valid_from. */
  columns: readonly string[]
  schema: z.ZodType<Row>
  /** What no two rows of a file may share, for people: 'USD → EUR from 2026-01-01'. */
  keyOf(row: Row): string
}

/** A row with where it stands, for errors: 'line 3', 'rate 2'. */
export interface Placed<Row> {
  place: string
  row: Row
}

/** Larger than fifty years of days of a dozen currencies. */
const MAX_FILE_BYTES = 10_000_000
const MOST_SHOWN = 20

/** The text of a file. @throws ReferenceRefusedError where it cannot be read, is no UTF-8, or is far too large */
export async function readTableText(file: string): Promise<string> {
  try {
    const { size } = await stat(file)
    if (size > MAX_FILE_BYTES) throw new Error(`it has ${size} bytes, of at most ${MAX_FILE_BYTES}`)
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file))
  } catch (cause) {
    throw new ReferenceRefusedError(`${file} cannot be read: ${messageOf(cause)}`, { cause })
  }
}

/**
 * The rows of a file, CSV with a header or JSON: one, or a list.
 * @param given its name, for errors, and what rows have that do not say so
 * @throws ReferenceRefusedError naming every fault with its place
 */
export function parseTableFile<Row>(
  text: string,
  shape: TableShape<Row>,
  given: { file: string; defaults?: Readonly<Record<string, unknown>> },
): Placed<Row>[] {
  const plain = text.replace(/^\uFEFF/, '').trim()
  const values = /^[[{]/.test(plain) ? jsonRows(plain, shape, given.file) : csvRows(plain, shape, given.file)
  if (values.length === 0) {
    throw new ReferenceRefusedError(`${given.file} holds no ${shape.plural} (--help shows one).`)
  }
  const rows: Placed<Row>[] = []
  const faults: string[] = []
  const seen = new Map<string, string>()
  for (const { place, value } of values) {
    const parsed = shape.schema.safeParse(isPlain(value) ? { ...given.defaults, ...value } : value)
    if (!parsed.success) {
      faults.push(
        ...parsed.error.issues.map(issue => `${[place, ...issue.path].join(', ')}: ${issue.message}`),
      )
      continue
    }
    const key = shape.keyOf(parsed.data)
    const other = seen.get(key)
    if (other !== undefined) faults.push(`${place}: ${key} stands in ${other} already`)
    seen.set(key, place)
    rows.push({ place, row: parsed.data })
  }
  refuseFaults(given.file, faults)
  return rows
}

/** @throws ReferenceRefusedError that names them, where there are any */
export function refuseFaults(file: string, faults: readonly string[]): void {
  if (faults.length === 0) return
  const shown = faults.slice(0, MOST_SHOWN)
  if (faults.length > MOST_SHOWN) shown.push(`and ${faults.length - MOST_SHOWN} more`)
  throw new ReferenceRefusedError(
    `${file} was not taken, nothing of it:\n${shown.map(fault => `  ${fault}`).join('\n')}`,
  )
}

interface Value {
  place: string
  value: unknown
}

function jsonRows(text: string, { noun }: { noun: string }, file: string): Value[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new ReferenceRefusedError(`${file} cannot be read as JSON: ${messageOf(cause)}`, { cause })
  }
  const list: unknown[] = Array.isArray(value) ? value : [value]
  return list.map((one, index) => ({ place: `${noun} ${index + 1}`, value: one }))
}

function csvRows(text: string, { columns: known }: { columns: readonly string[] }, file: string): Value[] {
  const delimiter = (text.split('\n', 1)[0] ?? '').includes(';') ? ';' : ','
  const [header, ...records] = createCsvScanner(delimiter).scan(text, true)
  if (!header || text === '') return []
  const plainName = (name: string) => name.trim().toLowerCase().replaceAll('_', '')
  const columns = header.fields.map(field => known.find(name => plainName(name) === plainName(field)))
  const unknown = header.fields.filter((_, index) => columns[index] === undefined)
  if (unknown.length > 0) {
    throw new ReferenceRefusedError(
      `${file}: unknown column ${JSON.stringify(unknown[0])}. Columns: ${known.join(', ')}.`,
    )
  }
  return records
    .filter(({ raw }) => raw.trim() !== '')
    .map(({ fields, line, problem }) => {
      const place = `line ${line}`
      if (problem !== null) throw new ReferenceRefusedError(`${file}, ${place}: ${problem}`)
      if (fields.length !== columns.length) {
        throw new ReferenceRefusedError(
          `${file}, ${place}: ${fields.length} fields, where the header has ${columns.length}`,
        )
      }
      const cells = fields.map((field, index) => [columns[index], field.trim()] as const)
      return { place, value: Object.fromEntries(cells.filter(([, cell]) => cell !== '')) }
    })
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

// What cells may say. A number of JSON says what its text says, as long as that is a plain decimal.

const plain = z.union([z.string(), z.number().transform(String)], { error: 'is missing' })

/** A name that people or events give. */
export function givenName(what: string) {
  return z
    .string({ error: `is missing: ${what}` })
    .transform(text => text.normalize('NFC').trim())
    .refine(text => text.length > 0 && text.length <= 200 && !/\p{Cc}/u.test(text), {
      error: `must be ${what}, of at most 200 characters`,
    })
}

/** A whole number from `least` on. */
export function wholeUnits(least: number) {
  return plain
    .refine(text => /^\d{1,12}$/.test(text) && Number(text) >= least, {
      error: `must be a whole number from ${least} on`,
    })
    .transform(Number)
}

/** A decimal from 0 on, as text. */
export function decimalFromZero({ decimals, such }: { decimals: number; such: string }) {
  const pattern = new RegExp(`^\\d{1,10}(\\.\\d{1,${decimals}})?$`)
  return plain.refine(text => pattern.test(text), {
    error: `must be a decimal from 0 on with at most ${decimals} digits after its point, such as "${such}"`,
  })
}

export function currencyCode() {
  return z
    .string({ error: 'is missing' })
    .regex(/^[A-Z]{3}$/, { error: 'must be a three-letter currency code such as EUR' })
}

export function businessDay() {
  return z
    .string({ error: 'is missing' })
    .refine(day => isBusinessDay(day) && day >= '1900-01-01' && day <= '2199-12-31', {
      error: 'must be a date YYYY-MM-DD that exists, from 1900 to 2199',
    })
}

/** From when on something holds: an instant, or a date, which is midnight in UTC. */
export function validFrom() {
  return z
    .string({ error: 'is missing' })
    .transform(text => (isBusinessDay(text) ? `${text}T00:00:00Z` : text))
    .pipe(
      z.iso.datetime({
        offset: true,
        error: 'must be a date YYYY-MM-DD or an instant such as 2026-12-01T08:00:00+01:00',
      }),
    )
    .refine(text => text >= '1900' && text < '2200', { error: 'must lie between 1900 and 2199' })
    .transform(text => new Date(text).toISOString())
}
