import fc from 'fast-check'
import type { z } from 'zod'

/*
 * Inputs for fuzz tests, from the schemas that the doors check them with: what is allowed, and what lies beside it.
 * A door that gets another field is tried with it without anybody changing a test.
 */

/** Texts of every format that some field asks for. A field takes those its own schema accepts. */
const TEXTS = [
  ...['2026-03-02', '2026-02-01', '2024-02-29', '1900-01-01', '2199-12-31', '0001-01-01', '9999-12-31'],
  ...[
    '2026-03-02T10:15:30Z',
    '2026-10-25T02:30:00.5+02:00',
    '1970-01-01T00:00:00Z',
    '2199-12-31T23:59:59+14:00',
  ],
  ...['EUR', 'USD', 'JPY', 'XXX', 'all', '0', '1', '-1', '2.555', '0.0001', '-0.10', '899999999999.9999'],
  ...['berlin', 'auckland', 'new-york', 'nowhere', 'tea', 'a', 'net', 'daily_sales', 'x'.repeat(128)],
  ...[
    'Köln 🛒',
    "'; drop table x; --",
    '%_\\',
    '=1+1',
    '../..',
    '__proto__',
    'constructor',
    ' ',
    '\u200f\u0301',
  ],
  // No text at all: a field that takes them is to be refused further in.
  ...['\0', 'a\0b', '\ud800', 'x\udfff'],
]

/** What no field means: wrong types, huge, broken, deep, and named like what every object has. */
const HOSTILE: readonly (() => unknown)[] = [
  ...[null, true, false, 0, -1, 1.5, -0, 1e21, -1e308, 2 ** 31, 2 ** 53, 2 ** 63].map(value => () => value),
  ...['', '\0', 'a\0b', '\ud800', 'x\udfff', '\uffff', 'NaN', 'Infinity', '1e99', '-', '%00'].map(
    value => () => value,
  ),
  ...[
    '0000-01-01',
    '9999-12-31',
    '+275760-09-13',
    '-000001-01-01',
    '2026-02-30',
    '10000-01-01',
    '2026-1-1',
  ].map(value => () => value),
  () => 'x'.repeat(100_000),
  () => '9'.repeat(5_000),
  () => Array.from({ length: 2_000 }, (_, index) => index),
  () => ({}),
  () => [],
  () => [[[]]],
  () => JSON.parse('{"__proto__":{"polluted":true}}'),
  () => ({ constructor: { prototype: { polluted: true } }, toString: 1, hasOwnProperty: null }),
  () => ({ length: 1e9 }),
  () => nested(2_000),
]

function nested(depth: number): unknown {
  let value: unknown = 'deep'
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value }
  return value
}

/** What no field means. */
export function hostileValue(): fc.Arbitrary<unknown> {
  return fc.oneof(
    fc.constantFrom(...HOSTILE).map(make => make()),
    fc.constantFrom(...TEXTS),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.jsonValue({ maxDepth: 3 }),
  )
}

/** Values that a schema accepts, as far as its structure tells; what its refinements ask for is met often, not always. */
export function fromSchema(schema: z.core.$ZodType): fc.Arbitrary<unknown> {
  const { def } = (schema as z.core.$ZodTypes)._zod
  switch (def.type) {
    case 'string':
      return textOf(schema)
    case 'number':
      return numberOf(schema)
    case 'boolean':
      return fc.boolean()
    case 'literal':
      return fc.constantFrom(...def.values)
    case 'enum':
      return fc.constantFrom(...Object.values(def.entries))
    case 'null':
      return fc.constant(null)
    case 'optional':
    case 'default':
    case 'prefault':
      return fc.option(fromSchema(def.innerType), { nil: undefined, freq: 2 })
    case 'nullable':
      return fc.option(fromSchema(def.innerType), { nil: null })
    case 'readonly':
    case 'nonoptional':
    case 'catch':
      return fromSchema(def.innerType)
    case 'pipe':
      // What is checked by hand first is said by what follows.
      return fromSchema(def.in._zod.def.type === 'unknown' ? def.out : def.in)
    case 'union':
      return fc.oneof(...def.options.map(fromSchema))
    case 'array':
      return arrayOf(schema, def.element)
    case 'object':
      return fc
        .record(Object.fromEntries(Object.entries(def.shape).map(([name, part]) => [name, fromSchema(part)])))
        .map(withoutUndefined)
    case 'record':
      return fc.dictionary(fc.constantFrom(...TEXTS), fromSchema(def.valueType), { maxKeys: 4 })
    default:
      // A schema of another kind is answered with anything: it is tried all the same.
      return hostileValue()
  }
}

