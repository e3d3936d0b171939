import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { EVENT_TYPES } from '#domain/event.ts'
import { messageOf } from '#platform/command.ts'
import { isZone, storeSchema } from '#server/intake/stores/store-definition.ts'
import { isTimeFormat } from './time-format.ts'

const name = z.string().min(1).max(128)

/** Where a field comes from: a column by its name, that column with something taken off or replaced, or a constant. */
const field = z.union([
  name.transform(column => ({ column })),
  z.strictObject({
    column: name,
    removePrefix: z.string().min(1).optional(),
    removeSuffix: z.string().min(1).optional(),
    /** What the file says → what it means. A value that is not listed stays as it is. */
    values: z.record(z.string(), z.string()).optional(),
  }),
  z.strictObject({ constant: z.string().min(1) }),
])

const sign = z.enum(['positive', 'negative', 'zero'])

const rule = z.strictObject({
  when: z.strictObject({
    documentPrefix: z.string().min(1).optional(),
    units: sign.optional(),
    unitPrice: sign.optional(),
    amount: sign.optional(),
    /** Column → the values it may have. */
    equals: z.record(name, z.array(z.string()).min(1)).optional(),
  }),
  is: z.enum(['order', 'return', 'stock-adjustment', 'set-aside']),
  /**
   * Of 'set-aside': the row alone, or every row of its document. Left out, the rule may only meet documents all of
   * whose rows it sets aside: half a document that counts would be a guess.
   */
  scope: z.enum(['row', 'document']).optional(),
})

const mappingName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, {
  error: 'must be letters, digits, dots, dashes or underscores',
})

/** A mapping of rows to events, as people write it: see docs/mappings.md. */
export const rowMappingSchema = z.strictObject({
  /** The source of every event. */
  name: mappingName,
  kind: z.literal('rows').default('rows'),
  description: z.string().optional(),
  format: z.enum(['csv', 'ndjson']).optional(),
  encoding: z
    .string()
    .refine(isEncoding, {
      error: issue => `${JSON.stringify(issue.input)} is no encoding this runtime knows`,
    })
    .default('utf-8'),
  delimiter: z.enum(['auto', ',', ';', '\t', '|']).default('auto'),
  /** Names of the columns of files that have no header row. */
  header: z.array(name).min(1).optional(),
  decimal: z.enum(['.', ',']).default('.'),
  thousands: z.enum(['.', ',', ' ', "'", '\u00a0', '\u202f']).optional(),
  timeFormat: z
    .string()
    .refine(isTimeFormat, {
      error: issue =>
        `${JSON.stringify(issue.input)} is no time format: write it with YYYY, MM, DD, HH, mm, ss, or "iso" for times with an offset`,
    })
    .default('YYYY-MM-DD HH:mm:ss'),
  /** Of times that name none. Left out: each store's own. */
  zone: z
    .string()
    .refine(isZone, {
      error: issue => `${JSON.stringify(issue.input)} is no IANA time zone such as Europe/Berlin`,
    })
    .optional(),
  /** Most minutes between the rows of one document: rows further apart contradict each other. */
  documentSpanMinutes: z
    .int()
    .min(0)
    .max(2 * 1_440)
    .default(60),
  stores: z.array(storeSchema).default([]),
  columns: z.strictObject({
    store: field,
    /** One column, or several that only together tell documents apart: the register, the day and the receipt. */
    document: z.union([field, z.array(field).min(2).max(5)]),
    /** One column, or the date's and the time's. */
    time: z.union([field, z.tuple([field, field])]),
    sku: field,
    units: field,
    /** Of one unit. This or `amount` must be there; of a row that has both, `amount` counts. */
    unitPrice: field.optional(),
    /** The line's gross, all units together: kept exactly where no unit price would give it (3 for 10.00). */
    amount: field.optional(),
    /** The line's whole discount. */
    discount: field.optional(),
    tax: field.optional(),
    currency: field.optional(),
    customer: field.optional(),
    tender: field.optional(),
    register: field.optional(),
    /** 'pos' or 'online'; else the store's. */
    channel: field.optional(),
    productName: field.optional(),
    /** Why stock was adjusted. */
    adjustmentReason: field.optional(),
    /** Why goods came back. */
    returnReason: field.optional(),
  }),
  /** Attribute of the event → where it comes from. */
  attributes: z.record(name, field).default({}),
  /** The first that fits a row says what the row is. A row that none fits is rejected. */
  rules: z.array(rule).min(1),
  /** Codes that are no merchandise (postage, fees): revenue, but they hold no stock. */
  nonStockSkus: z.array(name).default([]),
})

