import type postgres from 'postgres'
import type { Sql } from '#db/client.ts'

/** A transaction of the raw client. */
export type Transaction = Parameters<Parameters<Sql['begin']>[1]>[0]

/** Part of a statement, with its parameters. */
export type Fragment = postgres.PendingQuery<postgres.Row[]>
