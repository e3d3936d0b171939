import { Server, Socket } from 'node:net'
import { onTestFinished, vi } from 'vitest'

/**
 * Every address that a test can connect from is one of this machine, and those are exempt from what is bounded by
 * address. So connections from elsewhere are handed to the server of a service as its own listener would hand them over.
 * To be called before the service starts.
 */
export function distantSockets(): { connect(address: string): Socket } {
  const listening = vi.spyOn(Server.prototype, 'listen')
  onTestFinished(() => listening.mockRestore())
  return {
    connect(address) {
      const server = listening.mock.contexts.at(-1)
      if (!(server instanceof Server)) throw new Error('no service has begun to listen')
      const socket = new Socket()
      Object.defineProperty(socket, 'remoteAddress', { value: address })
      server.emit('connection', socket)
      return socket
    },
  }
}
