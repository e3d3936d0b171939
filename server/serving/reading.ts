import type { TransactionSql } from 'postgres'
import type { Sql } from '#db/client.ts'

/** A transaction of the serving layer's client, with its types. */
export type Reading = TransactionSql<{ bigint: number; date: string; instant: number }>

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
