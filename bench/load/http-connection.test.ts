import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { openHttpConnection } from './http-connection.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** A server that answers every request with these pieces, one after the other. */
async function serve(pieces: string[]): Promise<string> {
  const server = createServer(socket => {
    socket.on('data', async () => {
      for (const piece of pieces) {
        socket.write(piece)
        await new Promise(resolve => setImmediate(resolve))
      }
      if (pieces.length === 0) socket.destroy()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closers.push(() => server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `http://127.0.0.1:${address.port}`
}

describe('a connection of the load generator', () => {
  test('reads answers that come in pieces, one after the other', async () => {
    const url = await serve(['HTTP/1.1 200 OK\r\nContent-', 'Length: 14\r\n\r\n{"accep', 'ted":1}'])
    const connection = await openHttpConnection(url, '/api/v1/events')
    closers.push(() => connection.close())
    for (let round = 0; round < 3; round += 1) {
      expect(await connection.post(Buffer.from('{}'))).toMatchObject({ status: 200, body: '{"accepted":1}' })
    }
  })

  test('says when the server hangs up', async () => {
    const connection = await openHttpConnection(await serve([]), '/')
    await expect(connection.get('/healthz')).rejects.toThrow(/closed/)
  })
})
