import { mkdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { EmbeddedPostgresError } from './embedded-error.ts'
import { processIdentity } from './process-identity.ts'

/** One use of the server by a process; a process may have several. */
export type ServerUser = Readonly<{ id: number; pid: number; identity: string }>

/** Who uses the embedded server, as seen and changed while the lock is held. */
export type UserRegistry = Readonly<{
  /** Registers this process once more. */
  add(): ServerUser
  remove(user: ServerUser): void
  /** The users whose processes still run; the others are forgotten. */
  living(): ServerUser[]
}>

/** Creating a cluster or recovering one after a crash may take this long under the lock. */
const lockPatienceMs = 180_000
const pollMs = 25

/**
 * Runs `work` while no other process (nor another call in this one) uses the registry of `controlDir`.
 *
 * The lock is SQLite's: an fcntl lock of the operating system, which ends with its holder, however that
 * ends, and which a child (the server) does not inherit. What `work` changed is undone when it throws.
 *
 * @throws EmbeddedPostgresError when the folder cannot be written to, or the lock stays taken for 3 minutes
 */
export async function withUserRegistry<Result>(
  controlDir: string,
  work: (registry: UserRegistry) => Promise<Result>,
): Promise<Result> {
  const file = path.join(controlDir, 'users.sqlite')
  const database = await open(controlDir, file)
  try {
    await lock(database, file)
    try {
      const result = await work(registryOn(database, await folderIdentity(controlDir)))
      database.exec('commit')
      return result
    } catch (error) {
      database.exec('rollback')
      throw error
    }
  } finally {
    database.close()
  }
}

async function open(controlDir: string, file: string): Promise<DatabaseSync> {
  try {
    await mkdir(controlDir, { recursive: true })
    return new DatabaseSync(file, { timeout: 0 })
  } catch (cause) {
    throw notWritable(file, cause)
  }
}

async function lock(database: DatabaseSync, file: string): Promise<void> {
  const deadline = performance.now() + lockPatienceMs
  while (true) {
    try {
      database.exec('begin exclusive')
      database.exec(createTable)
      return
    } catch (error) {
      if (!isBusy(error)) throw notWritable(file, error)
    }
    if (performance.now() > deadline) {
      throw new EmbeddedPostgresError(
        `Another process has been starting or stopping the embedded Postgres for ${lockPatienceMs / 1000} s ` +
          `(it holds ${file}). Look for a process of this project that hangs and end it, then try again.`,
      )
    }
    await delay(pollMs)
  }
}

/** The deletion finds nothing; it fails where the file is read-only, which the lock alone does not notice. */
const createTable = `
  create table if not exists users (id integer primary key, folder text, pid integer, identity text);
  delete from users where id < 0`

/** A copied data folder brings a copied registry: its users are those of the original, not of the copy. */
async function folderIdentity(controlDir: string): Promise<string> {
  const { dev, ino } = await stat(controlDir, { bigint: true })
  return `${dev}:${ino}`
}

function registryOn(database: DatabaseSync, folder: string): UserRegistry {
  return {
    add() {
      const identity = processIdentity(process.pid) ?? ''
      const added = database
        .prepare('insert into users (folder, pid, identity) values (?, ?, ?)')
        .run(folder, process.pid, identity)
      return { id: Number(added.lastInsertRowid), pid: process.pid, identity }
    },
    remove(user) {
      database.prepare('delete from users where id = ? and pid = ?').run(user.id, user.pid)
    },
    living() {
      database.prepare('delete from users where folder <> ?').run(folder)
      const users = database.prepare('select id, pid, identity from users').all().map(toUser)
      const gone = users.filter(user => processIdentity(user.pid) !== user.identity)
      for (const user of gone) this.remove(user)
      return users.filter(user => !gone.includes(user))
    },
  }
}

function toUser(row: Record<string, unknown>): ServerUser {
  return { id: Number(row.id), pid: Number(row.pid), identity: String(row.identity) }
}

const sqliteBusy = 5

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy
}

function notWritable(file: string, cause: unknown): EmbeddedPostgresError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new EmbeddedPostgresError(
    `${file} cannot be written (${reason}). Run as the user who owns that folder, make room on its disk, ` +
      'or set DATA_DIR to a folder of your own.',
    { cause },
  )
}
