import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { connect, type Sql } from '#db/client.ts'
import {
  builtInMappings,
  findMapping,
  type Mapping,
  MappingError,
} from '#server/intake/files/interpret/mapping.ts'
import {
  findSourceFiles,
  hashFile,
  type SourceFile,
  SourceFileError,
} from '#server/intake/files/read/source-file.ts'
import {
  interruptedAttempts,
  lastResult,
  moveRejects,
  stateOf,
} from '#server/intake/files/store/file-ledger.ts'
import { runImport } from '#server/intake/files/store/run-import.ts'
import { type FileSummary, NO_ROWS } from '#server/intake/files/store/summary.ts'
import { StoreRefusedError } from '#server/intake/stores/stores.ts'
import { classifyLogError } from '#server/log/log-errors.ts'

// Whoever loads dropped files does it here: the intake (every folder but reviews, as they come), a job (reviews,
// every half hour), a command by hand. A file lies in one of three places, and its mark goes last:
//
//   <mapping>/<file> + <file>.done ──lock──> import ──> loaded/ or failed/<file> with its summary and rejects
//
// Invariant: a file has one owner at a time, by a lock that ends with its connection; whoever dies on the way leaves
// the file where it lay, and the next owner goes on.

const DONE = '.done'

/** Reviews come every half hour, with a job of their own; every other folder is watched and loaded at once. */
export type DropFolders = 'watched' | 'reviews'

const REVIEWS = 'reviews'

interface DroppedFile {
  mapping: string
  /** File name with its endings. */
  name: string
  path: string
  dropDir: string
}

export type TakenFile = DroppedFile &
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

/** The files that are complete, by mapping and name. A folder that does not exist holds none. */
export async function findDroppedFiles(dropDir: string, folders: DropFolders): Promise<DroppedFile[]> {
  const files: DroppedFile[] = []
  for (const mapping of await mappingsOf(dropDir, folders)) {
    const folder = path.join(dropDir, mapping)
    const names = new Set(await filesOf(folder))
    for (const name of [...names].sort()) {
      if (name.endsWith(DONE) || !names.has(name + DONE)) continue
      files.push({ mapping, name, path: path.join(folder, name), dropDir })
    }
  }
  return files
}

/**
 * Takes every complete file of the folders, one after another, in the order of their names. Safe beside
 * other processes that do the same: each file has one owner, and after a crash another takes it over.
 */
export async function importDroppedFiles(options: DropFolderOptions): Promise<TakenFile[]> {
  const files = await findDroppedFiles(options.dropDir, options.folders)
  await removeStaleMarks(options)
  const taken: TakenFile[] = []
  if (files.length === 0) return taken
  const sql = connect(options.databaseUrl, { max: 2, applicationName: 'tillstream drop folder' })
  try {
    for (const file of files) {
      const result = await takeDroppedFile(file, { sql, databaseUrl: options.databaseUrl })
      taken.push(result)
      await options.onFile?.(result)
    }
  } finally {
    await sql.end({ timeout: 1 })
  }
  return taken
}

/**
 * A mark whose file is gone was left by a crash between the move and its removal. It would release the next
 * file of that name before it is complete.
 */
async function removeStaleMarks({ dropDir, folders }: DropFolderOptions): Promise<void> {
  for (const mapping of await mappingsOf(dropDir, folders)) {
    const folder = path.join(dropDir, mapping)
    const names = new Set(await filesOf(folder))
    for (const name of names) {
      if (name.endsWith(DONE) && !names.has(name.slice(0, -DONE.length)))
        await rm(path.join(folder, name), { force: true })
    }
  }
}

async function mappingsOf(dropDir: string, folders: DropFolders): Promise<string[]> {
  const mappings = await foldersOf(dropDir)
  return mappings.filter(mapping => (mapping === REVIEWS) === (folders === 'reviews'))
}

async function foldersOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(emptyIfMissing)
  return entries
    .filter(entry => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(entry => entry.name)
    .sort()
}

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(emptyIfMissing)
  return entries.filter(entry => entry.isFile() && !entry.name.startsWith('.')).map(entry => entry.name)
}

function emptyIfMissing(error: unknown): [] {
  if ((error as { code?: string }).code === 'ENOENT') return []
  throw error
}

interface TakeContext {
  sql: Sql
  databaseUrl: string
}

/** After so many imports that ended without a result (the process died each time), a file is set aside. */
const MAX_ATTEMPTS = 5

/**
 * Imports one dropped file under a lock that ends with its connection, and moves it to `loaded/` or `failed/`.
 * Should the process die on the way, the file still lies there and the next owner goes on: what was appended is
 * recognised, and what was finished is only moved.
 */
