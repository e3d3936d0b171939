import { z } from 'zod'
import { BUSINESS_DAY_RULE, isBusinessDay } from './calendar.ts'
import { isCurrency } from './currency.ts'
import { parseInstant } from './instant.ts'
import { parseAmount } from './money.ts'

/** Most lines one event may carry. */
export const MAX_LINES = 5_000
const MAX_UNITS = 1_000_000
const MAX_ATTRIBUTES_BYTES = 2_048
/** Characters of a refused value that its rejection repeats. */
const MAX_QUOTED = 80

// Postgres text holds neither NUL nor half a surrogate pair: met here, they cannot fail a neighbour's append.
// biome-ignore lint/suspicious/noControlCharactersInRegex: NUL is exactly what is looked for
const UNSTORABLE = /\u0000|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/
// The log joins skus with a control character and tells the parts of an event by one; no till prints them.
const CONTROL = /\p{Cc}/u
/** What nearly every text is made of: none of the above, and written in one way only. */
const PLAIN = /^[\x20-\x7e]*$/

/**
 * Text of a sender, normalised to NFC before its length is measured and before it is looked up, compared or hashed:
 * an 'é' may come as one character or as two, and two spellings of one text are one key.
 */
const senderText = ({ allowsControls }: { allowsControls: boolean }) =>
  z.string().check(payload => {
    if (PLAIN.test(payload.value)) return
    payload.value = payload.value.normalize('NFC')
    const { value: input } = payload
    if (UNSTORABLE.test(input)) {
      const params = { reason: 'unstorable_text' }
      const message = 'holds a NUL character or half a surrogate pair, which cannot be stored'
      payload.issues.push({ code: 'custom', input, message, params })
    } else if (!allowsControls && CONTROL.test(input)) {
      payload.issues.push({ code: 'custom', input, message: 'must not hold control characters' })
    }
  })

const text = (max: number) => senderText({ allowsControls: true }).min(1).max(max)
const identifierOf = (max: number) => senderText({ allowsControls: false }).min(1).max(max)
const identifier = identifierOf(128)
// Room for a document of a file that speaks for several stores: it is called by its store and its number.
const eventId = identifierOf(256)
const money = z.string().refine(value => parseAmount(value) !== null, {
  error: issue =>
    `${JSON.stringify(issue.input)} is not a decimal string with at most four decimals (and less than 900 billion)`,
})
const price = money.refine(value => !value.startsWith('-'), { error: 'must not be negative' })
const instant = z.string().refine(value => parseInstant(value) !== null, {
  error: issue =>
    `${quoted(issue.input)} is not an RFC 3339 time with an offset, such as 2026-11-20T10:15:30.123+01:00`,
})
const businessDay = z.string().refine(isBusinessDay, {
  error: `must be ${BUSINESS_DAY_RULE}`,
})
const currency = z
  .string()
  .regex(/^[A-Z]{3}$/, { error: 'must be a three-letter currency code such as EUR' })
  .refine(isCurrency, {
    error: issue => `${quoted(issue.input)} is no currency of ISO 4217 in which goods are sold, such as EUR`,
  })
const soldUnits = z.int().min(1).max(MAX_UNITS)
const attributes = z
  .unknown()
  .check(payload => {
    const { value: input } = payload
    if (typeof input !== 'object' || input === null) return
    const names = Object.keys(input)
    // What a sender says is never left out: a record drops this name without a word, and keeps one of two spellings.
    if (names.includes('__proto__'))
      payload.issues.push({ code: 'unrecognized_keys', keys: ['__proto__'], input: { ...input } })
    if (new Set(names.map(name => name.normalize('NFC'))).size < names.length)
      payload.issues.push({ code: 'custom', input, message: 'two names are spellings of the same one' })
  })
  .pipe(z.record(text(128), senderText({ allowsControls: true }).max(MAX_ATTRIBUTES_BYTES)))
  .refine(value => Buffer.byteLength(JSON.stringify(value)) <= MAX_ATTRIBUTES_BYTES, {
    error: 'attributes may take 2 KB at most',
  })

