import type { Sql } from '#db/client.ts'
import { activeGeneration } from '#server/stream/state/generations.ts'

/** How long change rows are held. Who was away longer takes a fresh snapshot. */
export const CHANGES_KEPT_MS = 3_600_000

/** Rows of a partition deleted at once: small, so that nobody waits for the delete. */
const CHUNK = 1_000

/** Deletes change rows of these partitions that are older than an hour. @returns how many */
export async function trimChanges(sql: Sql, partitions: readonly number[]): Promise<number> {
  const generation = await activeGeneration(sql)
  let deleted = 0
  for (const partition of partitions) {
    for (;;) {
      // The oldest rows have the lowest offsets, so the key finds them; there is no index on time.
      const { count } = await sql`
        with oldest as (
          select through_offset, processed_at from stream.changes
          where generation = ${generation} and partition = ${partition}
          order by through_offset limit ${CHUNK}
        )
        delete from stream.changes c using oldest
        where c.generation = ${generation} and c.partition = ${partition}
          and c.through_offset = oldest.through_offset
          and oldest.processed_at < clock_timestamp() - ${CHANGES_KEPT_MS}::float8 * interval '1 millisecond'`
      deleted += count
      if (count < CHUNK) break
    }
  }
  return deleted
}
