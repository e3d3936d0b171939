import { enrich } from '#domain/enrich.ts'
import { parseEvent, type SentEvent } from '#domain/event.ts'
import { parseInstant } from '#domain/instant.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { EXAMPLE_STORES_BY_ID } from './example-stores.ts'

/** The log events of a sent event of the examples, through the schema as the intake would. Throws when refused. */
export function enrichExample(sent: SentEvent): LogEvent[] {
  const parsed = parseEvent(sent)
  if ('rejection' in parsed) throw new Error(`${sent.id}: ${parsed.rejection.detail}`)
  const result = enrich(parsed.event, {
    stores: EXAMPLE_STORES_BY_ID,
    now: parseInstant(sent.eventTime) ?? 0,
    class: 'live',
    bodyHash: exampleHash(sent.id),
  })
  if ('rejection' in result) throw new Error(`${sent.id}: ${result.rejection.detail}`)
  return result.events
}

/** Examples send each id once, so a stand-in of the right shape will do. */
function exampleHash(id: string): string {
  return Buffer.from(id).toString('hex').padStart(32, '0').slice(-32)
}
