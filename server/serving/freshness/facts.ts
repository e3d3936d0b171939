import type { Engine } from '#domain/engine.ts'
import type { Instant } from '#domain/instant.ts'
import type { ArchiveFreshness } from './archive.ts'
import type { PartitionLag } from './positions.ts'

/** The newest run of one batch job. */
export interface JobFreshness {
  job: string
  lastRunId: number | null
  lastState: 'running' | 'succeeded' | 'failed' | 'abandoned' | null
  lastStartedAt: Instant | null
  lastSucceededAt: Instant | null
  lastError: string | null
}

export interface FreshnessFacts {
  /** The database's clock, to which ages are relative. */
  now: Instant
  batch: {
    jobs: JobFreshness[]
    lastRunId: number | null
    /** When the newest successful run committed. */
    computedAt: Instant | null
    /** When the schedule looks next for work; null where no schedule runs. */
    nextTickAt: Instant | null
    /** When the schedule last said that it lives; null where none ever ran. Says nothing of whether it gets on. */
    heartbeatAt: Instant | null
    /** The schedule's ticks; each null where there was none. */
    ticks: {
      beganAt: Instant | null
      succeededAt: Instant | null
      /** When, by the schedule, another two should have succeeded. */
      overdueAt: Instant | null
      /** Of the newest, where it failed. */
      error: string | null
    }
    /** When any run ended last: of a tick that takes long, whether it gets on. */
    lastRunEndedAt: Instant | null
    /** Reports that are due and not there: their last attempt failed, or two ticks have not brought them. */
    unpublished: { count: number; first: UnpublishedReport | null }
    /** Stores of which nothing could be planned in the newest tick. */
    unplanned: { store: string; error: string }[]
    /** Store-days with events that their last run has not read. */
    dirtyStoreDays: number
    partitions: PartitionLag[]
    lagEvents: number
    /** Worst partition. */
    lagMs: number
  }
  /** Null where the log is in Postgres itself. */
  archive: ArchiveFreshness | null
  /** Events of the log that a path goes on without, and that nobody has accepted. */
  setAside: { count: number; first: SetAsideEvent | null }
  /** Stores with events that are not known: no report is made of them. */
  unknownStores: string[]
  stream: {
    generation: number
    /** What follows the log with it: the stream service stands by while it is another engine. */
    engine: Engine
    watermark: Instant | null
    processedAt: Instant | null
    partitions: (PartitionLag & {
      watermark: Instant | null
      processedAt: Instant | null
      /** Who has it; null: nobody who is connected. */
      owner: string | null
      /** Whether its owner asks the database for anything: one that is frozen, or caught in a loop, does not. */
      isWorkedOn: boolean
    })[]
    lagEvents: number
    /** Worst partition. */
    lagMs: number
  }
  /** Generations beside the active one: of another engine that follows along, or our own that stands by. */
  others: OtherStand[]
}

export interface OtherStand {
  generation: number
  engine: Engine
  watermark: Instant | null
  processedAt: Instant | null
  /** Whether anybody who is connected has its partitions. */
  isWorkedOn: boolean
  partitions: PartitionLag[]
  lagEvents: number
  /** Worst partition. */
  lagMs: number
}

export interface UnpublishedReport {
  job: string
  store: string
  period: string
  /** Null: it has not been tried. */
  error: string | null
}

export interface SetAsideEvent {
  path: 'batch' | 'stream' | 'log'
  store: string
  partition: number
  offset: number
  reason: string
}
