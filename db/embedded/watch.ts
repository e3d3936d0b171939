import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { ensureRunning } from './ensure-running.ts'
import { findServer } from './find-server.ts'
import { controlDirectory, prepareServerHome } from './server-home.ts'
import { withUserRegistry } from './user-registry.ts'

export type ServerWatch = Readonly<{
  /** Ends the watch; a restart under way is finished first. Call it before the release. */
  stop(): Promise<void>
}>

const checkEveryMs = 250
const longestPauseMs = 10_000

/**
 * Restarts the embedded server of `dataDir` on its port whenever it has died. For the supervisor, which
 * holds it by `acquireEmbeddedPostgres`.
 */
export function watchEmbeddedPostgres(options: {
  dataDir: string
  port: number
  onRestart: (tookMs: number) => void
  /** It did not start; another try follows, later each time, at most 10 s apart. */
  onFailure: (error: unknown) => void
}): ServerWatch {
  const directory = path.resolve(options.dataDir)
  const ending = new AbortController()

  async function restartWhenDead(): Promise<void> {
    const { clusterDir } = await prepareServerHome(directory)
    for (let failures = 0; !ending.signal.aborted; ) {
      await pause(failures === 0 ? checkEveryMs : Math.min(longestPauseMs, 500 * 2 ** failures))
      if (ending.signal.aborted || findServer(clusterDir) !== undefined) continue
      try {
        const began = performance.now()
        await restartEmbedded(directory, options.port)
        failures = 0
        options.onRestart(performance.now() - began)
      } catch (error) {
        failures++
        options.onFailure(error)
      }
    }
  }

  async function pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: ending.signal }).catch(() => {})
  }

  const watching = restartWhenDead()
  return {
    async stop() {
      ending.abort()
      await watching
    },
  }
}

/** Starts the embedded server of `dataDir` again, on the port its clients know. Nothing happens when it runs. */
export async function restartEmbedded(dataDir: string, port: number): Promise<void> {
  const directory = path.resolve(dataDir)
  await withUserRegistry(controlDirectory(directory), async () => {
    await ensureRunning(await prepareServerHome(directory), { fixedPort: port })
  })
}
