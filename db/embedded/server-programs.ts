import { chmod, cp, mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { EmbeddedPostgresError } from './embedded-error.ts'
import { findPostgresPackage, linkLibraries, type PostgresPackage } from './postgres-package.ts'
import { type ProgramResult, runProgram } from './run-program.ts'
import type { ServerAccount } from './server-account.ts'

/**
 * Makes the server's programs usable by the account that runs them.
 *
 * They are used where npm put them. Where the account cannot reach that folder (a clone below root's home),
 * or the folder is read-only and its library links are missing, a copy in `copyParent` is used.
 *
 * @param copyParent finds or makes the folder for the copy, which the account can reach
 * @returns the folder that holds `postgres`, `initdb` and `pg_ctl`
 * @throws EmbeddedPostgresError when the programs do not run on this machine
 */
export async function prepareServerPrograms(
  account: ServerAccount | undefined,
  copyParent: () => Promise<string>,
): Promise<string> {
  const found = await findPostgresPackage()
  await linkLibraries(found.nativeDir).catch(ignoreReadOnly)
  const inPlace = path.join(found.nativeDir, 'bin')
  if ((await tryServer(inPlace, account)).exitCode === 0) return inPlace

  const copied = path.join(await copyPrograms(found, await copyParent()), 'bin')
  const { exitCode, output } = await tryServer(copied, account)
  if (exitCode === 0) return copied
  throw new EmbeddedPostgresError(
    `The embedded Postgres does not run on this machine (${process.platform}-${process.arch}): ${output.trim()}\n` +
      'It needs a system with the GNU C library. Set DATABASE_URL to a Postgres to do without it.',
  )
}

function tryServer(binDir: string, account: ServerAccount | undefined): Promise<ProgramResult> {
  return runProgram({
    program: path.join(binDir, 'postgres'),
    args: ['--version'],
    account,
    workingDirectory: '/',
  })
}

/** Copies once per version. Clones that do it at the same time all end with the first one's copy. */
async function copyPrograms({ nativeDir, version }: PostgresPackage, copyParent: string): Promise<string> {
  const copy = path.join(copyParent, `postgres-${version}-${process.platform}-${process.arch}`)
  if (await exists(copy)) return copy
  const unfinished = `${copy}.${process.pid}`
  await mkdir(copyParent, { recursive: true })
  await rm(unfinished, { recursive: true, force: true })
  await cp(nativeDir, unfinished, { recursive: true, verbatimSymlinks: true })
  await linkLibraries(unfinished)
  await openForEveryone(unfinished)
  await rename(unfinished, copy).catch(async (error: NodeJS.ErrnoException) => {
    await rm(unfinished, { recursive: true, force: true })
    if (!(await exists(copy))) throw error
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

function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  )
}

function ignoreReadOnly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EROFS' && error.code !== 'EACCES' && error.code !== 'EPERM') throw error
}
