import type { Reading } from '#db/transaction.ts'
import { formatInstant } from '#domain/instant.ts'
import type { Movement, MovementsRequest } from './read-archive.ts'

/** What moves stock in days that the log has dropped; nothing is loaded where it has all of them. */
export async function archivedMovements(sql: Reading, request: MovementsRequest): Promise<Movement[]> {
  const [dropped] = await sql<{ any: boolean }[]>`
    select exists (
      select from log.archived_days
      where dropped_at is not null
        and append_day between ${formatInstant(request.from).slice(0, 10)} and ${formatInstant(request.through.appendedAt).slice(0, 10)}
    ) as any`
  if (dropped?.any !== true) return []
  const { ArchivedLog } = await import('./archived-log.ts')
  return new ArchivedLog(sql).movements(request)
}
