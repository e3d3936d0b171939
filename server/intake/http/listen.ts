import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { within } from '#server/intake/within.ts'

/** The intake's address cannot be listened on. The message says what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

/** @returns http://host:port. @throws ListenError */
export async function listen(
  server: Server,
  { host, port }: { host: string; port: number },
): Promise<string> {
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new ListenError(explainListenProblem(cause, { host, port }), { cause })
  }
  const address = server.address() as AddressInfo
  return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`
}

function explainListenProblem(cause: unknown, { host, port }: { host: string; port: number }): string {
  switch ((cause as { code?: string }).code) {
    case 'EADDRINUSE':
      return `Port ${port} at ${host} is taken. Stop what listens there, or set INTAKE_PORT to another port.`
    case 'EACCES':
      return `Port ${port} needs rights this user does not have. Set INTAKE_PORT to a port above 1023.`
    case 'EADDRNOTAVAIL':
      return `HOST ${host} is no address of this machine. Set HOST to one of its addresses, or unset it.`
    default:
      return `The intake cannot listen on ${host}:${port}: ${cause instanceof Error ? cause.message : String(cause)}`
  }
}

/** Requests under way are answered; after a while their connections are cut. */
export async function closeServer(server: Server, drainMs: number): Promise<void> {
  const closed = new Promise<void>(resolve => {
    server.close(() => resolve())
  })
  // A connection whose answer was under way is kept alive by its sender: closed once it is idle.
  const closeIdle = setInterval(() => server.closeIdleConnections(), 20)
  await within(closed, drainMs)
  clearInterval(closeIdle)
  server.closeAllConnections()
}
