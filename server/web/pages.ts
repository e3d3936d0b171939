import { existsSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import path from 'node:path'
import type { Duplex } from 'node:stream'
import next from 'next'
import { projectRoot } from '#platform/environment.ts'

/** What renders the dashboard's pages. */
export interface Pages {
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
  /** WebSockets that are not the live socket's: hot reload, in development. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  close(): Promise<void>
}

/** There is nothing to serve. The message says how to build it. */
export class PagesNotBuiltError extends Error {
  override readonly name = 'PagesNotBuiltError'
}

/**
 * Next.js behind the web server: the pages as built into `.next`, or compiled as they are asked for.
 * @throws PagesNotBuiltError
 */
export async function openPages({
  dev,
  host,
  port,
}: {
  dev: boolean
  host: string
  port: number
}): Promise<Pages> {
  if (!dev && !existsSync(path.join(projectRoot, '.next', 'BUILD_ID'))) {
    throw new PagesNotBuiltError(
      "The pages are not built. 'npm run demo' and 'npm start -- web' build them; 'npx next build' does nothing else.",
    )
  }
  // Next would listen for upgrades on the server it is given, the live socket's among them: it gets one
  // that never listens, and is handed its own upgrades there (its getUpgradeHandler knows no hot reload).
  const upgrades = createServer()
  const app = next({
    dev,
    dir: projectRoot,
    hostname: host,
    port,
    httpServer: upgrades,
  })
  await app.prepare()
  const handle = app.getRequestHandler()
  return {
    handle: (request, response) => handle(request, response),
    upgrade(request, socket, head) {
      if (!upgrades.emit('upgrade', request, socket, head)) socket.destroy()
    },
    close: () => app.close(),
  }
}
