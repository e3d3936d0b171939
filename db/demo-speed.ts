import type { Instant } from '#domain/instant.ts'
import type { Sql } from './client.ts'
import type { Reading } from './transaction.ts'

/** Has the shops of the demo trade so many times faster than their history, from now on. */
export async function setDemoSpeed(sql: Sql, { speed, by }: { speed: number; by: string }): Promise<void> {
  // A speed that holds already is no change: the table tells of changes alone.
  await sql`
    insert into live.demo_speeds (speed, set_by)
    select ${speed}, ${by}
    where ${speed} <> coalesce((select speed from live.demo_speeds order by since desc limit 1), 1)`
}

/** How many times faster than their history the shops of the demo are to trade now. */
export async function readDemoSpeed(reading: Reading): Promise<number> {
  const [row] = await reading<{ speed: number }[]>`
    select speed::float8 as speed from live.demo_speeds order by since desc limit 1`
  return row?.speed ?? 1
}

/** A time within which the demo's shops traded at another speed than their history. */
export interface UnusualSpeed {
  from: Instant
  /** Exclusive. */
  to: Instant
  speed: number
}

/** When within [from, to) the demo's speed was not 1, oldest first: what was sold then is no measure of other days. */
export async function readUnusualSpeeds(
  sql: Reading,
  { from, to }: { from: Instant; to: Instant },
): Promise<UnusualSpeed[]> {
  return sql<UnusualSpeed[]>`
    select greatest(since, ${from}::timestamptz) as "from", least(until, ${to}::timestamptz) as "to", speed::float8 as speed
    from (
      select speed, since, lead(since, 1, 'infinity') over (order by since) as until from live.demo_speeds
    ) speeds
    where since < ${to} and until > ${from} and speed <> 1
    order by since`
}
