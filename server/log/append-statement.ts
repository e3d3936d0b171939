import type { LogEvent } from '#domain/log-event.ts'
import { encodeEvents } from './encode-events.ts'

// The types of log.append's parameters, in order; `::text::…` because the literals are built here.
const TYPES = [
  ...['text', 'text', 'uuid', 'text', 'text', 'text', 'text', 'text', 'bigint', 'date', 'text', 'text'],
  ...['text', 'text', 'bigint', 'bigint', 'bigint', 'bigint', 'bigint', 'text', 'text', 'text', 'text'],
  ...['text', 'text', 'text', 'text', 'text', 'bigint'],
]

/** The one statement that appends: `$1` the partition, then one array literal per column. */
export const APPEND_STATEMENT = `select first_offset, appended, appended_at, duplicates, conflicts from log.append($1, ${TYPES.map(
  (type, index) => `$${index + 2}::text::${type}[]`,
).join(', ')})`

/** Parameters of APPEND_STATEMENT. */
export function appendParameters(partition: number, events: readonly LogEvent[]): (string | number | null)[] {
  return [partition, ...encodeEvents(events)]
}
