import type { BigIntStats } from 'node:fs'
import { access, constants, lstat, readdir } from 'node:fs/promises'
import { HOUR_MS, type Instant, SECOND_MS } from '#domain/instant.ts'
import { messageOf } from '#platform/command.ts'
import { displayName, joinPath, MAX_NAME_BYTES } from './file-names.ts'

/*
 * Invariant: whatever lies in the drop folder is either ready to be taken, on its way (younger than a stated span), or
 * untaken with a reason. Nothing is left out in silence but hidden files without a mark, which are somebody's tools'.
 *
 *   <drop folder>/<mapping>.json              a mapping
 *                 <mapping>/<file>            ready once <file>.done lies beside it
 *                           loaded/ failed/   what was taken
 *
 * Nothing is followed: a link may lead out of the folder.
 */

const DONE = '.done'

/** Reviews come every half hour, with a job of their own. */
export const REVIEWS = 'reviews'

/** A file that is complete. */
export interface DroppedFile {
  mapping: string
  /** With its endings, as people read it. */
  name: string
  /** `<mapping>/<name>` */
  place: string
  /** Of the file, as people read it. */
  path: string
  dropDir: string
  /** Its name and its paths as they are on the disk. */
  bytes: { name: Buffer; folder: Buffer; file: Buffer; mark: Buffer }
  /** Of this file with this mark: another file, or a mark set anew, has another. */
  fingerprint: string
  /** Since when it could be taken. */
  readyAt: Instant
}

/** What is not taken, and why. */
export interface Untaken {
  /** Path below the drop folder. */
  place: string
  reason: UntakenReason
  /** What to do about it. */
  detail: string
}

export type UntakenReason =
  | 'no_regular_file'
  | 'folder'
  | 'wrong_place'
  | 'hidden'
  | 'name_too_long'
  | 'without_mark'
  | 'mark_without_file'
  | 'still_written'
  | 'unreadable_folder'
  | 'read_only_folder'
  | 'unknown_mapping'
  | 'waiting'
  | 'failing'
  | 'given_up'

export interface DropListing {
  ready: DroppedFile[]
  untaken: Untaken[]
  /** Marks whose file is not there: on its way, or taken by a process that died before it removed them. */
  loneMarks: { place: string; path: Buffer }[]
  /** Names of the folders in which anything lies. */
  mappings: string[]
  /** Names of the mapping files beside them, without their ending. */
  mappingFiles: string[]
}

/** A mark or a file may be on its way so long before anybody is told. */
const ON_ITS_WAY_MS = 30 * SECOND_MS
/** A file without a mark is being written, for so long. */
const WITHOUT_MARK_MS = HOUR_MS

/**
 * Looks at all that lies in a drop folder. One that does not exist is empty.
 * @param now by the clock of the file system
 * @throws when the folder cannot be read
 */
export async function lookAtDropFolder(dropDir: string, now: Instant = Date.now()): Promise<DropListing> {
  const listing: DropListing = { ready: [], untaken: [], loneMarks: [], mappings: [], mappingFiles: [] }
  const root = Buffer.from(dropDir)
  for (const name of await namesIn(root)) {
    if (isHidden(name)) continue
    const place = displayName(name)
    const stats = await statOf(joinPath(root, name))
    if (!stats) continue
    if (stats.isDirectory()) await lookAtMapping({ dropDir, name, now }, listing)
    else if (!stats.isFile()) listing.untaken.push(noRegularFile(place, stats))
    else if (place.endsWith('.json')) listing.mappingFiles.push(place.slice(0, -'.json'.length))
    else {
      listing.untaken.push({
        place,
        reason: 'wrong_place',
        detail: 'files lie in a folder that is named after their mapping: <mapping>/<file>',
      })
    }
  }
  return listing
}

interface MappingFolder {
  dropDir: string
  name: Buffer
  now: Instant
}

async function lookAtMapping({ dropDir, name, now }: MappingFolder, listing: DropListing): Promise<void> {
  const mapping = displayName(name)
  const folder = joinPath(dropDir, name)
  let names: Buffer[]
  try {
    names = await namesIn(folder)
  } catch (error) {
    const detail = `the folder cannot be read: ${messageOf(error)}`
    listing.untaken.push({ place: mapping, reason: 'unreadable_folder', detail })
    return
  }
  const visible = names.filter(entry => !isHidden(entry) && !isPlaceOfTaken(entry))
  if (visible.length > 0) listing.mappings.push(mapping)
  const entries = await statEach(folder, names)
  const found: DropListing = { ...listing, ready: [], untaken: [], loneMarks: [] }
  for (const entry of entries.values()) judge(entry, { mapping, dropDir, folder, now, entries }, found)
  if (found.ready.length > 0 && !(await isWritable(folder))) {
    // Taken and not moved away, it would be taken again and again.
    const detail = `complete files wait (${found.ready.length}): they are moved away once they are loaded, and this user may not write here`
    found.untaken.push({ place: mapping, reason: 'read_only_folder', detail })
    found.ready = []
  }
  listing.ready.push(...found.ready)
  listing.untaken.push(...found.untaken)
  listing.loneMarks.push(...found.loneMarks)
}

