import type { Sql } from '#db/client.ts'
import { withConnection } from '#db/open.ts'
import type { Reading } from '#db/transaction.ts'
import type { AppendDay } from '#domain/log-archive.ts'
import { decideRetention, type RetentionDecision, type RetentionFacts } from '#domain/log-retention.ts'
import { dueOnceADay, type OtherJob } from '#jobs/ledger/other-jobs.ts'
import { messageOf } from '#platform/command.ts'
import type { Environment } from '#platform/environment.ts'
import type { ArchiveStore } from '#server/log/archive/archive-store.ts'
import { listArchivedDays } from '#server/log/archive/archived-days.ts'
import { dropDay } from '#server/log/archive/drop-day.ts'
import { openArchiveStore } from '#server/log/archive/open-store.ts'

/** What of the log is still needed; wired in by the entry points, for it looks at both paths. */
export type ReadLogNeeds = (reading: Reading) => Promise<Omit<RetentionFacts, 'keepDays' | 'archived'>>

type Settings = Pick<Environment, 'archive' | 's3' | 'logKeepDays'>

/** Once a day, where LOG_KEEP_DAYS is set: drops append days of the log that are old, archived, and needed by nobody. */
export function logRetention({ archive, s3, logKeepDays }: Settings, readNeeds: ReadLogNeeds): OtherJob {
  const isDue = dueOnceADay('log_retention')
  return {
    name: 'log_retention',
    isReady: async sql => logKeepDays !== null && (await isDue(sql)),
    run: ({ databaseUrl }) =>
      withConnection(databaseUrl, { applicationName: 'tillstream log retention' }, async sql => {
        if (logKeepDays === null) {
          throw new Error('LOG_KEEP_DAYS is not set: the log keeps all its days, and nothing is dropped')
        }
        const outcome = await retainDays(sql, await openArchiveStore(archive, s3), {
          keepDays: logKeepDays,
          readNeeds,
        })
        const days = `${outcome.drop.length} append ${outcome.drop.length === 1 ? 'day' : 'days'}`
        const detail = `${days} dropped from the log, ${outcome.kept.length} older than ${logKeepDays} days kept`
        const lines = [
          ...outcome.drop.map(day => `${day}: dropped, its archive is as the log was\n`),
          ...outcome.kept.map(({ day, reason }) => `${day}: kept, for ${reason}\n`),
        ]
        return { text: `${lines.join('')}${detail}.\n`, json: outcome, detail, rowCount: outcome.drop.length }
      }),
  }
}

/**
 * Drops what may go. A day whose archive is not as it should be stays, and is told; so do the others then.
 * @throws ArchiveError; what the database throws
 */
export async function retainDays(
  sql: Sql,
  store: ArchiveStore,
  { keepDays, readNeeds }: { keepDays: number; readNeeds: ReadLogNeeds },
): Promise<RetentionDecision> {
  const archived = (await listArchivedDays(sql)).filter(({ droppedAt }) => droppedAt === null)
  const decision = decideRetention({
    ...(await readNeeds(sql)),
    keepDays,
    archived: archived.map(({ appendDay }) => appendDay),
  })
  const dropped: AppendDay[] = []
  for (const day of decision.drop) {
    try {
      await dropDay(sql, store, day)
    } catch (error) {
      const before = dropped.length > 0 ? ` (${dropped.length} days before it were dropped)` : ''
      throw new Error(`append day ${day} stays in the log${before}: ${messageOf(error)}`, { cause: error })
    }
    dropped.push(day)
  }
  return decision
}
