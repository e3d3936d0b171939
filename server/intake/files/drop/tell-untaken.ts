import { lstat } from 'node:fs/promises'
import path from 'node:path'
import type { Sql } from '#db/client.ts'
import { HOUR_MS, type Instant, MINUTE_MS } from '#domain/instant.ts'
import { messageOf } from '#platform/command.ts'
import { storableText } from '#server/intake/files/interpret/cells.ts'
import { builtInMappings, findMapping } from '#server/intake/files/interpret/mapping.ts'
import { type Attempt, forgetAttempts, MAX_TRIES, readAttempts } from './attempts.ts'
import { type DropListing, type DroppedFile, lookAtDropFolder, REVIEWS, type Untaken } from './look.ts'

/** What is not taken, and when it is tried again by itself; null: never. */
export type UntakenFile = Untaken & { nextTryAt: Instant | null }

/** Most entries of a folder that are kept; all of them are counted. */
const MAX_TOLD = 1_000

/**
 * Looks at a drop folder and keeps what lies in it untaken, with its reason, where the page Pipeline reads it.
 * @returns what is untaken; null when the folder itself cannot be read, which is kept as well
 */
export async function tellUntaken(
  sql: Sql,
  dropDir: string,
  now: Instant = Date.now(),
): Promise<{ untaken: UntakenFile[] } | { problem: string }> {
  let listing: DropListing
  try {
    listing = await lookAtDropFolder(dropDir, now)
  } catch (error) {
    const problem = messageOf(error)
    await keep(sql, { dropDir, problem, untaken: [] })
    return { problem }
  }
  const attempts = await readAttempts(sql, dropDir)
  const untaken = [
    ...listing.untaken,
    ...(await problemsOfMappings(dropDir, listing)),
    ...listing.ready.flatMap(file => untakenOf(file, attempts.get(file.place), now)),
  ]
    .map(entry => ({ nextTryAt: null, ...entry, detail: storableText(entry.detail) }))
    .sort((one, other) => (one.place < other.place ? -1 : 1))
  await forgetAttempts(sql, dropDir, placesGone(listing, attempts))
  await keep(sql, { dropDir, problem: null, untaken })
  return { untaken }
}

/** A complete file waits its turn for so long before that is told: files are loaded one after another. */
const TURN_MS = MINUTE_MS
/** Reviews are loaded every half hour. */
const TURN_OF_REVIEWS_MS = HOUR_MS

function untakenOf(
  file: DroppedFile,
  attempt: Attempt | undefined,
  now: Instant,
): (Untaken & { nextTryAt: Instant | null })[] {
  const { place } = file
  const tried = attempt?.fingerprint === file.fingerprint ? attempt : undefined
  const isOver = tried && (tried.nextTryAt === null || (tried.tries >= MAX_TRIES && tried.nextTryAt <= now))
  if (isOver) {
    const detail = `tried ${tried.tries} times, now left where it lies: ${tried.problem ?? 'its import ended without a word'}. Put that right and set its mark anew`
    return [{ place, reason: 'given_up', detail, nextTryAt: null }]
  }
  if (tried?.problem) {
    const detail = `try ${tried.tries} of ${MAX_TRIES} failed: ${tried.problem}`
    return [{ place, reason: 'failing', detail, nextTryAt: tried.nextTryAt }]
  }
  if (tried && !tried.isMoving) return []
  const isReview = file.mapping === REVIEWS
  if (now - file.readyAt < (isReview ? TURN_OF_REVIEWS_MS : TURN_MS)) return []
  const detail = isReview
    ? 'complete, and the job reviews_import, which takes it every half hour, has not run: see Jobs'
    : 'complete, and waits until the files before it are loaded'
  return [{ place, reason: 'waiting', detail, nextTryAt: null }]
}

/** Folders without a mapping, and mappings that cannot be used: what comes for them would fail. */
async function problemsOfMappings(dropDir: string, listing: DropListing): Promise<Untaken[]> {
  const builtIn = new Set(await builtInMappings())
  const names = new Set([...listing.mappings, ...listing.mappingFiles])
  const problems: Untaken[] = []
  for (const name of names) {
    if (builtIn.has(name)) continue
    const file = path.join(dropDir, `${name}.json`)
    const isFile = await lstat(file).then(
      stats => stats.isFile(),
      () => false,
    )
    const fault = isFile
      ? await findMapping(file, dropDir).then(() => null, messageOf)
      : `there is no mapping ${name}: put ${name}.json beside the folder (docs/mappings.md), or name the folder after one of ${[...builtIn].join(', ')}`
    if (fault !== null) problems.push({ place: name, reason: 'unknown_mapping', detail: fault })
  }
  return problems
}

function placesGone(listing: DropListing, attempts: ReadonlyMap<string, Attempt>): string[] {
  const there = new Set([
    ...listing.ready.map(({ place }) => place),
    ...listing.untaken.map(({ place }) => place),
    ...listing.loneMarks.map(({ place }) => place.slice(0, -'.done'.length)),
  ])
  return [...attempts.keys()].filter(place => !there.has(place))
}

async function keep(
  sql: Sql,
  { dropDir, problem, untaken }: { dropDir: string; problem: string | null; untaken: readonly UntakenFile[] },
): Promise<void> {
  const kept = untaken.slice(0, MAX_TOLD)
  await sql.begin(async transaction => {
    await transaction`
      insert into intake.drop_folders (drop_dir, looked_at, problem, untaken)
      values (${dropDir}, clock_timestamp(), ${problem}, ${untaken.length})
      on conflict (drop_dir) do update
      set looked_at = excluded.looked_at, problem = excluded.problem, untaken = excluded.untaken`
    await transaction`
      delete from intake.untaken_files
      where drop_dir = ${dropDir} and place <> all(${kept.map(({ place }) => place)}::text[])`
    await transaction`
      insert into intake.untaken_files as known (drop_dir, place, reason, detail, next_try_at)
      select ${dropDir}, place, reason, detail, next_try_at
      from unnest(
        ${kept.map(({ place }) => place)}::text[], ${kept.map(({ reason }) => reason)}::text[],
        ${kept.map(({ detail }) => detail)}::text[], ${kept.map(({ nextTryAt }) => nextTryAt && new Date(nextTryAt).toISOString())}::text[]::timestamptz[]
      ) as told(place, reason, detail, next_try_at)
      on conflict (drop_dir, place) do update
      set reason = excluded.reason, detail = excluded.detail, next_try_at = excluded.next_try_at,
        since = case when known.reason = excluded.reason then known.since else excluded.since end
      where (known.reason, known.detail, known.next_try_at)
        is distinct from (excluded.reason, excluded.detail, excluded.next_try_at)`
  })
}
