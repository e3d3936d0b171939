import path from 'node:path'
import { ensureRunning, type ServerOptions, serverUrl } from './ensure-running.ts'
import { controlDirectory, prepareServerHome } from './server-home.ts'
import { stopServer } from './server-process.ts'
import { withUserRegistry } from './user-registry.ts'

/** One use of the embedded server. */
export type EmbeddedPostgres = Readonly<{
  /** Superuser's address of database `tillstream`. Holds the password: not for logs. */
  url: string
  port: number
  /** Where the server writes its log. */
  logFile: string
  /**
   * Ends this use; the last one of all processes stops the server. Safe to call twice.
   *
   * @param patienceMs how long to wait for the server's end (60,000); it ends by itself even when we do not wait
   */
  release(patienceMs?: number): Promise<void>
}>

/**
 * Uses the embedded Postgres of `dataDir`: joins the running one or starts it, creating it the first time.
 *
 * The server does not depend on the process that started it. Every user is registered with pid and start
 * time; users that died without a word are forgotten, and the last to leave stops the server.
 *
 * @param options hold when this call starts the server; a running one is joined as it is
 * @throws EmbeddedPostgresError when it cannot run, saying why and what to do
 */
export async function acquireEmbeddedPostgres(
  dataDir: string,
  options: ServerOptions = {},
): Promise<EmbeddedPostgres> {
  const directory = path.resolve(dataDir)
  return withUserRegistry(controlDirectory(directory), async registry => {
    registry.living()
    const home = await prepareServerHome(directory)
    const port = await ensureRunning(home, options)
    const url = await serverUrl(home, port)
    const user = registry.add()
    let released = false

    async function release(patienceMs = 60_000): Promise<void> {
      if (released) return
      released = true
      await withUserRegistry(home.controlDir, async others => {
        others.remove(user)
        if (others.living().length === 0) await stopServer(home, patienceMs)
      })
    }

    return { url, port, logFile: home.logFile, release }
  })
}
