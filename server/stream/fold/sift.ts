import { whyIndigestible } from '#domain/digestible.ts'
import type { Position } from '#domain/log-event.ts'
import type { EventRecord, LogRecord } from '#server/log/order-log.ts'

/** An event that the stream goes on without, named as far as its row tells. */
export interface SetAside extends Position {
  store: string
  /** 'YYYY-MM-DD', or what stands there. */
  businessDay: string
  type: string
  source: string
  id: string
  /** A sentence. */
  reason: string
}

/**
 * Parts the records of a batch in those that can be folded and those that nobody could: for the others they are not
 * there, in any fold, lookback or watermark.
 * @param refused what the archive has set aside, by offset: it counts for nobody
 */
export function sift(
  records: readonly LogRecord[],
  refused: ReadonlyMap<number, string> = new Map(),
): {
  digestible: readonly LogRecord[]
  setAside: SetAside[]
} {
  const setAside: SetAside[] = []
  for (const record of records) {
    if (record.type === 'tick') continue
    const reason = refused.get(record.offset) ?? whyIndigestible(record)
    if (reason !== null) setAside.push(setAsideOf(record, reason))
  }
  if (setAside.length === 0) return { digestible: records, setAside }
  const offsets = new Set(setAside.map(({ offset }) => offset))
  return { digestible: records.filter(({ offset }) => !offsets.has(offset)), setAside }
}

function setAsideOf(record: EventRecord, reason: string): SetAside {
  const { offset, appendedAt, store, businessDay, type, source, id } = record
  return { offset, appendedAt, store, businessDay, type, source, id, reason }
}
