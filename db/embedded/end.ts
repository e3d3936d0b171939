import { rm } from 'node:fs/promises'
import path from 'node:path'
import { EmbeddedPostgresError } from './embedded-error.ts'
import { controlDirectory, existingServerDirectory, prepareServerHome } from './server-home.ts'
import { stopServer } from './server-process.ts'
import { type ServerUser, withUserRegistry } from './user-registry.ts'

const stopPatienceMs = 60_000

/** Stops the embedded server of `dataDir` although others may use it. Nothing happens when none runs. */
export async function stopEmbedded(dataDir: string): Promise<void> {
  const directory = path.resolve(dataDir)
  await withUserRegistry(controlDirectory(directory), () => stop(directory))
}

/**
 * Stops the embedded server of `dataDir` and deletes its data, port and password for good.
 *
 * @throws EmbeddedPostgresError when other processes use it, naming them; nothing is deleted then
 */
export async function resetEmbedded(dataDir: string): Promise<void> {
  const directory = path.resolve(dataDir)
  const controlDir = controlDirectory(directory)
  await withUserRegistry(controlDir, async registry => {
    refuseWhileUsed(directory, registry.living())
    await stop(directory)
    const serverDir = await existingServerDirectory(directory)
    if (serverDir !== undefined) await rm(serverDir, { recursive: true, force: true })
    // The registry stays: it is the lock, and others may be waiting for it.
    for (const name of ['location', 'port', 'password'])
      await rm(path.join(controlDir, name), { force: true })
  })
}

async function stop(dataDir: string): Promise<void> {
  if ((await existingServerDirectory(dataDir)) === undefined) return
  const home = await prepareServerHome(dataDir)
  if (await stopServer(home, stopPatienceMs)) return
  throw new EmbeddedPostgresError(
    `The embedded Postgres in ${home.serverDir} has not stopped within ${stopPatienceMs / 1000} s. ` +
      `It is still writing; see ${home.logFile}, and try again.`,
  )
}

function refuseWhileUsed(dataDir: string, users: readonly ServerUser[]): void {
  if (users.length === 0) return
  const pids = [...new Set(users.map(user => user.pid))].join(', ')
  throw new EmbeddedPostgresError(
    `The embedded Postgres of ${dataDir} is used by process ${pids}. Stop it first (Ctrl+C in its terminal).`,
  )
}