/** A mapping of files whose lines are events already, each with its own source and id. */
const eventsMappingSchema = z.strictObject({
  name: mappingName,
  kind: z.literal('events'),
  description: z.string().optional(),
  format: z.literal('ndjson').default('ndjson'),
  /** The types that may occur. Left out: all. */
  types: z.array(z.enum(EVENT_TYPES)).min(1).optional(),
  stores: z.array(storeSchema).default([]),
})

export type RowMapping = z.output<typeof rowMappingSchema>
export type EventsMapping = z.output<typeof eventsMappingSchema>
export type Mapping = RowMapping | EventsMapping
export type MappingField = z.output<typeof field>
export type MappingRule = z.output<typeof rule>

/** A mapping that cannot be used. The message names the file and each fault in it. */
export class MappingError extends Error {
  override readonly name = 'MappingError'
}

/** @param origin what the text was read from, for messages. @throws MappingError */
export function parseMapping(text: string, origin: string): Mapping {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new MappingError(`${origin} is not JSON: ${messageOf(cause)}`, { cause })
  }
  const kind = (value as { kind?: unknown } | null)?.kind
  const parsed = (kind === 'events' ? eventsMappingSchema : rowMappingSchema).safeParse(value)
  if (parsed.success) {
    return parsed.data.kind === 'events' ? parsed.data : refuseContradictions(parsed.data, origin)
  }
  const faults = parsed.error.issues.map(issue => {
    const path = issue.path.map(String).join('.')
    return `  ${path === '' ? '' : `${path}: `}${issue.message}`
  })
  throw new MappingError(
    `${origin} is no mapping (docs/mappings.md says what one holds):\n${faults.join('\n')}`,
  )
}

function refuseContradictions(mapping: RowMapping, origin: string): RowMapping {
  if (mapping.thousands === mapping.decimal) {
    throw new MappingError(
      `${origin}: decimal and thousands are both ${JSON.stringify(mapping.decimal)}: they must differ.`,
    )
  }
  const missing = mapping.header ? columnsOf(mapping).filter(column => !mapping.header?.includes(column)) : []
  if (missing.length > 0) {
    throw new MappingError(
      `${origin}: header does not name the column ${missing.join(', ')}, which the mapping reads.`,
    )
  }
  const faults = [
    ...contradictionsOfColumns(mapping),
    ...mapping.rules.flatMap(contradictionsOfRule(mapping)),
  ]
  if (faults.length > 0) throw new MappingError(`${origin}: ${faults.join(' ')}`)
  return mapping
}

function contradictionsOfColumns({ columns }: RowMapping): string[] {
  return columns.unitPrice || columns.amount
    ? []
    : ['columns name neither unitPrice (of one unit) nor amount (of the line): one of them must be there.']
}

function contradictionsOfRule({ columns }: RowMapping) {
  return ({ when, is, scope }: MappingRule, index: number): string[] => {
    const faults: string[] = []
    if (scope !== undefined && is !== 'set-aside')
      faults.push(`rules.${index}: scope says what a rule sets aside, and this one sets nothing aside.`)
    for (const money of ['unitPrice', 'amount'] as const) {
      if (when[money] !== undefined && !columns[money])
        faults.push(`rules.${index}: it asks for the sign of ${money}, which no column gives.`)
    }
    return faults
  }
}

/** Every column that a mapping reads, each once. */
export function columnsOf(mapping: RowMapping): string[] {
  const fields = [...Object.values(mapping.columns).flat(), ...Object.values(mapping.attributes)]
  return [
    ...new Set([
      ...fields.flatMap(entry => (entry && 'column' in entry ? [entry.column] : [])),
      ...mapping.rules.flatMap(({ when }) => Object.keys(when.equals ?? {})),
    ]),
  ]
}

function isEncoding(label: string): boolean {
  try {
    new TextDecoder(label)
    return true
  } catch {
    return false
  }
}

const BUILT_IN = new URL('mappings/', import.meta.url)

/** Names of the mappings that come with Tillstream. */
export async function builtInMappings(): Promise<string[]> {
  return (await readdir(BUILT_IN))
    .filter(file => file.endsWith('.json'))
    .map(file => path.basename(file, '.json'))
}

/**
 * A built-in mapping by its name, else the mapping file at that path.
 * @param from folder in which relative paths start
 * @throws MappingError
 */
export async function findMapping(nameOrFile: string, from: string): Promise<Mapping> {
  if ((await builtInMappings()).includes(nameOrFile)) {
    return readMapping(new URL(`${nameOrFile}.json`, BUILT_IN), `mapping ${nameOrFile}`)
  }
  const file = path.resolve(from, nameOrFile)
  return readMapping(file, file)
}

async function readMapping(file: string | URL, origin: string): Promise<Mapping> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    throw new MappingError(
      `There is no mapping ${origin}. Built in: ${(await builtInMappings()).join(', ')}. Or name a mapping file (docs/mappings.md).`,
      { cause },
    )
  }
  return parseMapping(text, origin)
}
