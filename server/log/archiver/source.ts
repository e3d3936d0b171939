import type { LogEvent, Position } from '#domain/log-event.ts'

/** An entry of the log as it is to be archived: all of it, not what consumers need. */
export type ArchiveEntry = Position &
  (
    | { kind: 'event'; event: LogEvent }
    | { kind: 'tick' }
    /** Bytes that hold no event; the reason is a sentence. */
    | { kind: 'unreadable'; reason: string; payload: Uint8Array }
  )

/** The log that is archived. */
export interface ArchiveSource {
  /** Entries after an offset, in their order; none at the log's end. @throws LogUnavailableError */
  read(request: { partition: number; after: number; limit: number }): Promise<ArchiveEntry[]>
  /** The last entry's offset; 0 where there is none. @throws LogUnavailableError */
  endOf(partition: number): Promise<number>
}
