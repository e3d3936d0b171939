import type { Logger } from 'pino'
import type { Sql } from '#db/client.ts'
import type { BusinessDay } from '#domain/business-day.ts'
import type { OtherJobName } from '#domain/reports.ts'

/** What a job that fills no report does: wired in by the entry points, which alone may reach other parts of the system. */
export interface OtherJob {
  name: OtherJobName
  /** Whether there is anything to do: the schedule then runs it, and leaves the ledger alone otherwise. */
  isReady?(sql: Sql): Promise<boolean>
  /** Throws when it failed. */
  run(request: OtherJobRequest): Promise<OtherJobResult>
}

export interface OtherJobRequest {
  databaseUrl: string
  /** Null for jobs that take no range. */
  range: { from: BusinessDay; to: BusinessDay } | null
  /** Its row in the ledger. */
  runId: number
  /** By hand everything; the schedule may ask for what is cheap. */
  depth: 'full' | 'quick'
  logger: Logger
}

export interface OtherJobResult {
  /** What to print for people, and as JSON. */
  text: string
  json: unknown
  /** The same in a line. */
  detail: string
  /** What the ledger counts: rows read, figures compared, entries removed. */
  rowCount: number
}