function lines<Line extends z.ZodType>(line: Line) {
  return z
    .array(line)
    .min(1)
    .max(MAX_LINES, { error: `an event may carry ${MAX_LINES} lines at most` })
}

/** Amounts by type: how a document is paid, or what is charged beside its goods. */
const amountsByType = z
  .array(z.strictObject({ type: identifier, amount: money }))
  .min(1)
  .max(20)

const header = {
  source: identifier,
  id: eventId,
  store: identifier,
  eventTime: instant,
  register: identifier.optional(),
  attributes: attributes.optional(),
}

/** It is known by its date alone: `eventTime` stands for its business day, and says nothing of the hour. */
const dateOnly = z.literal(true).optional()

const sale = {
  ...header,
  dateOnly,
  channel: z.enum(['pos', 'online']),
  currency,
  orderId: identifier,
  customer: identifier.optional(),
  session: identifier.optional(),
  tender: identifier.optional(),
  tenders: amountsByType.optional(),
  /** Shipping, tip, fee, deposit: part of what is paid, never of gross, net or units. */
  charges: amountsByType.optional(),
  cashier: identifier.optional(),
  cardToken: identifier.optional(),
  entryMode: identifier.optional(),
}

const orderLines = lines(
  z
    .strictObject({
      sku: identifier,
      units: soldUnits,
      unitPrice: price.optional(),
      /** The line's gross where it is no whole number of unit prices: 3 for 10.00. */
      amount: price.optional(),
      discount: price.optional(),
      tax: price.optional(),
      cost: price.optional(),
    })
    .refine(line => (line.unitPrice === undefined) !== (line.amount === undefined), {
      error: 'states unitPrice (of one unit) or amount (of all its units): exactly one of them',
    }),
)
const returnLines = lines(
  z.strictObject({
    sku: identifier,
    units: soldUnits,
    refund: price,
    restock: z.boolean().optional(),
    reason: text(256).optional(),
    cost: price.optional(),
  }),
)

function stockLines(units: z.ZodType<number, number>) {
  return lines(z.strictObject({ sku: identifier, units, reason: text(256).optional() }))
}

const purchase = {
  ...header,
  purchaseOrderId: identifier,
  supplier: identifier,
  expectedAt: instant.optional(),
  lines: lines(z.strictObject({ sku: identifier, units: soldUnits, unitCost: price.optional() })),
}

/** Since when a price holds, and until when: an instant, or a business day of the store, which is meant whole. */
const validity = z.string().refine(value => parseInstant(value) !== null || isBusinessDay(value), {
  error: issue =>
    `${quoted(issue.input)} is neither a business day such as 2026-11-20 nor an RFC 3339 time with an offset`,
})
const changedPrices = lines(
  z.strictObject({ sku: identifier, price, from: validity, to: validity.optional() }),
)

/**
 * Every event a source may send: the body of POST /api/v1/events, before enrichment. An unknown field is
 * rejected by name. Money is a decimal string, times are RFC 3339 with an offset.
 */
