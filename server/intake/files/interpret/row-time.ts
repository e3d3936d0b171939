import { instantOfLocalTime } from '#domain/business-day.ts'
import type { Store } from '#domain/enrich.ts'
import { type Instant, parseInstant } from '#domain/instant.ts'
import { quote, RowFault } from './cells.ts'
import type { RowMapping } from './mapping.ts'
import { compileTimeFormat, ISO } from './time-format.ts'

/** Most times that are remembered: the lines of a document, and of many at one till, share theirs. */
const MAX_REMEMBERED_TIMES = 20_000

interface RowTime {
  instant: Instant
  /** The local time occurs twice (the earlier is taken), or never (it is shifted forward). */
  irregular: 'ambiguous' | 'missing' | null
}

/** Compiles the mapping's format and zone into a reader of times. @returns a function that throws RowFault */
export function compileTime(mapping: RowMapping): (text: string, store: Store) => RowTime {
  if (mapping.timeFormat === ISO) {
    return text => {
      const instant = parseInstant(text)
      if (instant === null) throw invalidTime(text, ISO)
      return { instant, irregular: null }
    }
  }
  const readLocal = compileTimeFormat(mapping.timeFormat)
  // Temporal takes tens of microseconds a conversion, and a file of 1 GB has ten million rows.
  const known = new Map<string, RowTime>()
  return (text, store) => {
    const zone = mapping.zone ?? store.zone
    const key = `${zone} ${text}`
    const remembered = known.get(key)
    if (remembered) return remembered
    const local = readLocal(text)
    if (local === null) throw invalidTime(text, mapping.timeFormat)
    const time = instantOfLocalTime(local, zone)
    if (known.size >= MAX_REMEMBERED_TIMES) known.clear()
    known.set(key, time)
    return time
  }
}

function invalidTime(text: string, format: string): RowFault {
  return new RowFault('invalid_field', `time: ${quote(text)} is no time of the format ${format}`)
}
