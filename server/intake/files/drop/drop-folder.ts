import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { connect } from '#db/client.ts'
import { type DroppedFile, type TakenFile, takeDroppedFile } from './dropped-file.ts'

const DONE = '.done'

/** Reviews come every half hour, with a job of their own; every other folder is watched and loaded at once. */
export type DropFolders = 'watched' | 'reviews'

const REVIEWS = 'reviews'

export interface DropFolderOptions {
  /** A migrated database. */
  databaseUrl: string
  /** Files arrive in it as `<mapping>/<file>`, and are complete once `<file>.done` lies beside them. */
  dropDir: string
  folders: DropFolders
  /** Told of each file when it is settled, left for later, or found in another's hands. */
  onFile?(taken: TakenFile): void
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
      options.onFile?.(result)
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
