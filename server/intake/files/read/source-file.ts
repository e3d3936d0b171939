import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'

export type FileFormat = 'csv' | 'ndjson'

/** A file to import. */
export interface SourceFile {
  path: string
  /** Its name without folder and endings, as summaries name it: '2010-12-01'. */
  name: string
  format: FileFormat
  compressed: boolean
}

/** What cannot be imported as a whole. The message says what to do. */
export class SourceFileError extends Error {
  override readonly name = 'SourceFileError'
}

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
  if (!found.isDirectory()) return [toSourceFile(target, format ?? formatOf(target) ?? 'csv')]
  const entries = await readdir(target, { withFileTypes: true })
  const files = entries
    .filter(entry => entry.isFile() && !entry.name.startsWith('.') && formatOf(entry.name) !== undefined)
    .map(entry => toSourceFile(path.join(target, entry.name), format ?? formatOf(entry.name) ?? 'csv'))
    .sort((left, right) => (left.path < right.path ? -1 : 1))
  if (files.length === 0) {
    throw new SourceFileError(
      `${target} holds no file that ends in .csv, .ndjson or .jsonl (or those with .gz).`,
    )
  }
  return files
}

function toSourceFile(file: string, format: FileFormat): SourceFile {
  const base = path.basename(file)
  const compressed = base.toLowerCase().endsWith('.gz')
  const plain = compressed ? base.slice(0, -'.gz'.length) : base
  const name = formatOf(plain) === undefined ? plain : plain.slice(0, -path.extname(plain).length)
  return { path: file, name, format, compressed }
}

function formatOf(file: string): FileFormat | undefined {
  const plain = file.toLowerCase().replace(/\.gz$/, '')
  return FORMATS[path.extname(plain)]
}

/** SHA-256 of the file as it lies there, in hex: by it a file is known again. @throws SourceFileError */
export async function hashFile(file: SourceFile): Promise<string> {
  const hash = createHash('sha256')
  try {
    await pipeline(createReadStream(file.path, { highWaterMark: CHUNK_BYTES }), hash)
  } catch (cause) {
    throw new SourceFileError(`${file.path} cannot be read: ${explain(cause, file)}`, { cause })
  }
  return hash.digest('hex')
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
    yield* byteStream(file)
  } catch (cause) {
    throw new SourceFileError(`${file.path} cannot be read: ${explain(cause, file)}`, { cause })
  }
}

function byteStream(file: SourceFile): AsyncIterable<Buffer> {
  const bytes = createReadStream(file.path, { highWaterMark: CHUNK_BYTES })
  if (!file.compressed) return bytes
  const inflated = createGunzip({ chunkSize: CHUNK_BYTES })
  // An unreadable file must end the inflated stream too; `destroy` hands the error on.
  bytes.on('error', error => inflated.destroy(error))
  return bytes.pipe(inflated)
}

async function encodingByMark(file: SourceFile): Promise<string | null> {
  if (file.compressed) return null
  const handle = await open(file.path).catch((cause: unknown) => {
    throw new SourceFileError(`${file.path} cannot be read: ${explain(cause, file)}`, { cause })
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

function explain(cause: unknown, file: SourceFile): string {
  const { code, message } = cause as { code?: string; message?: string }
  if (code?.startsWith('Z_')) return `it ends in .gz but is no whole gzip file (${message})`
  if (code === 'EACCES') return 'the rights of this user do not reach it'
  return message ?? `unknown error while reading ${file.path}`
}
