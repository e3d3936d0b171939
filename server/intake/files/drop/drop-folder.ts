import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { lstat, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { ReservedSql } from 'postgres'
import { connect, type Sql } from '#db/client.ts'
import { isDatabaseAway } from '#db/database-away.ts'
import { messageOf } from '#platform/command.ts'
import {
  builtInMappings,
  findMapping,
  type Mapping,
  MappingError,
} from '#server/intake/files/interpret/mapping.ts'
import { identifyFile, SourceFileError, sourceFileAt } from '#server/intake/files/read/source-file.ts'
import {
  interruptedAttempts,
  type LedgerKey,
  moveRejects,
  resultSince,
  stateOf,
} from '#server/intake/files/store/file-ledger.ts'
import { runImport } from '#server/intake/files/store/run-import.ts'
import { type FileSummary, unreadFile } from '#server/intake/files/store/summary.ts'
import { StoreRefusedError } from '#server/intake/stores/stores.ts'
import {
  type Attempt,
  beginTry,
  endTry,
  forgetAttempts,
  MAX_TRIES,
  noteMoving,
  readAttempts,
  type Try,
} from './attempts.ts'
import { displayName, joinPath, shortHash, withSuffix } from './file-names.ts'
import { type DroppedFile, lookAtDropFolder, REVIEWS } from './look.ts'

// Whoever loads dropped files does it here: the intake (every folder but reviews, as they come), a job (reviews,
// every half hour), a command by hand. A file lies in one of three places, and its mark goes last:
//
//   <mapping>/<file> + <file>.done ──lock──> import ──> loaded/ or failed/<file> with its summary and rejects
//
// Invariant: a file has one owner at a time, by a lock that ends with its connection; whoever dies on the way leaves
// the file where it lay, and the next owner goes on. Nothing is removed but what was taken, and nothing is tried for
// ever: after a failure a file waits, longer each time, and in the end it is left where it lies, and told.

/** Reviews come every half hour, with a job of their own; every other folder is watched and loaded at once. */
export type DropFolders = 'watched' | 'reviews'

export type TakenFile = Pick<DroppedFile, 'mapping' | 'name' | 'path' | 'dropDir'> &
  (
    | { state: 'loaded' | 'failed'; summary: FileSummary }
    /** Another process has it, or had it and has moved it. */
    | { state: 'busy' }
    /** Left where it is for the next time: the database went away, or something unforeseen happened. */
    | { state: 'retry'; error: unknown }
  )

interface DropFolderOptions {
  /** A migrated database. */
  databaseUrl: string
  /** Files arrive in it as `<mapping>/<file>`, and are complete once `<file>.done` lies beside them. */
  dropDir: string
  folders: DropFolders
  /** Told of each file when it is settled, left for later, or found in another's hands. */
  onFile?(taken: TakenFile): void | Promise<void>
}

/** Whether anything is to be done now: a file whose try is not due is not worth a start. */
export async function isAnyDue(sql: Sql, dropDir: string, folders: DropFolders): Promise<boolean> {
  const { ready, loneMarks } = await lookAtDropFolder(dropDir)
  const files = ready.filter(file => isIn(folders, file))
  if (files.length + loneMarks.length === 0) return false
  const attempts = await readAttempts(sql, dropDir)
  return (
    files.some(file => isDue(attempts.get(file.place), file)) ||
    loneMarks.some(mark => attempts.get(placeOfMark(mark))?.isMoving)
  )
}

function isDue(attempt: Attempt | undefined, file: DroppedFile): boolean {
  if (attempt?.fingerprint !== file.fingerprint) return true
  return attempt.nextTryAt !== null && attempt.tries < MAX_TRIES && attempt.nextTryAt <= Date.now()
}

function placeOfMark({ place }: { place: string }): string {
  return place.slice(0, -'.done'.length)
}

function isIn(folders: DropFolders, { mapping }: Pick<DroppedFile, 'mapping'>): boolean {
  return (mapping === REVIEWS) === (folders === 'reviews')
}

/**
 * Takes every complete file of the folders that is due, one after another, in the order of their names. Safe beside
 * other processes that do the same: each file has one owner, and after a crash another takes it over.
 */
export async function importDroppedFiles(options: DropFolderOptions): Promise<TakenFile[]> {
  const { ready, loneMarks } = await lookAtDropFolder(options.dropDir)
  const files = ready.filter(file => isIn(options.folders, file))
  const taken: TakenFile[] = []
  if (files.length === 0 && loneMarks.length === 0) return taken
  const sql = connect(options.databaseUrl, { max: 3, applicationName: 'tillstream drop folder' })
  try {
    for (const file of files) {
      const result = await takeDroppedFile(file, { sql, databaseUrl: options.databaseUrl })
      if (!result) continue
      taken.push(result)
      await options.onFile?.(result)
    }
    if (loneMarks.length > 0) await removeMarksOfTaken(sql, { ...options, loneMarks })
  } finally {
    await sql.end({ timeout: 1 })
  }
  return taken
}

/**
 * A crash between the move of a file and the removal of its mark leaves the mark. It would release the next file of that
 * name before that is complete. Every other mark waits for its file.
 */
async function removeMarksOfTaken(
  sql: Sql,
  { dropDir, loneMarks }: { dropDir: string; loneMarks: readonly { place: string; path: Buffer }[] },
): Promise<void> {
  const attempts = await readAttempts(sql, dropDir)
  for (const mark of loneMarks) {
    const place = placeOfMark(mark)
    if (!attempts.get(place)?.isMoving) continue
    await rm(mark.path, { force: true })
    await forgetAttempts(sql, dropDir, [place])
  }
}

interface TakeContext {
  sql: Sql
  databaseUrl: string
}

/** After so many imports that ended without a result (the process died each time), a file is set aside. */
const MAX_INTERRUPTED = 5

/**
 * Imports one dropped file under a lock that ends with its connection, and moves it to `loaded/` or `failed/`.
 * Should the process die on the way, the file still lies there and the next owner goes on: what was appended is
 * recognised, and what was finished is only moved.
 * @returns null when its next try is not due
 */
async function takeDroppedFile(file: DroppedFile, context: TakeContext): Promise<TakenFile | null> {
  const { mapping, name, path: at, dropDir } = file
  const told = { mapping, name, path: at, dropDir }
  const { sql } = context
  let begun = null as Try | null
  try {
    const settled = await underLock(file, sql, async connection => {
      if (!existsSync(file.bytes.file)) return null
      begun = await beginTry(sql, file)
      if (!begun) return 'not due' as const
      const summary = await importUnlessDone(file, begun, context)
      // Nothing was decided: the file is read again when it is complete.
      if (summary.changed) throw new SourceFileError(summary.error ?? 'it changed while it was read')
      const state = stateOf(summary)
      return { state, summary: await settle(file, { state, summary, sql, connection }) }
    })
    if (settled === 'not due') return null
    return settled ? { ...told, ...settled } : { ...told, state: 'busy' }
  } catch (error) {
    // Without a database nothing can be kept of the try either.
    if (begun) await endTry(sql, file, tryThatFailed(begun, error)).catch(() => {})
    return { ...told, state: 'retry', error }
  }
}

/** That the database went away is not the file's fault: such a try does not count. */
function tryThatFailed({ tries }: Try, error: unknown): { tries: number; problem: string } {
  const isOfFile = (error as { path?: unknown }).path !== undefined
  return { tries: isDatabaseAway(error) && !isOfFile ? tries - 1 : tries, problem: messageOf(error) }
}

async function underLock<Result>(
  { place }: DroppedFile,
  sql: Sql,
  work: (connection: ReservedSql) => Promise<Result>,
): Promise<Result | null> {
  const connection = await sql.reserve()
  try {
    const [row] = await connection<{ locked: boolean }[]>`
      select pg_try_advisory_lock(hashtext('tillstream.drop'), hashtext(${place})) as locked`
    if (!row?.locked) return null
    try {
      return await work(connection)
    } finally {
      await connection`select pg_advisory_unlock(hashtext('tillstream.drop'), hashtext(${place}))`.catch(
        () => {
          // The connection is gone, and the lock with it.
        },
      )
    }
  } finally {
    connection.release()
  }
}

async function importUnlessDone(
  file: DroppedFile,
  { afterFile }: Try,
  { sql, databaseUrl }: TakeContext,
): Promise<FileSummary> {
  const found = { path: file.path, at: file.bytes.file }
  try {
    const mapping = await mappingOf(file)
    const source = { ...sourceFileAt(found, mapping.format), isDropped: true }
    const { sha256 } = await identifyFile(source)
    const key: LedgerKey = { mapping: mapping.name, name: path.basename(file.path), sha256 }
    const finished = await resultSince(sql, key, afterFile)
    if (finished) return finished
    if ((await interruptedAttempts(sql, key)) >= MAX_INTERRUPTED) {
      throw new SourceFileError(
        `its import ended ${MAX_INTERRUPTED} times without a result: see the log of the intake`,
      )
    }
    const rejects = workingRejects(file)
    const { files } = await runImport({ databaseUrl, files: [source], mapping, rejectsPathOf: () => rejects })
    const [summary] = files
    if (!summary) throw new Error('an import of one file has no summary')
    return summary
  } catch (error) {
    if (!isFaultOfFile(error)) throw error
    return unreadFile(sourceFileAt(found), error)
  }
}

/** What another try would not change. Of a file or a mapping that is not there, the system says what it says of sockets. */
function isFaultOfFile(error: unknown): error is Error {
  if (error instanceof SourceFileError || error instanceof MappingError) return true
  return error instanceof StoreRefusedError && !isDatabaseAway(error)
}

/** A built-in mapping of the folder's name, else `<mapping>.json` in the drop folder. @throws MappingError */
async function mappingOf({ mapping, dropDir }: DroppedFile): Promise<Mapping> {
  if ((await builtInMappings()).includes(mapping)) return findMapping(mapping, dropDir)
  const file = path.join(dropDir, `${mapping}.json`)
  const stats = await lstat(file).catch(() => null)
  if (stats && !stats.isFile())
    throw new MappingError(
      `${file} is no regular file: links are not followed. Put the mapping itself there.`,
    )
  return findMapping(file, dropDir)
}

/** Moves the file with its summary and rejects, and removes its mark last: until then the next owner can go on. */
async function settle(
  file: DroppedFile,
  {
    state,
    summary,
    sql,
    connection,
  }: { state: 'loaded' | 'failed'; summary: FileSummary; sql: Sql; connection: ReservedSql },
): Promise<FileSummary> {
  const folder = joinPath(file.bytes.folder, state)
  await mkdir(folder, { recursive: true })
  if (!(await lstat(folder)).isDirectory()) {
    throw new Error(`${displayName(folder)} is a link, and links are not followed: make it a folder`)
  }
  // One at a time in a folder: two files may ask for the same free name.
  await connection`select pg_advisory_lock(hashtext('tillstream.drop.settle'), hashtext(${file.mapping}))`
  try {
    const name = freeName(folder, file.bytes.name)
    const target = joinPath(folder, name)
    const rejectsAt = joinPath(folder, withSuffix(name, '.rejects.csv'))
    const rejects =
      summary.rejects !== null && existsSync(summary.rejects) ? displayPath(file, state, rejectsAt) : null
    const settled = { ...summary, rejects }
    if (summary.rejects !== null && rejects !== null) {
      await rename(summary.rejects, rejectsAt)
      await moveRejects(sql, summary.rejects, rejects)
    }
    await writeAnew(
      joinPath(folder, withSuffix(name, '.summary.json')),
      `${JSON.stringify({ ...settled, state, mapping: file.mapping }, null, 2)}\n`,
    )
    await noteMoving(sql, file)
    await rename(file.bytes.file, target)
    await rm(file.bytes.mark, { force: true })
    await forgetAttempts(sql, file.dropDir, [file.place])
    return settled
  } finally {
    await connection`select pg_advisory_unlock(hashtext('tillstream.drop.settle'), hashtext(${file.mapping}))`.catch(
      () => {
        // The connection is gone, and the lock with it.
      },
    )
  }
}

/** Whole or not at all, and never through what lies there: a link would lead out of the folder. */
async function writeAnew(target: Buffer, text: string): Promise<void> {
  const draft = joinPath(target.subarray(0, target.lastIndexOf('/')), `.${randomUUID()}`)
  try {
    await writeFile(draft, text, { flag: 'wx' })
    await rename(draft, target)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

function displayPath(file: DroppedFile, state: string, target: Buffer): string {
  const name = target.subarray(target.lastIndexOf('/') + 1)
  return path.join(file.dropDir, file.mapping, state, displayName(name))
}

/** Where rejects are written until the file moves; of any name, the same again after a crash. */
function workingRejects(file: DroppedFile): string {
  return path.join(file.dropDir, file.mapping, `.rejects-${shortHash(file.bytes.name)}.csv`)
}

/** A longer ending is part of the name. */
const MAX_ENDING_BYTES = 32

/** A file of that name may have come before: it stays, and this one gets a number. */
function freeName(folder: Buffer, wanted: Buffer): Buffer {
  if (!existsSync(joinPath(folder, wanted))) return wanted
  const dot = wanted.lastIndexOf('.')
  const end = dot > 0 && wanted.length - dot <= MAX_ENDING_BYTES ? dot : wanted.length
  for (let number = 2; ; number += 1) {
    const ending = Buffer.concat([Buffer.from(`~${number}`), wanted.subarray(end)])
    const numbered = withSuffix(wanted.subarray(0, end), ending)
    if (!existsSync(joinPath(folder, numbered))) return numbered
  }
}
