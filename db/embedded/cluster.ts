import { randomBytes } from 'node:crypto'
import { appendFile, chown, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { classifyStartProblem, EmbeddedPostgresError, explainStartProblem } from './embedded-error.ts'
import { runProgram } from './run-program.ts'
import { passwordFile, type ServerHome } from './server-home.ts'
import { renderSettings } from './server-settings.ts'

export const superuser = 'tillstream'

const unfinishedPrefix = 'cluster.new-'

/**
 * Creates the cluster if there is none. A creation that was cut short leaves nothing that counts as one.
 *
 * Each creation has a folder of its own: when its process is killed, its `initdb` goes on for a moment.
 */
export async function ensureCluster(home: ServerHome): Promise<void> {
  if (await isCluster(home.clusterDir)) return
  await removeUnfinished(home)
  const unfinished = path.join(home.serverDir, `${unfinishedPrefix}${randomBytes(6).toString('hex')}`)
  const initialPasswordFile = path.join(home.serverDir, 'password.new')
  await writeOwned(home, initialPasswordFile, `${await readOrMakePassword(home.controlDir)}\n`)
  try {
    await initialise(home, unfinished, initialPasswordFile)
  } finally {
    await rm(initialPasswordFile, { force: true })
  }
  await appendFile(path.join(unfinished, 'postgresql.conf'), "\ninclude_if_exists = 'tillstream.conf'\n")
  await rename(unfinished, home.clusterDir)
}

/** Writes our settings beside the cluster's own; they hold from the next start. */
export async function writeSettings(home: ServerHome, settings: Record<string, string>): Promise<void> {
  await writeOwned(home, path.join(home.clusterDir, 'tillstream.conf'), renderSettings(settings))
}

/** @throws EmbeddedPostgresError when the password's file is gone although a cluster exists */
export async function readPassword(controlDir: string): Promise<string> {
  try {
    return (await readFile(passwordFile(controlDir), 'utf8')).trim()
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `The password of the embedded Postgres cannot be read from ${passwordFile(controlDir)}. Run as the user who ` +
        'owns it, or begin anew with "npm run demo -- --reset" (which deletes the data).',
      { cause },
    )
  }
}

async function initialise(home: ServerHome, directory: string, initialPasswordFile: string): Promise<void> {
  const { exitCode, output } = await runProgram({
    program: path.join(home.binDir, 'initdb'),
    args: [
      `--pgdata=${directory}`,
      `--username=${superuser}`,
      `--pwfile=${initialPasswordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      // Sorts by code point and knows every letter's case, whatever locales the machine has installed.
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-instructions',
    ],
    account: home.account,
    workingDirectory: home.serverDir,
  })
  if (exitCode === 0) return
  await rm(directory, { recursive: true, force: true })
  throw explainStartProblem({
    problem: classifyStartProblem(output),
    serverDir: home.serverDir,
    port: undefined,
    output,
  })
}

/** What an orphaned `initdb` is still writing to cannot be removed now; the next creation tries again. */
async function removeUnfinished(home: ServerHome): Promise<void> {
  const names = (await readdir(home.serverDir)).filter(name => name.startsWith(unfinishedPrefix))
  for (const name of names) {
    await rm(path.join(home.serverDir, name), { recursive: true, force: true }).catch(() => {})
  }
}

async function isCluster(clusterDir: string): Promise<boolean> {
  return stat(path.join(clusterDir, 'PG_VERSION')).then(
    () => true,
    () => false,
  )
}

async function readOrMakePassword(controlDir: string): Promise<string> {
  const known = await readFile(passwordFile(controlDir), 'utf8').catch(() => '')
  if (known.trim() !== '') return known.trim()
  const password = randomBytes(24).toString('base64url')
  await writeFile(passwordFile(controlDir), `${password}\n`, { mode: 0o600 })
  return password
}

async function writeOwned(home: ServerHome, file: string, content: string): Promise<void> {
  await rm(file, { force: true })
  await writeFile(file, content, { mode: 0o600, flag: 'wx' })
  if (home.account !== undefined) await chown(file, home.account.uid, home.account.gid)
}
