import { STREAM_METRICS, STREAM_SESSIONS } from '#domain/metrics/catalogue.ts'
import type { Operators } from '#domain/operators/fold.ts'
import { STREAM_RULES } from '#domain/rules/catalogue.ts'

/** What the stream path decides and counts by, beside its windows and its stock. */
export const OPERATORS: Operators = {
  rules: STREAM_RULES,
  metrics: STREAM_METRICS,
  sessions: STREAM_SESSIONS,
}
