import type { Logger } from 'pino'
import type { Certificate } from '#domain/certificate.ts'
import type { AlertsDifference, ReplayKind, TotalsDifference } from '#domain/replay.ts'
import type { ReplayRecord } from './record.ts'

export interface ReplayOptions {
  /** A migrated database. */
  url: string
  /** Who replays, e.g. `host:pid`. */
  name: string
  logger: Logger
  /** How long another engine is waited for that is behind; a minute unless said otherwise. */
  followerPatienceMs?: number
}

export interface ReplayOutcome {
  kind: ReplayKind
  from: number
  to: number
  events: number
  buildMs: number
  differences: TotalsDifference[]
  alerts: AlertsDifference[]
  /** False when the generations differ and that was not accepted: the old one stays. */
  isSwitched: boolean
  /** Whether a stream service works on and now goes on with the new generation. */
  wasRunning: boolean
  /** Where another engine is concerned: what was found, row by row. */
  certificate?: Certificate
}

/** Of one whose record is written. */
export type Recorded = ReplayOptions & { record: ReplayRecord }
