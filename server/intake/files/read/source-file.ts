import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, lstat, open, readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'

export type FileFormat = 'csv' | 'ndjson'

/** A file to import. */
export interface SourceFile {
  /** For people. */
  path: string
  /** Where it is, for the file system: a name may be no text. */
  at: string | Buffer
  /** Its name without folder and endings, as summaries name it: '2010-12-01'. */
  name: string
  format: FileFormat
  compressed: boolean
  /** Anybody may have put it there: no link is followed in its place. */
  isDropped?: boolean
  /** Once it is known by its hash: whatever reads it later must find the same. */
  identity?: FileIdentity
}

/** Tells whether a file has been written to, or replaced. */
type FileIdentity = Readonly<Record<'ino' | 'size' | 'mtimeNs', bigint>>

/** What cannot be imported as a whole. The message says what to do. */
export class SourceFileError extends Error {
  override readonly name = 'SourceFileError'
}

/** The file is another than when it was first read: somebody still writes it, or has taken it away. */
export class SourceFileChangedError extends SourceFileError {}

const FORMATS: Readonly<Record<string, FileFormat>> = {
  '.csv': 'csv',
  '.tsv': 'csv',
  '.txt': 'csv',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
}

/**
 * The files behind a path: the file itself, or a folder's files of known endings (csv, tsv, txt, ndjson, jsonl,
 * each also .gz) sorted by name.
 * @param format of every file, whatever its ending; undefined: by the ending
 * @throws SourceFileError when there is nothing to import
 */
export async function findSourceFiles(target: string, format?: FileFormat): Promise<SourceFile[]> {
  const found = await stat(target).catch(() => undefined)
  if (!found) throw new SourceFileError(`${target} does not exist: name a file or a folder of files.`)
  if (!found.isDirectory()) {
    if (!found.isFile()) {
      throw new SourceFileError(
        `${target} is no regular file: a pipe or a device cannot be read twice. Write it into a file first.`,
      )
    }
    return [sourceFileAt({ path: target, at: target }, format)]
  }
  const entries = await readdir(target, { withFileTypes: true })
  const files = entries
    .filter(entry => entry.isFile() && !entry.name.startsWith('.') && formatOf(entry.name) !== undefined)
    .map(entry => path.join(target, entry.name))
    .map(file => sourceFileAt({ path: file, at: file }, format))
    .sort((left, right) => (left.path < right.path ? -1 : 1))
  if (files.length === 0) {
    throw new SourceFileError(
      `${target} holds no file that ends in .csv, .ndjson or .jsonl (or those with .gz).`,
    )
  }
  return files
}

/** What lies in a folder and is no file to import, by name: of another ending, hidden, a folder or a link. */
export async function leftOutOf(target: string): Promise<string[]> {
  const found = await stat(target).catch(() => undefined)
  if (!found?.isDirectory()) return []
  const taken = new Set((await findSourceFiles(target).catch(() => [])).map(file => path.basename(file.path)))
  return (await readdir(target)).filter(name => !taken.has(name)).sort()
}

/** @param format whatever its ending; undefined: by the ending, csv where it says nothing */
export function sourceFileAt(
  { path: file, at }: Pick<SourceFile, 'path' | 'at'>,
  format: FileFormat = formatOf(file) ?? 'csv',
): SourceFile {
  const base = path.basename(file)
  const compressed = base.toLowerCase().endsWith('.gz')
  const plain = compressed ? base.slice(0, -'.gz'.length) : base
  const name = formatOf(plain) === undefined ? plain : plain.slice(0, -path.extname(plain).length)
  return { path: file, at, name, format, compressed }
}

function formatOf(file: string): FileFormat | undefined {
  const plain = file.toLowerCase().replace(/\.gz$/, '')
  return FORMATS[path.extname(plain)]
}

/**
 * Reads a file for the first time: its SHA-256 as it lies there, in hex, by which it is known again, and the file as it
 * is to be read from now on. Should it change, or go away, whatever reads it throws SourceFileChangedError.
 * @throws SourceFileError
 */
export async function identifyFile(file: SourceFile): Promise<{ file: SourceFile; sha256: string }> {
  const hash = createHash('sha256')
  const identified = { ...file, identity: await identityOf(file) }
  if (identified.identity.size === 0n) throw new SourceFileError(`${file.path} is empty.`)
  try {
    await pipeline(await openBytes(file), hash)
  } catch (cause) {
    throw toReadError(cause, file)
  }
  await refuseChange(identified)
  return { file: identified, sha256: hash.digest('hex') }
}