interface Entry {
  name: Buffer
  stats: BigIntStats
}

interface Folder {
  mapping: string
  dropDir: string
  folder: Buffer
  now: Instant
  /** By name, a character a byte. */
  entries: ReadonlyMap<string, Entry>
}

function judge({ name, stats }: Entry, context: Folder, listing: DropListing): void {
  const { mapping, dropDir, folder, now, entries } = context
  const place = `${mapping}/${displayName(name)}`
  const mark = entries.get(keyOf(name) + DONE)
  const tell = (reason: UntakenReason, detail: string) => listing.untaken.push({ place, reason, detail })
  if (isPlaceOfTaken(name)) {
    if (!stats.isDirectory())
      tell('no_regular_file', 'what was taken is moved into this folder, and it is none')
    return
  }
  if (isHidden(name)) {
    if (mark || (isMark(name) && name.length > DONE.length))
      tell('hidden', 'hidden files are not taken: give it a name that does not begin with a dot')
    return
  }
  if (stats.isDirectory()) {
    tell('folder', 'files lie directly in the folder of their mapping, not in a folder below it')
    return
  }
  if (!stats.isFile()) {
    listing.untaken.push(noRegularFile(place, stats))
    return
  }
  if (isMark(name)) {
    const file = entries.get(keyOf(name).slice(0, -DONE.length))
    if (file) return
    listing.loneMarks.push({ place, path: joinPath(folder, name) })
    if (now - changedAt(stats) >= ON_ITS_WAY_MS)
      tell('mark_without_file', `its file, ${displayName(name.subarray(0, -DONE.length))}, is not there`)
    return
  }
  if (!mark?.stats.isFile()) {
    if (name.length + DONE.length > MAX_NAME_BYTES) {
      tell(
        'name_too_long',
        `its mark would need more than ${MAX_NAME_BYTES} bytes: a name may have ${MAX_NAME_BYTES - DONE.length}`,
      )
    } else if (now - changedAt(stats) >= WITHOUT_MARK_MS) {
      tell(
        'without_mark',
        `no ${displayName(name)}${DONE} lies beside it, which would say that it is complete`,
      )
    }
    return
  }
  // A mark that came before its file says nothing of the file's end: then it must have been quiet for a while.
  if (mark.stats.ctimeNs < stats.ctimeNs && now - changedAt(stats) < ON_ITS_WAY_MS) {
    tell('still_written', 'it changed after its mark was set: taken once it is unchanged for 30 seconds')
    return
  }
  listing.ready.push({
    mapping,
    name: displayName(name),
    place,
    path: `${dropDir}/${place}`,
    dropDir,
    bytes: { name, folder, file: joinPath(folder, name), mark: joinPath(folder, mark.name) },
    fingerprint: [stats, mark.stats]
      .flatMap(({ ino, size, mtimeNs, ctimeNs }) => [ino, size, mtimeNs, ctimeNs])
      .join('.'),
    readyAt: Math.max(changedAt(stats), changedAt(mark.stats)),
  })
}

function noRegularFile(place: string, stats: BigIntStats): Untaken {
  const kind = stats.isSymbolicLink()
    ? 'a symbolic link, and links are not followed: put the file itself here'
    : stats.isFIFO()
      ? 'a pipe'
      : stats.isSocket()
        ? 'a socket'
        : 'a device'
  return { place, reason: 'no_regular_file', detail: `it is ${kind}` }
}

async function namesIn(folder: Buffer): Promise<Buffer[]> {
  try {
    return (await readdir(folder, { encoding: 'buffer' })).sort(Buffer.compare)
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return []
    throw error
  }
}

async function statEach(folder: Buffer, names: readonly Buffer[]): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>()
  for (const name of names) {
    const stats = await statOf(joinPath(folder, name))
    if (stats) entries.set(keyOf(name), { name, stats })
  }
  return entries
}

/** Null when it went away since it was listed. */
async function statOf(path: Buffer): Promise<BigIntStats | null> {
  try {
    return await lstat(path, { bigint: true })
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return null
    throw error
  }
}

async function isWritable(folder: Buffer): Promise<boolean> {
  return access(folder, constants.W_OK).then(
    () => true,
    () => false,
  )
}

/** When its content, its name or its place last changed. Of a file that was moved here, the content may be older. */
function changedAt({ ctimeMs }: BigIntStats): Instant {
  return Number(ctimeMs)
}

function keyOf(name: Buffer): string {
  return name.toString('latin1')
}

function isHidden(name: Buffer): boolean {
  return name[0] === '.'.charCodeAt(0)
}

function isMark(name: Buffer): boolean {
  return keyOf(name).endsWith(DONE)
}

function isPlaceOfTaken(name: Buffer): boolean {
  return ['loaded', 'failed'].includes(keyOf(name))
}
