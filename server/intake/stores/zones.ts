import type { Sql } from '#db/client.ts'
import type { Transaction } from '#db/transaction.ts'
import { type ZoneShift, zoneShifts } from '#domain/zone.ts'

/**
 * Makes SQL read zones as enrichment does. Postgres has time zone data of its own, which may be older or younger than
 * this runtime's: where the two differ on a zone, ours is written into ref.zone_offsets.
 * @returns the zones that were written
 */
export async function alignZones(sql: Sql | Transaction, zones: Iterable<string>): Promise<string[]> {
  const written: string[] = []
  // Sorted, so that two who align at once wait for each other in one direction.
  for (const zone of [...new Set(zones)].sort()) {
    const ours = zoneShifts(zone)
    const theirs = await sql<ZoneShift[]>`
      select case when isfinite(starts_at) then starts_at else 'epoch' end as "startsAt",
        offset_seconds as "offsetSeconds"
      from ref.zone_offsets where zone = ${zone} order by ref.zone_offsets.starts_at`
    if (isSame(ours, theirs)) continue
    await sql`
      select ref.write_zone(${zone}, ${ours.map(({ startsAt }) => startsAt)}::timestamptz[],
        ${ours.map(({ offsetSeconds }) => offsetSeconds)}::integer[])`
    written.push(zone)
  }
  return written
}

/** The first holds for all time before it, whenever that began. */
function isSame(ours: readonly ZoneShift[], theirs: readonly ZoneShift[]): boolean {
  return (
    ours.length === theirs.length &&
    ours.every(
      ({ startsAt, offsetSeconds }, index) =>
        offsetSeconds === theirs[index]?.offsetSeconds &&
        (index === 0 || startsAt === theirs[index].startsAt),
    )
  )
}
