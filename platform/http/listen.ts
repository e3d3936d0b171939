import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { within } from '#platform/time.ts'

/** An address that cannot be listened on. The message says what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

export interface ListenOptions {
  host: string
  /** 0 for any free port. */
  port: number
  /** As a sentence about it begins: 'The intake'. */
  name: string
  /** The environment variable of its port. */
  portSetting: string
}

/** @returns http://host:port. @throws ListenError */
export async function listen(server: Server, options: ListenOptions): Promise<string> {
  const { host, port } = options
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new ListenError(explainListenProblem(cause, options), { cause })
  }
  return httpOrigin(host, (server.address() as AddressInfo).port)
}

/** An IPv6 address stands in brackets. */
export function httpOrigin(host: string, port: number): string {
  return `http://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`
}

function explainListenProblem(cause: unknown, { host, port, name, portSetting }: ListenOptions): string {
  switch ((cause as { code?: string }).code) {
    case 'EADDRINUSE':
      return `Port ${port} at ${host} is taken. Stop what listens there, or set ${portSetting} to another port.`
    case 'EACCES':
      return `Port ${port} needs rights this user does not have. Set ${portSetting} to a port above 1023.`
    case 'EADDRNOTAVAIL':
      return `HOST ${host} is no address of this machine. Set HOST to one of its addresses, or unset it.`
    default:
      return `${name} cannot listen on ${host}:${port}: ${cause instanceof Error ? cause.message : String(cause)}`
  }
}

/** Requests under way are answered; after `drainMs` their connections are cut. */
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
