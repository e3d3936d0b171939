import { onTestFinished, vi } from 'vitest'
import type { Sql } from '#db/client.ts'
import { createTestDatabase } from '#db/testing/database.ts'
import { addTestStores } from '#db/testing/stores.ts'
import { EXAMPLE_STORES } from '#domain/testing/stores.ts'
import { connectForRuns } from '#jobs/ledger/claims.ts'
import { type RunRequest, type RunSummary, runWanted } from '#jobs/run/run-wanted.ts'

/** A database with the example stores, and what a test does with the batch path on it. Ends with the test. */
export async function createTestBatch(): Promise<TestBatch> {
  const database = await createTestDatabase()
  await addTestStores(database.sql, EXAMPLE_STORES)
  const clients: Sql[] = []
  onTestFinished(async () => {
    await Promise.all(clients.map(client => client.end({ timeout: 1 })))
    await database.drop()
  })
  function connect(): Sql {
    const client = connectForRuns(database.url)
    clients.push(client)
    return client
  }
  const runs = connect()
  return {
    url: database.url,
    sql: database.sql,
    connect,
    runDue: (now, request) =>
      runWanted(runs, {
        wanted: { kind: 'due' },
        trigger: 'schedule',
        now: () => Date.parse(now),
        ...request,
      }),
    run: (jobs, range, request) =>
      runWanted(runs, {
        wanted: { kind: 'range', jobs, ...range },
        trigger: 'manual',
        now: () => Date.parse('2026-12-31T12:00:00Z'),
        ...request,
      }),
  }
}

export interface TestBatch {
  url: string
  sql: Sql
  /** One more process's client for runs. */
  connect(): Sql
  runDue(now: string, request?: Partial<RunRequest>): Promise<RunSummary>
  run(jobs: string[], range: { from: string; to: string }, request?: Partial<RunRequest>): Promise<RunSummary>
}

/** What ran, as 'job store period'. */
export function ranSlots({ sets }: RunSummary): string[] {
  return sets.flatMap(set => set.succeeded.map(({ slot }) => `${slot.job} ${slot.store} ${slot.period}`))
}

/**
 * Stops every run just before it replaces rows of a report, until `release`: what has been computed then waits
 * for a lock. `reached` resolves with the backend that waits.
 */
export async function holdReport(
  sql: Sql,
  report: string,
): Promise<{ reached(): Promise<number>; release(): Promise<void> }> {
  const holder = await sql.reserve()
  await holder`begin`
  await holder`lock table ${holder(`batch.${report}`)} in share mode`
  return {
    reached: () =>
      vi.waitUntil(
        async () => {
          const [waiting] = await sql<{ pid: number }[]>`
            select pid from pg_locks
            where not granted and relation = ${`batch.${report}`}::regclass
              and database = (select oid from pg_database where datname = current_database())`
          return waiting?.pid
        },
        { timeout: 60_000, interval: 20 },
      ),
    async release() {
      await holder`commit`
      holder.release()
    },
  }
}
