import type { Sql } from '#db/client.ts'
import type { EventSink, StoreOutcome } from '#server/intake/append/event-sink.ts'

/** Says what storing would do, by a look at the keys the log knows. Writes nothing. */
export function createDryRunSink(sql: Sql): Pick<EventSink, 'store'> {
  return {
    async store(events) {
      const heads = events.map(([event]) => {
        if (!event) throw new Error('an event without legs')
        return event
      })
      const rows = await sql.unsafe<{ same: boolean | null }[]>(
        `select k.body_hash = e.body_hash as same
         from unnest($1::text[], $2::text[], $3::uuid[]) with ordinality as e(source, id, body_hash, place)
         left join log.event_keys k on k.source = e.source and k.id = e.id
         order by e.place`,
        [heads.map(event => event.source), heads.map(event => event.id), heads.map(event => event.bodyHash)],
      )
      return rows.map(({ same }): StoreOutcome => {
        if (same === null) return { kind: 'accepted' }
        return same ? { kind: 'duplicate' } : { kind: 'conflict' }
      })
    },
  }
}
