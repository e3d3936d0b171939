import type { Engine } from './engine.ts'
import type { Instant } from './instant.ts'

/** One of the two generations that a certificate is about. */
export interface CertifiedSide {
  generation: number
  engine: Engine
  rulesVersion: number
  /** Who wrote its partitions last, as in log.owners. */
  owners: string[]
}

/** A table of both generations, held against each other row by row. */
export interface CertifiedTable {
  table: string
  rows: { active: number; candidate: number }
  /** Of all rows and compared columns, in whatever order they lie: 128 bits, hexadecimal. */
  checksum: { active: string; candidate: string }
  /** Rows that only one of them has, or that say something else. */
  differences: number
  columns: string[]
  leftOut: { column: string; why: string }[]
  /** Rows that were read again at the fence, as they had changed since the first look. */
  rechecked: number
}

/** A row that differs: null where a generation does not have it. */
export interface DifferingRow {
  table: string
  key: Record<string, string>
  columns: { column: string; active: string | null; candidate: string | null }[]
  /** What such a difference comes from, as far as the row tells. */
  why: string
}

/**
 * Why a certificate was written. check: somebody asked whether a generation may become the active one. switch: it was
 * about to.
 */
export type CertificateOccasion = 'check' | 'switch'

/** What was found when two generations were held against each other at equal offsets. */
export interface CertificateDocument {
  occasion: CertificateOccasion
  /** Refused: they differ. */
  verdict: 'accepted' | 'refused'
  active: CertifiedSide
  candidate: CertifiedSide
  /** Offset that both had read, by partition. */
  offsets: Record<string, number>
  /** Of the candidate, over all tables. */
  rowsCompared: number
  /** Over all tables. */
  differences: number
  tables: CertifiedTable[]
  notCompared: { table: string; why: string }[]
  /** The first of them. */
  examples: DifferingRow[]
  versions: Record<string, string>
  /** How long the comparison took in all, and for how much of it nobody wrote either generation. */
  compareMs: number
  pauseMs: number
  at: Instant
  /** Null: they did not say. */
  by: string | null
}

/** As it is kept. */
export interface Certificate {
  certificate: number
  document: CertificateDocument
  /** sha256 of the document as the database keeps it. */
  digest: string
  writtenAt: Instant
  /** Whether the document is what was written: its digest, worked out again, is the one beside it. */
  isIntact: boolean
}
