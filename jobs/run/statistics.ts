import type { Sql } from '#db/client.ts'
import { keyColumns, type Report } from '#jobs/reports/report.ts'

/** Rows beyond which Postgres' guesses about a table it has no statistics of cost more than gathering them. */
export const MANY_ROWS = 2_000

/**
 * Gathers, once, statistics over the log as a whole. Autovacuum keeps those of every day's table, but plans
 * over the partitioned log are made from statistics of the log itself, which it never gathers. Without them
 * Postgres expects a group for every tenth line and aggregates a day on one core instead of all, in twice the
 * time. How many stores, channels and currencies there are does not change enough to do it again.
 */
export async function ensureStatistics(sql: Sql): Promise<void> {
  const [known] = await sql`
    select from pg_stats
    where schemaname = 'log' and tablename = 'event_log' and inherited and attname = 'channel'`
  if (known) return
  await sql`analyze log.event_log (store, business_day, channel, currency, type, customer)`
}

/**
 * Gathers statistics over the list of standing runs, after a backfill has filled it. Whoever reads figures
 * joins it with the log: taken for empty, it made audits of a new history walk the log once for every run, in a
 * minute instead of two seconds.
 */
export async function refreshRunStatistics(sql: Sql): Promise<void> {
  await sql`analyze (skip_locked) batch.current_runs`
}

/**
 * Gathers statistics over a report's keys, by which its rows are found and joined; those of the figures beside
 * them would take as long again. Waits for nobody: who has the table's lock gathers them, or autovacuum does.
 */
export async function gatherKeyStatistics(sql: Pick<Sql, 'unsafe'>, report: Report): Promise<void> {
  await sql.unsafe(`analyze (skip_locked) batch.${report.name} (${keyColumns(report).join(', ')})`)
}