/** Values that are almost what a schema accepts: one part of them, or all, is something else. */
export function besideSchema(schema: z.core.$ZodType): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 1, arbitrary: hostileValue() },
    {
      weight: 6,
      arbitrary: fc
        .tuple(
          fromSchema(schema),
          hostileValue(),
          fc.nat(),
          fc.constantFrom('put', 'put', 'put', 'add', 'drop'),
        )
        .map(([value, odd, at, how]) => spoil(value, { odd, at, how })),
    },
  )
}

function textOf(schema: z.core.$ZodType): fc.Arbitrary<string> {
  const { minimum, maximum } = lengthOf(schema)
  const known = TEXTS.filter(text => accepts(schema, text))
  const free = fc
    .string({ unit: 'grapheme', minLength: Math.min(minimum, 400), maxLength: Math.min(maximum, 400) })
    .map(text => (accepts(schema, text) ? text : (known[text.length % (known.length || 1)] ?? text)))
  return known.length === 0 ? free : fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...known) }, free)
}

function numberOf(schema: z.core.$ZodType): fc.Arbitrary<number> {
  const { minValue, maxValue } = schema as z.ZodNumber
  const min = Math.max(minValue ?? -1e15, Number.MIN_SAFE_INTEGER)
  const max = Math.min(maxValue ?? 1e15, Number.MAX_SAFE_INTEGER)
  return fc.oneof(
    {
      weight: 5,
      arbitrary: fc.integer({
        min: Math.max(min, Math.min(max, -100)),
        max: Math.min(max, Math.max(min, 0) + 100),
      }),
    },
    fc.maxSafeInteger().map(n => clamp(n, min, max)),
  )
}

function clamp(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(max, value))
}

function arrayOf(schema: z.core.$ZodType, element: z.core.$ZodType): fc.Arbitrary<unknown[]> {
  const { minimum } = lengthOf(schema)
  return fc.array(fromSchema(element), { minLength: minimum, maxLength: Math.max(minimum, 4) })
}

/** Least and most characters or elements; of what is unbounded some few. */
function lengthOf(schema: z.core.$ZodType): { minimum: number; maximum: number } {
  const length = { minimum: 0, maximum: 400 }
  for (const check of schema._zod.def.checks ?? []) {
    const { def } = check._zod as z.core.$ZodChecks['_zod']
    if (def.check === 'min_length') length.minimum = Math.max(length.minimum, def.minimum)
    if (def.check === 'max_length') length.maximum = Math.min(length.maximum, def.maximum)
  }
  return length
}

function accepts(schema: z.core.$ZodType, text: string): boolean {
  return (schema as z.ZodType).safeParse(text).success
}

function withoutUndefined(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined))
}

/** Puts something odd in the place of one part of a value, beside it, or nothing in its place. */
function spoil(value: unknown, { odd, at, how }: { odd: unknown; at: number; how: string }): unknown {
  if (typeof value !== 'object' || value === null) return odd
  const copy = Array.isArray(value) ? [...value] : { ...value }
  const parts = copy as Record<string, unknown>
  const names = Object.keys(parts)
  const name = names[at % (names.length || 1)]
  if (how === 'add' || name === undefined) {
    const added = ['__proto__', 'constructor', 'unknown', '', '\0', '0'][at % 6] ?? ''
    Object.defineProperty(parts, added, { value: odd, enumerable: true, configurable: true, writable: true })
  } else if (how === 'drop') delete parts[name]
  else {
    const inner = parts[name]
    const goesDeeper = typeof inner === 'object' && inner !== null && at % 3 !== 0
    parts[name] = goesDeeper ? spoil(inner, { odd, at: Math.floor(at / 7), how }) : odd
  }
  return copy
}
