import type { Sql as AnySql, ISql } from 'postgres'
import type { Sql } from '#db/client.ts'

/** What queries are asked of: a client, or a transaction where they are to stand on one snapshot. */
export type Reading = Sql extends AnySql<infer Types> ? ISql<Types> : never

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