export const eventSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('order.placed'), ...sale, lines: orderLines }),
  z.strictObject({ type: z.literal('order.voided'), ...sale, lines: orderLines }),
  z.strictObject({
    type: z.literal('order.returned'),
    ...sale,
    originalOrderId: identifier.optional(),
    lines: returnLines,
  }),
  z.strictObject({
    type: z.literal('till.closed'),
    ...header,
    register: identifier,
    businessDay,
    currency,
    orders: z.int().min(-MAX_UNITS).max(MAX_UNITS),
    units: z.int().min(-1_000_000_000).max(1_000_000_000),
    net: money,
    tenders: amountsByType.optional(),
    openingFloat: price.optional(),
    countedCash: price.optional(),
    firstReceipt: identifier.optional(),
    lastReceipt: identifier.optional(),
  }),
  z.strictObject({
    type: z.literal('stock.received'),
    ...header,
    purchaseOrderId: identifier.optional(),
    lines: stockLines(soldUnits),
  }),
  z.strictObject({
    type: z.literal('stock.counted'),
    ...header,
    purchaseOrderId: identifier.optional(),
    lines: stockLines(z.int().min(0).max(1_000_000_000)),
  }),
  z.strictObject({
    type: z.literal('stock.adjusted'),
    ...header,
    dateOnly,
    purchaseOrderId: identifier.optional(),
    lines: stockLines(z.int().min(-MAX_UNITS).max(MAX_UNITS)),
  }),
  z.strictObject({
    type: z.literal('stock.transferred'),
    ...header,
    toStore: identifier,
    lines: stockLines(soldUnits),
  }),
  z.strictObject({ type: z.literal('purchase.placed'), ...purchase }),
  // The supplier says yes, and when it comes.
  z.strictObject({ type: z.literal('purchase.confirmed'), ...purchase, expectedAt: instant }),
  z.strictObject({ type: z.literal('purchase.cancelled'), ...purchase }),
  z.strictObject({
    type: z.literal('review.posted'),
    ...header,
    sku: identifier,
    rating: z.int().min(1).max(5),
    text: senderText({ allowsControls: true }).max(10_000).optional(),
    customer: identifier.optional(),
  }),
  // What customers pay for a product of the store from a moment on: `domain/price.ts` says which of several holds.
  z.strictObject({
    type: z.literal('price.changed'),
    ...header,
    /** The store's own, where it is said. */
    currency: currency.optional(),
    lines: changedPrices,
  }),
])

/** An event as its source sent it. */
export type SentEvent = z.infer<typeof eventSchema>
export type EventType = SentEvent['type']

export const EVENT_TYPES: readonly EventType[] = eventSchema.options.map(option => option.shape.type.value)

/** Why an event was refused; the dead letter and the answer carry it. */
export type RejectionReason =
  | 'invalid_json'
  | 'unknown_type'
  | 'unknown_field'
  | 'invalid_field'
  | 'unstorable_text'
  | 'unknown_store'
  | 'clock_skew'
  | 'absurd_amount'
  | 'tenders_differ'
  | 'conflicting_duplicate'

export interface Rejection {
  reason: RejectionReason
  /** A sentence naming the field, the value and what is allowed. */
  detail: string
}

/** Parses one decoded JSON value as an event. */
export function parseEvent(input: unknown): { event: SentEvent } | { rejection: Rejection } {
  const result = eventSchema.safeParse(input)
  return result.success ? { event: result.data } : { rejection: toRejection(result.error, input) }
}

function toRejection(error: z.ZodError, input: unknown): Rejection {
  const issue = error.issues[0]
  if (!issue) return { reason: 'invalid_field', detail: 'the event is not valid' }
  const path = fieldPath(issue.path)
  if (issue.code === 'unrecognized_keys') {
    const where = path ? ` in ${path}` : ''
    const names = issue.keys.slice(0, 5).map(key => (key.length > MAX_QUOTED ? quoted(key) : key))
    return { reason: 'unknown_field', detail: `unknown field${where}: ${names.join(', ')}` }
  }
  if (issue.code === 'invalid_union' && path === 'type') {
    const type = (input as { type?: unknown }).type
    return { reason: 'unknown_type', detail: explainType(type, EVENT_TYPES) }
  }
  const reason =
    issue.code === 'custom' && issue.params?.reason === 'unstorable_text'
      ? 'unstorable_text'
      : 'invalid_field'
  return { reason, detail: path ? `${path}: ${issue.message}` : issue.message }
}

/** Says which types would do. */
export function explainType(type: unknown, allowed: readonly EventType[]): string {
  return `type ${type === undefined ? 'is missing' : quoted(type)}: must be one of ${allowed.join(', ')}`
}

/** What was sent, short enough for a sentence; never a walk into what may be nested without end. */
function quoted(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  if (typeof value !== 'string') return String(value)
  return JSON.stringify(value.length > MAX_QUOTED ? `${value.slice(0, MAX_QUOTED)}…` : value)
}

function fieldPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`
    const name = typeof key === 'string' && key.length > MAX_QUOTED ? quoted(key) : String(key)
    return text ? `${text}.${name}` : name
  }, '')
}
