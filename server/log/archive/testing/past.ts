import type { Sql } from '#db/client.ts'

/**
 * Moves what was appended today to another append day, as if it had been appended then at the same time of day. Order
 * and offsets stay, as long as days are moved in their order.
 */
export async function moveIntoThePast(sql: Sql, day: string): Promise<void> {
  await sql`select log.ensure_days(${day}, ${day})`
  await sql`
    update log.event_log
    set appended_at = ${day}::date at time zone 'UTC' + (appended_at - date_trunc('day', appended_at at time zone 'UTC') at time zone 'UTC')
    where appended_at >= (clock_timestamp() at time zone 'UTC')::date at time zone 'UTC'`
}
