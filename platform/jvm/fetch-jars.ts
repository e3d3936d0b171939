import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { type JvmSettings, readJvmSettings } from '#platform/environment.ts'

/** A jar as a lock file pins it: its path in a Maven repository and what its bytes hash to. */
const lockedJars = z.array(
  z.strictObject({
    path: z.string().regex(/^[\w.-]+(\/[\w.-]+)+\.jar$/),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  }),
)
export type LockedJar = z.infer<typeof lockedJars>[number]

/** A jar that cannot be had, or is another than the lock file pins. The message says what to do. */
export class JarError extends Error {
  override readonly name = 'JarError'
}

/** The repository does not answer, or does not have the jar. */
export class RepositoryAwayError extends JarError {}

/** Downloads at a time: a repository takes no offence, and small jars do not wait for large ones. */
const AT_ONCE = 6
const PATIENCE_MS = 120_000

/**
 * The jars of a lock file on this machine: those that are not in the jars' folder yet (TILLSTREAM_JARS) are fetched from
 * the Maven repository (MAVEN_REPOSITORY). Every jar is held against its checksum whenever it is asked for. Several
 * processes may do this at once.
 *
 * @param lockFile JSON: `[{ path, sha256 }]`
 * @param onFetch told before the first download how many jars are missing
 * @returns absolute paths, in the order of the lock file
 * @throws JarError; RepositoryAwayError where one is not here and cannot be fetched
 */
export async function fetchJars(
  lockFile: string,
  {
    settings = readJvmSettings(),
    onFetch,
  }: { settings?: JvmSettings; onFetch?: (missing: number) => void } = {},
): Promise<string[]> {
  const jars = lockedJars.parse(JSON.parse(await readFile(lockFile, 'utf8')))
  const placeOf = (jar: LockedJar) => path.join(settings.jarsDir, jar.path)
  const present = await Promise.all(jars.map(jar => isThere(placeOf(jar), jar)))
  const missing = jars.filter((_, index) => !present[index])
  if (missing.length > 0) onFetch?.(missing.length)
  const queue = missing.values()
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const jar of queue) await fetchJar(jar, placeOf(jar), settings)
    }),
  )
  return jars.map(placeOf)
}

async function isThere(place: string, jar: LockedJar): Promise<boolean> {
  try {
    const hash = createHash('sha256')
    // Piece by piece: Flink's jars have 140 MB together, which the process would keep.
    for await (const piece of createReadStream(place)) hash.update(piece)
    return hash.digest('hex') === jar.sha256
  } catch {
    return false
  }
}

async function fetchJar(jar: LockedJar, place: string, { mavenRepository }: JvmSettings): Promise<void> {
  const url = `${mavenRepository}/${jar.path}`
  const bytes = await download(url)
  const found = sha256(bytes)
  if (found !== jar.sha256)
    throw new JarError(`${url} is not what the lock file pins: its SHA-256 is ${found}, not ${jar.sha256}.`)
  await mkdir(path.dirname(place), { recursive: true })
  // Whole or not at all, whoever else fetches it.
  const part = `${place}.${randomUUID()}.part`
  try {
    await writeFile(part, bytes)
    await rename(part, place)
  } finally {
    await rm(part, { force: true })
  }
}

async function download(url: string): Promise<Uint8Array> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) })
    if (!response.ok) throw new Error(`it answers ${response.status}`)
    return new Uint8Array(await response.arrayBuffer())
  } catch (error) {
    const why =
      error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : ''
    throw new RepositoryAwayError(
      `${url} cannot be fetched (${why}). Set MAVEN_REPOSITORY to a repository that this machine reaches, ` +
        'or put the jars into the folder TILLSTREAM_JARS names, laid out as in a Maven repository.',
      { cause: error },
    )
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
