import type { Sql } from '#db/client.ts'

/** A transaction on the serving layer's client. */
export type Reading = Parameters<Parameters<Sql['begin']>[1]>[0]

/**
 * Runs queries on one snapshot, so that everything in an answer stands on the same offsets, whatever commits
 * meanwhile. Read only: it never waits for a writer and no writer waits for it.
 */
export async function readSnapshot<Answer>(
  sql: Sql,
  read: (reading: Reading) => Promise<Answer>,
): Promise<Answer> {
  return (await sql.begin('isolation level repeatable read read only', read)) as Answer
}
