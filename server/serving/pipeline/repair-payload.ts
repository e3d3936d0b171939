/** What is put right in many events at once. Names go down by dots, into every line of a list: `lines.sku`. */
export type Repair =
  /** Where it is `from` now; absent: whatever it is, or is not. */
  | { kind: 'set'; field: string; from?: string | undefined; to: string }
  | { kind: 'rename'; field: string; to: string }
  | { kind: 'remove'; field: string }

/** An event with a repair made; `untouched`: there was nothing to repair in it, or it cannot be read. */
export type Repaired = { kind: 'repaired'; payload: string } | { kind: 'untouched' }

type Json = Record<string, unknown>

/**
 * Makes a repair in one payload. Money is text and stays so; a payload that would come out with another number than it
 * holds is left alone.
 */
export function repairPayload(payload: string, repair: Repair): Repaired {
  const event = readExactly(payload)
  if (event === null) return { kind: 'untouched' }
  const path = repair.field.split('.')
  const last = path.pop() ?? ''
  const touched = holdersOf(event, path).filter(holder => apply(holder, last, repair))
  return touched.length === 0 ? { kind: 'untouched' } : { kind: 'repaired', payload: JSON.stringify(event) }
}

/** The objects that hold the field: one, or one a line. */
function holdersOf(value: unknown, path: readonly string[]): Json[] {
  if (Array.isArray(value)) return value.flatMap(item => holdersOf(item, path))
  if (typeof value !== 'object' || value === null) return []
  const [name, ...rest] = path
  if (name === undefined) return [value as Json]
  return Object.hasOwn(value, name) ? holdersOf((value as Json)[name], rest) : []
}

/** @returns whether it changed anything */
function apply(holder: Json, field: string, repair: Repair): boolean {
  const has = Object.hasOwn(holder, field)
  switch (repair.kind) {
    case 'remove':
      return has && delete holder[field]
    case 'rename': {
      if (!has || Object.hasOwn(holder, repair.to)) return false
      define(holder, repair.to, holder[field])
      return delete holder[field]
    }
    case 'set': {
      const now = holder[field]
      if (repair.from !== undefined && (!has || textOf(now) !== repair.from)) return false
      if (has && textOf(now) === repair.to) return false
      define(holder, field, !has || typeof now === 'string' ? repair.to : jsonOrText(repair.to))
      return true
    }
  }
}

/** As a field of its own, whatever its name: `__proto__` is one like any other. */
function define(holder: Json, field: string, value: unknown): void {
  Object.defineProperty(holder, field, { value, writable: true, enumerable: true, configurable: true })
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** In place of what was no text. */
function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** An object from JSON; null where it is none, or a number of it would not be written as it was sent. */
function readExactly(payload: string): Json | null {
  let isExact = true
  try {
    const value: unknown = JSON.parse(payload, (_name, held: unknown, context?: { source?: string }) => {
      if (typeof held === 'number' && context?.source !== undefined && String(held) !== context.source)
        isExact = false
      return held
    })
    return isExact && typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Json)
      : null
  } catch {
    return null
  }
}
