import type { Operators } from '#domain/operators/fold.ts'
import { STREAM_RULES } from '#domain/rules/catalogue.ts'

/** What the stream path decides by, beside its windows and its stock. */
export const OPERATORS: Operators = { rules: STREAM_RULES, metrics: [], sessions: [] }
