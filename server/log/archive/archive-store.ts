import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'

/**
 * Where the archive lies: names with slashes in them, each a file that is written whole or not at all. A file of a
 * name that carries its checksum is never changed; manifests are replaced.
 */
export interface ArchiveStore {
  /** As people read it, and as it is opened again: a folder, or s3://bucket/prefix. */
  readonly address: string
  /** The names that begin so, in order. */
  list(prefix: string): Promise<string[]>
  /** @returns null where there is no such name */
  readText(name: string): Promise<string | null>
  writeText(name: string, text: string): Promise<void>
  /** Puts a file of this machine there. */
  upload(name: string, file: LocalFile): Promise<void>
  /**
   * The file on this machine: itself where the archive is a folder, else fetched into `folder`.
   * @throws ArchiveError where there is none
   */
  localPath(name: string, folder: string): Promise<string>
  /** The folder that holds what `localPath` answers. */
  localFolder(folder: string): string
  remove(name: string): Promise<void>
}

export interface LocalFile {
  path: string
  bytes: number
  sha256: string
}

/** Size and SHA-256 of a file, read once from end to end. */
export async function describeFile(file: string): Promise<LocalFile> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    hash.update(chunk)
    bytes += chunk.length
  }
  return { path: file, bytes, sha256: hash.digest('hex') }
}