async function takeDroppedFile(file: DroppedFile, context: TakeContext): Promise<TakenFile> {
  try {
    const settled = await underLock(file, context.sql, async () => {
      if (!existsSync(file.path)) return null
      const summary = await importUnlessDone(file, context)
      const state = stateOf(summary)
      return { state, summary: await settle(file, { state, summary, sql: context.sql }) }
    })
    return settled ? { ...file, ...settled } : { ...file, state: 'busy' }
  } catch (error) {
    return { ...file, state: 'retry', error }
  }
}

async function underLock<Result>(
  { mapping, name }: DroppedFile,
  sql: Sql,
  work: () => Promise<Result>,
): Promise<Result | null> {
  const connection = await sql.reserve()
  const key = `${mapping}/${name}`
  try {
    const [row] = await connection<{ locked: boolean }[]>`
      select pg_try_advisory_lock(hashtext('tillstream.drop'), hashtext(${key})) as locked`
    if (!row?.locked) return null
    try {
      return await work()
    } finally {
      await connection`select pg_advisory_unlock(hashtext('tillstream.drop'), hashtext(${key}))`.catch(() => {
        // The connection is gone, and the lock with it.
      })
    }
  } finally {
    connection.release()
  }
}

async function importUnlessDone(file: DroppedFile, { sql, databaseUrl }: TakeContext): Promise<FileSummary> {
  try {
    const mapping = await mappingOf(file)
    const [source] = await findSourceFiles(file.path, mapping.format)
    if (!source) throw new SourceFileError(`${file.path} is no file`)
    const key = { mapping: mapping.name, name: file.name, sha256: await hashFile(source) }
    const finished = await lastResult(sql, key)
    if (finished && finished.path === file.path && !existsSync(placeOf(file, 'loaded'))) return finished
    if ((await interruptedAttempts(sql, key)) >= MAX_ATTEMPTS) {
      throw new SourceFileError(
        `its import ended ${MAX_ATTEMPTS} times without a result: see the log of the intake`,
      )
    }
    return await importNow(source, { databaseUrl, mapping, rejects: workingRejects(file) })
  } catch (error) {
    if (!isFaultOfFile(error)) throw error
    return { ...NO_ROWS, file: file.name, path: file.path, rejects: null, error: error.message }
  }
}

async function importNow(
  source: SourceFile,
  { databaseUrl, mapping, rejects }: { databaseUrl: string; mapping: Mapping; rejects: string },
): Promise<FileSummary> {
  const { files } = await runImport({ databaseUrl, files: [source], mapping, rejectsPathOf: () => rejects })
  const [summary] = files
  if (!summary) throw new Error('an import of one file has no summary')
  return summary
}

function isFaultOfFile(error: unknown): error is Error {
  if (classifyLogError(error).kind === 'unavailable') return false
  return (
    error instanceof SourceFileError || error instanceof MappingError || error instanceof StoreRefusedError
  )
}

/** A built-in mapping of the folder's name, else `<mapping>.json` in the drop folder. */
async function mappingOf({ mapping, dropDir }: DroppedFile): Promise<Mapping> {
  const builtIn = (await builtInMappings()).includes(mapping)
  return findMapping(builtIn ? mapping : `${mapping}.json`, dropDir)
}

/** Moves the file with its summary and rejects, and removes its mark last: until then the next owner can go on. */
async function settle(
  file: DroppedFile,
  { state, summary, sql }: { state: 'loaded' | 'failed'; summary: FileSummary; sql: Sql },
): Promise<FileSummary> {
  const target = await freePlace(placeOf(file, state))
  await mkdir(path.dirname(target), { recursive: true })
  const rejects = summary.rejects !== null && existsSync(summary.rejects) ? `${target}.rejects.csv` : null
  const settled = { ...summary, rejects }
  if (summary.rejects !== null && rejects !== null) {
    await rename(summary.rejects, rejects)
    await moveRejects(sql, summary.rejects, rejects)
  }
  await writeFile(
    `${target}.summary.json`,
    `${JSON.stringify({ ...settled, state, mapping: file.mapping }, null, 2)}\n`,
  )
  await rename(file.path, target)
  await rm(`${file.path}.done`, { force: true })
  return settled
}

function placeOf(file: DroppedFile, state: 'loaded' | 'failed'): string {
  return path.join(file.dropDir, file.mapping, state, file.name)
}

function workingRejects(file: DroppedFile): string {
  return path.join(file.dropDir, file.mapping, `.${file.name}.rejects.csv`)
}

/** A file of that name may have come before: it stays, and this one gets a number. */
async function freePlace(wanted: string): Promise<string> {
  if (!existsSync(wanted)) return wanted
  const { dir, name, ext } = path.parse(wanted)
  for (let number = 2; ; number += 1) {
    const numbered = path.join(dir, `${name}~${number}${ext}`)
    if (!existsSync(numbered)) return numbered
  }
}
