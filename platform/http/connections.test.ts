import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { boundConnections } from './connections.ts'

async function serving(isExempt: (address: string) => boolean) {
  const server = createServer((_request, response) => response.end('here'))
  boundConnections(server, { most: 6, mostOfOne: 3, isExempt })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const sockets: Socket[] = []
  return {
    /** @returns whether the server answers on a new connection */
    async comes(): Promise<boolean> {
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
      socket.on('error', () => {})
      sockets.push(socket)
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
      return Promise.race([once(socket, 'data').then(() => true), once(socket, 'close').then(() => false)])
    },
    async leave(): Promise<void> {
      const socket = sockets.shift()
      socket?.destroy()
      const connections = () =>
        new Promise(resolve => server.getConnections((_error, count) => resolve(count)))
      const before = sockets.filter(({ destroyed }) => !destroyed).length
      while ((await connections()) !== before) await new Promise(resolve => setImmediate(resolve))
    },
    close: () => server.close().closeAllConnections(),
  }
}

test('one address holds so many connections and no more, until one of them ends', async () => {
  const { comes, leave, close } = await serving(() => false)
  expect([await comes(), await comes(), await comes(), await comes()]).toEqual([true, true, true, false])
  await leave()
  expect([await comes(), await comes()]).toEqual([true, false])
  close()
})

test('who is exempt is bounded with all others', async () => {
  const { comes, close } = await serving(address => address === '127.0.0.1')
  const answered: boolean[] = []
  for (let n = 0; n < 8; n += 1) answered.push(await comes())
  expect(answered).toEqual([true, true, true, true, true, true, false, false])
  close()
})
