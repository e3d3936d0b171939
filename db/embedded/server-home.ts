import { createHash } from 'node:crypto'
import { chmod, chown, mkdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { EmbeddedPostgresError } from './embedded-error.ts'
import { killServer } from './kill-server.ts'
import { runProgram } from './run-program.ts'
import { findServerAccount, type ServerAccount } from './server-account.ts'
import { prepareServerPrograms } from './server-programs.ts'

/** Where the embedded server of one data folder lives, and as whom it runs. */
export type ServerHome = Readonly<{
  /** Belongs to whoever calls us: who uses the server, its password, its port. */
  controlDir: string
  /** Belongs to the server's account (mode 700): the cluster and the server's log. */
  serverDir: string
  clusterDir: string
  logFile: string
  binDir: string
  account: ServerAccount | undefined
}>

/** Folders for the servers of root, when the data folder lies where their account cannot go. */
const sharedParents = ['/var/lib/tillstream', '/var/tmp/tillstream']

export function controlDirectory(dataDir: string): string {
  return path.join(dataDir, 'postgres')
}

/** The server's data, in its own folder. */
export function clusterDirectory(serverDir: string): string {
  return path.join(serverDir, 'cluster')
}

export function passwordFile(controlDir: string): string {
  return path.join(controlDir, 'password')
}

/** Says, in the data folder, where the server's own folder is when it is not below it. */
function locationFile(controlDir: string): string {
  return path.join(controlDir, 'location')
}

/** Says, in a folder outside, whose data folder it serves: a copied clone must not take the original's. */
function claimFile(serverDir: string): string {
  return path.join(serverDir, 'data-dir')
}

/**
 * Finds or makes the server's folder and programs. Call it under the registry's lock.
 *
 * As root, the server runs as an unprivileged account. If that account cannot reach the data folder (a clone
 * below a folder of mode 700), its files lie in `/var/lib/tillstream/<hash of the data folder>`.
 */
export async function prepareServerHome(dataDir: string): Promise<ServerHome> {
  const controlDir = controlDirectory(dataDir)
  const candidate = await findServerAccount()
  const serverDir = await findServerDirectory(dataDir, candidate)
  const account = candidate && (await ownerOf(serverDir, candidate))
  const copyParent = async () => (account === undefined ? controlDir : firstReachable(sharedParents, account))
  return {
    controlDir,
    serverDir,
    clusterDir: clusterDirectory(serverDir),
    logFile: path.join(serverDir, 'server.log'),
    binDir: await prepareServerPrograms(account, copyParent),
    account,
  }
}

/** Where the server's folder is, without making anything; undefined when there is none. */
export async function existingServerDirectory(dataDir: string): Promise<string | undefined> {
  const elsewhere = await claimedElsewhere(dataDir)
  if (elsewhere !== undefined) return elsewhere
  const inPlace = path.join(controlDirectory(dataDir), 'server')
  return (await ownerIds(inPlace)) === undefined ? undefined : inPlace
}

async function findServerDirectory(dataDir: string, account: ServerAccount | undefined): Promise<string> {
  const existing = await existingServerDirectory(dataDir)
  const inPlace = path.join(controlDirectory(dataDir), 'server')
  if (account === undefined) {
    await mkdir(inPlace, { recursive: true, mode: 0o700 })
    return inPlace
  }
  if (existing !== undefined) {
    const owner = await ownerOf(existing, account)
    if (await canUse(existing, owner)) return existing
    throw new EmbeddedPostgresError(
      `The embedded Postgres of ${dataDir} belongs to user ${owner.name}, who can no longer reach ${existing}. ` +
        'Move the project to where that user can enter every folder above it, or set DATA_DIR to such a place, ' +
        'or begin anew with "npm run demo -- --reset" (which deletes the data).',
    )
  }
  await makeOwned(inPlace, account)
  if (await canUse(inPlace, account)) return inPlace
  await rm(inPlace, { recursive: true })
  return makeElsewhere(dataDir, account)
}

async function makeElsewhere(dataDir: string, account: ServerAccount): Promise<string> {
  const owner = await realpath(dataDir)
  const name = createHash('sha256').update(owner).digest('hex').slice(0, 16)
  const serverDir = path.join(await firstReachable(sharedParents, account), name)
  if (!(await hasPassword(dataDir))) await removeAbandoned(serverDir)
  await makeOwned(serverDir, account)
  await writeFile(claimFile(serverDir), `${owner}\n`)
  await writeFile(locationFile(controlDirectory(dataDir)), `${serverDir}\n`)
  return serverDir
}

/** What a data folder that was deleted left behind. Nobody can use it: its password went with that folder. */
async function removeAbandoned(serverDir: string): Promise<void> {
  await killServer(clusterDirectory(serverDir))
  await rm(serverDir, { recursive: true, force: true })
}

async function hasPassword(dataDir: string): Promise<boolean> {
  return (await readLine(passwordFile(controlDirectory(dataDir)))) !== undefined
}

/** The folder the location file names, unless it serves another data folder from which ours was copied. */
async function claimedElsewhere(dataDir: string): Promise<string | undefined> {
  const serverDir = await readLine(locationFile(controlDirectory(dataDir)))
  if (serverDir === undefined || (await ownerIds(serverDir)) === undefined) return undefined
  const owner = await realpath(dataDir)
  const claimedBy = await readLine(claimFile(serverDir))
  if (claimedBy === owner) return serverDir
  const isCopy =
    claimedBy !== undefined && (await readLine(locationFile(controlDirectory(claimedBy)))) === serverDir
  if (isCopy) return undefined
  await writeFile(claimFile(serverDir), `${owner}\n`)
  return serverDir
}

async function firstReachable(parents: readonly string[], account: ServerAccount): Promise<string> {
  for (const parent of parents) {
    try {
      await mkdir(parent, { recursive: true, mode: 0o755 })
      await chmod(parent, 0o755)
    } catch {
      continue
    }
    if (await canEnter(parent, account)) return parent
  }
  throw new EmbeddedPostgresError(
    `Postgres runs as user ${account.name} here, who can enter none of ${parents.join(', ')}. ` +
      'Set DATA_DIR to a folder that user can reach, or set DATABASE_URL to a Postgres.',
  )
}

async function makeOwned(directory: string, account: ServerAccount): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await chown(directory, account.uid, account.gid)
}

