/**
 * A new generation from offset 0; back to the one that was active before; a generation of another engine held against the
 * active one, with nothing switched; and a switch to it.
 */
export type ReplayKind = 'rebuild' | 'switch_back' | 'certify' | 'switch'

/** How far a partition of the generation is that is brought forward. */
export interface PartitionProgress {
  partition: number
  offset: number
  target: number
}

/** Two generations that do not say the same. */
export interface TotalsDifference {
  /** e.g. `sales of berlin on 2026-11-20 (EUR)` */
  of: string
  figure: string
  active: string
  rebuilt: string
}

/** A rule that has found something else in one of two generations. */
export interface AlertsDifference {
  rule: string
  /** Versions that the rebuilt alerts were judged by; empty where none were raised. */
  versions: number[]
  before: number
  after: number
  /** Raised by the rebuilt generation alone, by the active one alone, and by both with something else said. */
  more: number
  fewer: number
  changed: number
}
