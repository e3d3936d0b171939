import { type Instant, MINUTE_MS } from '#domain/instant.ts'
import type { Serving } from '#server/serving/serving.ts'

/** A file, or something else, that lies in a drop folder and is not taken. */
export interface UntakenFile {
  /** Path below the folder. */
  place: string
  /** What is the matter and what to do, as a sentence. */
  detail: string
  /** Since when it is told. */
  since: Instant
  /** When it is tried again by itself; null: never. */
  nextTryAt: Instant | null
}

/** A folder in which files arrive, as the intake that watches it saw it last. */
export interface DropFolder {
  dropDir: string
  lookedAt: Instant
  /** Nobody has looked for a minute: what is listed may be past, and what has come since is not. */
  isStale: boolean
  /** Why it could not be read; null: it could. */
  problem: string | null
  /** How many there are; the first 100 are listed. */
  untakenCount: number
  untaken: UntakenFile[]
}

const MAX_LISTED = 100
/** The intake looks every ten seconds. */
const STALE_MS = MINUTE_MS

/** What lies in the drop folders and why it is not taken. */
export async function readDropFolders({
  sql,
}: Pick<Serving, 'sql'>): Promise<{ now: Instant; folders: DropFolder[] }> {
  const [folders, files, [clock]] = await Promise.all([
    sql<{ dropDir: string; lookedAt: Instant; problem: string | null; untakenCount: number }[]>`
      select drop_dir as "dropDir", looked_at as "lookedAt", problem, untaken as "untakenCount"
      from intake.drop_folders order by drop_dir`,
    sql<(UntakenFile & { dropDir: string })[]>`
      select drop_dir as "dropDir", place, detail, since, next_try_at as "nextTryAt"
      from (
        select *, row_number() over (partition by drop_dir order by since desc, place) as number
        from intake.untaken_files
      ) newest
      where number <= ${MAX_LISTED} order by drop_dir, number`,
    sql<{ now: Instant }[]>`select clock_timestamp() as now`,
  ])
  const now = clock?.now ?? 0
  return {
    now,
    folders: folders.map(folder => ({
      ...folder,
      isStale: now - folder.lookedAt > STALE_MS,
      untaken: files
        .filter(({ dropDir }) => dropDir === folder.dropDir)
        .map(({ dropDir: _, ...file }) => file),
    })),
  }
}
