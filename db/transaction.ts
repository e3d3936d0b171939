import type { Sql as AnySql, ISql, PendingQuery, Row, TransactionSql } from 'postgres'
import type { Sql } from './client.ts'

type Types = Sql extends AnySql<infer Types> ? Types : never

/** What statements are sent to where it makes no difference: a client, one of its connections, a transaction. */
export type Reading = ISql<Types>

/** Statements that commit together. */
export type Transaction = TransactionSql<Types>

/** Part of a statement, with its parameters. */
export type Fragment = PendingQuery<Row[]>

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
