import { createHash } from 'node:crypto'
import { chmod, chown, mkdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { findPrograms, runProgram, type ServerAccount } from './programs.ts'
import { EmbeddedPostgresError } from './start-problem.ts'
import { endServer, type ServerHome } from './start-server.ts'

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
function locationFile(dataDir: string): string {
  return path.join(controlDirectory(dataDir), 'location')
}

/** Says, in a folder outside, whose data folder it serves: a copied clone must not take the original's. */
function claimFile(serverDir: string): string {
  return path.join(serverDir, 'data-dir')
}

/**
 * Finds or makes the server's folder and programs. Call it under the lock of the start.
 *
 * As root, the server runs as an unprivileged account. If that account cannot reach the data folder (a clone
 * below a folder of mode 700), its files lie in `/var/lib/tillstream/<hash of the data folder>`.
 */
export async function prepareServerHome(dataDir: string): Promise<ServerHome> {
  const controlDir = controlDirectory(dataDir)
  const candidate = await findAccount()
  const serverDir = await findServerDirectory(dataDir, candidate)
  const account = candidate && (await ownerOf(serverDir, candidate))
  return {
    controlDir,
    serverDir,
    clusterDir: clusterDirectory(serverDir),
    logFile: path.join(serverDir, 'server.log'),
    binDir: await findPrograms(account, async () => (account ? firstReachable(account) : controlDir)),
    account,
  }
}

/** Where the server's folder is, without making anything; undefined when there is none. */
export async function existingServerDirectory(dataDir: string): Promise<string | undefined> {
  const elsewhere = await claimedElsewhere(dataDir)
  if (elsewhere !== undefined) return elsewhere
  const inPlace = path.join(controlDirectory(dataDir), 'server')
  return (await ownerIds(inPlace)) && inPlace
}

async function findServerDirectory(dataDir: string, account: ServerAccount): Promise<string> {
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

async function makeElsewhere(dataDir: string, account: NonNullable<ServerAccount>): Promise<string> {
  const owner = await realpath(dataDir)
  const name = createHash('sha256').update(owner).digest('hex').slice(0, 16)
  const serverDir = path.join(await firstReachable(account), name)
  if ((await readLine(passwordFile(controlDirectory(dataDir)))) === undefined) {
    // What a data folder that was deleted left behind. Nobody can use it: its password went with that folder.
    await endServer(clusterDirectory(serverDir), 'SIGQUIT', 10_000)
    await rm(serverDir, { recursive: true, force: true })
  }
  await makeOwned(serverDir, account)
  await writeFile(claimFile(serverDir), `${owner}\n`)
  await writeFile(locationFile(dataDir), `${serverDir}\n`)
  return serverDir
}

/** The folder the location file names, unless it serves another data folder from which ours was copied. */
async function claimedElsewhere(dataDir: string): Promise<string | undefined> {
  const serverDir = await readLine(locationFile(dataDir))
  if (serverDir === undefined || (await ownerIds(serverDir)) === undefined) return undefined
  const owner = await realpath(dataDir)
  const claimedBy = await readLine(claimFile(serverDir))
  if (claimedBy === owner) return serverDir
  if (claimedBy !== undefined && (await readLine(locationFile(claimedBy))) === serverDir) return undefined
  await writeFile(claimFile(serverDir), `${owner}\n`)
  return serverDir
}

async function firstReachable(account: NonNullable<ServerAccount>): Promise<string> {
  for (const parent of sharedParents) {
    try {
      await mkdir(parent, { recursive: true, mode: 0o755 })
      await chmod(parent, 0o755)
    } catch {
      continue
    }
    if (await testAs(account, parent, 'test -x "$0"')) return parent
  }
  throw new EmbeddedPostgresError(
    `Postgres runs as user ${account.name} here, who can enter none of ${sharedParents.join(', ')}. ` +
      'Set DATA_DIR to a folder that user can reach, or set DATABASE_URL to a Postgres.',
  )
}

async function makeOwned(directory: string, { uid, gid }: NonNullable<ServerAccount>): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await chown(directory, uid, gid)
}

/** Once made, a folder keeps its account: another one could not read what the first wrote. */
async function ownerOf(directory: string, fallback: NonNullable<ServerAccount>) {
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

/**
 * Asking the kernel as that very account sees every folder above, every mode, list and mount. From `/`, not from
 * the folder itself: that is entered before the account changes, so root's rights would pass the test.
 */
async function testAs(account: ServerAccount, directory: string, command: string): Promise<boolean> {
  return (await runProgram('/bin/sh', ['-c', command, directory], { account })).exitCode === 0
}

const ownAccount = 'tillstream'

/**
 * The account a server of root runs as: `tillstream`, made where it is missing, or one that systems have.
 * Two processes may make it at once: the loser's failure is the winner's account.
 *
 * @returns undefined when we are not root: the server then runs as ourselves
 * @throws EmbeddedPostgresError when root has no unprivileged account to offer
 */
async function findAccount(): Promise<ServerAccount> {
  if (process.getuid?.() !== 0) return undefined
  const own = await lookUpAccount(ownAccount)
  if (own !== undefined) return own
  if (process.platform === 'linux') {
    const options = ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin']
    await runProgram('useradd', [...options, ownAccount])
  }
  for (const name of [ownAccount, 'postgres', 'nobody']) {
    const account = await lookUpAccount(name)
    if (account !== undefined) return account
  }
  throw new EmbeddedPostgresError(
    'Postgres refuses to run as root, and there is no other user to run it as. Create one ' +
      `("useradd --system ${ownAccount}"), or run as a normal user, or set DATABASE_URL.`,
  )
}

async function lookUpAccount(name: string): Promise<ServerAccount> {
  const [user, group] = await Promise.all([runProgram('id', ['-u', name]), runProgram('id', ['-g', name])])
  const [uid, gid] = [Number(user.output.trim()), Number(group.output.trim())]
  const isAccount = user.exitCode === 0 && group.exitCode === 0 && Number.isInteger(uid) && uid !== 0
  return isAccount ? { name, uid, gid } : undefined
}

async function readLine(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').then(
    content => content.trim(),
    () => undefined,
  )
}
