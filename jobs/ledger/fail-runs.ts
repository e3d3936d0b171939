import type { Sql } from '#db/client.ts'
import type { Transaction } from '#db/transaction.ts'

/** Writes why runs failed. Runs that are no longer `running` are left as they are. */
export async function failRuns(
  sql: Sql | Transaction,
  failures: readonly { runId: number; error: string }[],
): Promise<void> {
  await sql`
    update batch.runs r set state = 'failed', finished_at = clock_timestamp(), error = failure.error
    from unnest(
      ${failures.map(failure => failure.runId)}::bigint[], ${failures.map(failure => failure.error)}::text[]
    ) as failure(run_id, error)
    where r.run_id = failure.run_id and r.state = 'running'`
}
