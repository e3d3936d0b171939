import { onTestFinished } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { installPostgresClock } from '#db/testing/postgres-clock.ts'
import type { DayRange } from '#domain/calendar.ts'
import type { Instant } from '#domain/instant.ts'
import { storeSchema } from '#server/intake/stores/store-definition.ts'
import { addStores } from '#server/intake/stores/stores.ts'
import { type Answer, post, startTestIntake } from '#server/intake/testing/intake.ts'
import { type Reconciliation, reconcile } from '#server/serving/reconcile/reconcile.ts'
import { runBatch, runStream } from './trial.ts'

/** What became of a few events that were sent at one moment. */
export interface Played {
  database: TestDatabase
  /** Of the intake. */
  answer: Answer
  /** Of both paths, after each has read everything. */
  reconciliation: Reconciliation
}

/**
 * Sends events to a real intake on a real Postgres whose clock says `now`, has both paths read them, and compares the
 * two.
 * @param lines one event each, as JSON
 */
export async function play(
  lines: readonly string[],
  { stores, now, range }: { stores: readonly object[]; now: Instant; range: DayRange },
): Promise<Played> {
  const database = await createTestDatabase()
  onTestFinished(() => database.drop())
  const { sql, url } = database
  await addStores(
    sql,
    stores.map(store => storeSchema.parse(store)),
  )
  await installPostgresClock(sql, now)
  const intake = await startTestIntake(url, { clock: () => now })
  try {
    const answer = await post(intake, lines.join('\n'), { 'Content-Type': 'application/x-ndjson' })
    await runStream(url)
    await runBatch({ url }, now, range)
    return { database, answer, reconciliation: await reconcile(sql, { ...range, stores: [] }) }
  } finally {
    await intake.stop()
  }
}
