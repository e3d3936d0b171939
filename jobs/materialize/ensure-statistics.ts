import type { Sql } from '#db/client.ts'
import type { Slot } from '#jobs/planner/slot.ts'

/** Below this a wrong plan does not matter. */
const LEAST_BYTES = 8 * 1024 * 1024

/**
 * Gathers statistics of day tables of the log that have none yet: just filled, before autovacuum came by.
 * Without them Postgres expects a group for every tenth line and then aggregates a day on one core instead
 * of all: twice the time.
 */
export async function ensureStatistics(sql: Sql, slots: readonly Slot[]): Promise<void> {
  const tables = new Set(
    slots.flatMap(slot => slot.appendDays).map(day => `event_log_${day.replaceAll('-', '')}`),
  )
  if (tables.size === 0) return
  const missing = await sql<{ name: string }[]>`
    select c.relname as name
    from pg_class c
    where c.relnamespace = 'log'::regnamespace and c.relname = any(${[...tables]}::text[])
      and pg_relation_size(c.oid) > ${LEAST_BYTES}::bigint
      and not exists (select from pg_stats s where s.schemaname = 'log' and s.tablename = c.relname and s.attname = 'store')`
  for (const { name } of missing) {
    await sql`analyze ${sql(`log.${name}`)} (store, business_day, channel, currency, type, customer)`
  }
}