async function identityOf(file: SourceFile): Promise<FileIdentity> {
  try {
    const { ino, size, mtimeNs } = await (file.isDropped ? lstat : stat)(file.at, { bigint: true })
    return { ino, size, mtimeNs }
  } catch (cause) {
    throw toReadError(cause, file)
  }
}

async function refuseChange(file: SourceFile): Promise<void> {
  const { identity } = file
  if (!identity) return
  const now = await identityOf(file)
  if (now.ino === identity.ino && now.size === identity.size && now.mtimeNs === identity.mtimeNs) return
  throw new SourceFileChangedError(
    `${file.path} changed while it was read (${identity.size} bytes, then ${now.size}): set its mark when it is complete.`,
  )
}

const CHUNK_BYTES = 262_144

/**
 * The file's text, piece by piece, in constant memory. A byte order mark decides over the mapping's encoding and
 * is left out. Bytes that are no text in that encoding become U+FFFD.
 * @throws SourceFileError when it cannot be read or is not the gzip its name says
 */
export async function* readText(file: SourceFile, encoding: string): AsyncGenerator<string> {
  const decoder = new TextDecoder((await encodingByMark(file)) ?? encoding)
  for await (const chunk of readBytes(file)) {
    const text = decoder.decode(chunk, { stream: true })
    if (text !== '') yield text
  }
  const tail = decoder.decode()
  if (tail !== '') yield tail
}

/** The file's bytes, inflated, piece by piece. @throws SourceFileError as `readText` */
export async function* readBytes(file: SourceFile): AsyncGenerator<Buffer> {
  try {
    yield* await byteStream(file)
  } catch (cause) {
    await refuseChange(file)
    throw toReadError(cause, file)
  }
  await refuseChange(file)
}

/** Never waits for a pipe, and follows no link, that came in the file's place. */
async function openFile(file: SourceFile): Promise<FileHandle> {
  const noFollow = file.isDropped ? constants.O_NOFOLLOW : 0
  const handle = await open(file.at, constants.O_RDONLY | constants.O_NONBLOCK | noFollow)
  if ((await handle.stat()).isFile()) return handle
  await handle.close()
  throw new SourceFileChangedError(`${file.path} is no regular file any more.`)
}

async function openBytes(file: SourceFile): Promise<Readable> {
  return (await openFile(file)).createReadStream({ highWaterMark: CHUNK_BYTES })
}

async function byteStream(file: SourceFile): Promise<AsyncIterable<Buffer>> {
  const bytes = await openBytes(file)
  if (!file.compressed) return bytes
  const inflated = createGunzip({ chunkSize: CHUNK_BYTES })
  // An unreadable file must end the inflated stream too; `destroy` hands the error on.
  bytes.on('error', error => inflated.destroy(error))
  inflated.on('close', () => bytes.destroy())
  return bytes.pipe(inflated)
}

async function encodingByMark(file: SourceFile): Promise<string | null> {
  if (file.compressed) return null
  const handle = await openFile(file).catch((cause: unknown) => {
    throw toReadError(cause, file)
  })
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(3), 0, 3, 0)
    const mark = buffer.subarray(0, bytesRead).toString('hex')
    if (mark === 'efbbbf') return 'utf-8'
    if (mark.startsWith('fffe')) return 'utf-16le'
    return mark.startsWith('feff') ? 'utf-16be' : null
  } finally {
    await handle.close()
  }
}

function toReadError(cause: unknown, file: SourceFile): SourceFileError {
  if (cause instanceof SourceFileError) return cause
  const text = `${file.path} cannot be read: ${explain(cause, file)}`
  const isGone = (cause as { code?: string }).code === 'ENOENT'
  return isGone ? new SourceFileChangedError(text, { cause }) : new SourceFileError(text, { cause })
}

function explain(cause: unknown, file: SourceFile): string {
  const { code, message } = cause as { code?: string; message?: string }
  if (code?.startsWith('Z_')) return `it ends in .gz but is no whole gzip file (${message})`
  if (code === 'ENOENT') return 'it is not there any more'
  if (code === 'EACCES') return 'the rights of this user do not reach it'
  return message ?? `unknown error while reading ${file.path}`
}
