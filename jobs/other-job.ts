import type { Logger } from 'pino'
import type { BusinessDay } from '#domain/business-day.ts'

/** A job that fills no report: wired in by the entry points, which alone may reach other parts of the system. */
export interface OtherJob {
  name: string
  summary: string
  takesRange: boolean
  /** @returns what to print for people, and as JSON; throws when it failed */
  run(request: OtherJobRequest): Promise<{ text: string; json: unknown }>
}

export interface OtherJobRequest {
  databaseUrl: string
  /** Null for jobs that take no range. */
  range: { from: BusinessDay; to: BusinessDay } | null
  /** Its row in the ledger. */
  runId: number
  logger: Logger
}
