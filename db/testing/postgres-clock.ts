import type { Sql } from '#db/client.ts'
import type { Instant } from '#domain/instant.ts'

/**
 * Puts a test database on a clock that the test moves: the times at which the log appends are then those of the
 * simulation, and so is everything that follows from them (idle sources, lateness). Holds for connections that
 * are made afterwards.
 */
export async function installPostgresClock(sql: Sql, now: Instant): Promise<(now: Instant) => Promise<void>> {
  await sql.unsafe(`
    create schema trial;
    create sequence trial.now_ms;
    create function trial.clock_timestamp() returns timestamptz language sql volatile as $$
      select timestamptz 'epoch' + last_value * interval '1 millisecond' from trial.now_ms
    $$`)
  const [database] = await sql<{ name: string }[]>`select current_database() as name`
  // Found before pg_catalog's function of that name, whose calls are not qualified.
  await sql.unsafe(`alter database ${database?.name} set search_path = trial, pg_catalog, public`)
  const set = async (instant: Instant) => {
    await sql`select setval('trial.now_ms', ${instant})`
  }
  await set(now)
  return set
}
