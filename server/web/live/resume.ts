import type { Sql } from '#db/client.ts'
import { readSnapshot } from '#server/serving/reading.ts'
import { advance, type CatchUpStep, covers, cutCatchUp } from './chain.ts'
import { readLane } from './changes.ts'
import type { Place } from './cursor.ts'
import { MAX_SALES_PER_UPDATE } from './lane.ts'
import { readEnd } from './snapshot.ts'

/** A client that missed more batches of a partition than this gets a snapshot: it is smaller. */
const MAX_MISSED_BATCHES = 1_000

/**
 * What a client that stands at `since` has missed, as the updates it gets one after the other.
 * @returns null when not everything is held any more, or the tables were switched: it needs a snapshot
 */
export async function readMissed(sql: Sql, since: Place): Promise<CatchUpStep[] | null> {
  return readSnapshot(sql, async reading => {
    const { place: end } = await readEnd(reading)
    if (end.generation !== since.generation || !covers(end, since)) return null
    if (end.offsets.length !== since.offsets.length) return null
    const missed = await readLane(reading, since, MAX_MISSED_BATCHES)
    const reached = advance(since, missed)
    if (!reached || !covers(reached, end)) return null
    return cutCatchUp(since, missed, MAX_SALES_PER_UPDATE)
  })
}
