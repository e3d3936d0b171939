import type { Server } from 'node:http'

export interface ConnectionBounds {
  /** At once, in all: a sender needs one, and each may hold a body in memory. */
  most: number
  /** At once from one address: an office behind one address opens hundreds, a flood thousands. */
  mostOfOne: number
  /** Whose connections are not counted by address: many come through a proxy of ours. */
  isExempt(address: string): boolean
  /** Told how many are open, whenever one comes or goes. */
  onCount?(open: number): void
  /** Told of each that was closed unread. */
  onRefused?(): void
}

/** Keeps one address from taking all the connections that a server holds. What is too many is closed unread. */
export function boundConnections(
  server: Server,
  { most, mostOfOne, isExempt, onCount, onRefused }: ConnectionBounds,
): void {
  const open = new Map<string, number>()
  let all = 0
  server.maxConnections = most
  server.on('drop', () => onRefused?.())
  server.on('connection', socket => {
    all += 1
    onCount?.(all)
    socket.once('close', () => {
      all -= 1
      onCount?.(all)
    })
    const address = socket.remoteAddress ?? ''
    if (isExempt(address)) return
    const count = (open.get(address) ?? 0) + 1
    open.set(address, count)
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1
      if (left > 0) open.set(address, left)
      else open.delete(address)
    })
    if (count > mostOfOne) {
      onRefused?.()
      socket.destroy()
    }
  })
}