/** Once made, a folder keeps its account: another one could not read what the first wrote. */
async function ownerOf(directory: string, fallback: ServerAccount): Promise<ServerAccount> {
  const ids = await ownerIds(directory)
  if (ids === undefined || ids.uid === fallback.uid || ids.uid === 0) return fallback
  return { name: `with id ${ids.uid}`, ...ids }
}

async function ownerIds(directory: string): Promise<{ uid: number; gid: number } | undefined> {
  return stat(directory).then(
    ({ uid, gid }) => ({ uid, gid }),
    () => undefined,
  )
}

function canUse(directory: string, account: ServerAccount): Promise<boolean> {
  return testAs(account, directory, 'test -w "$0" && test -x "$0"')
}

function canEnter(directory: string, account: ServerAccount): Promise<boolean> {
  return testAs(account, directory, 'test -x "$0"')
}

/** Asking the kernel as that very account sees every folder above, every mode, list and mount. */
async function testAs(account: ServerAccount, directory: string, command: string): Promise<boolean> {
  const result = await runProgram({
    program: '/bin/sh',
    args: ['-c', command, directory],
    account,
    // Not the folder itself: it is entered before the account changes, so root's rights would pass the test.
    workingDirectory: '/',
  })
  return result.exitCode === 0
}

async function readLine(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').then(
    content => content.trim(),
    () => undefined,
  )
}
