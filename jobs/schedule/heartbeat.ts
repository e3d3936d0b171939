import type { Sql } from '#db/client.ts'
import type { Instant } from '#domain/instant.ts'

/** The readiness check calls the schedule dead after a minute. */
export const BEAT_EVERY_MS = 10_000

/** Says that the schedule lives, and when it looks for work next. */
export async function beat(sql: Sql, nextTickAt: Instant): Promise<void> {
  await sql`
    insert into batch.heartbeat (beat_at, next_tick_at) values (clock_timestamp(), ${nextTickAt})
    on conflict (only_row) do update set beat_at = excluded.beat_at, next_tick_at = excluded.next_tick_at`
}
