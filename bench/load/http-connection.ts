import { connect, type Socket } from 'node:net'

interface HttpAnswer {
  status: number
  body: string
}

export type HttpConnection = Awaited<ReturnType<typeof openHttpConnection>>

const END_OF_HEAD = Buffer.from('\r\n\r\n')

/**
 * One keep-alive connection with one request at a time: HTTP/1.1 straight on a socket, as far as our own servers need it (a Content-Length on every answer): a
 * general client took several times the processor time, on the same two cores as what is measured.
 * @throws when the server cannot be reached; a connection that breaks rejects the request under way
 */
export async function openHttpConnection(url: string, path: string) {
  const { hostname, port, host } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  const answers = readAnswers(socket)
  const postHead = `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: `
  return {
    post(body: Buffer): Promise<HttpAnswer> {
      socket.cork()
      socket.write(`${postHead}${body.length}\r\n\r\n`, 'latin1')
      socket.write(body)
      socket.uncork()
      return answers.next()
    },
    get(target: string): Promise<HttpAnswer> {
      socket.write(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 'latin1')
      return answers.next()
    },
    close: () => socket.destroy(),
  }
}

function readAnswers(socket: Socket): { next(): Promise<HttpAnswer> } {
  let received: Buffer = Buffer.alloc(0)
  let waiting: PromiseWithResolvers<HttpAnswer> | undefined
  let broken: Error | undefined

  function fail(error: Error): void {
    broken = error
    waiting?.reject(error)
  }

  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the server closed the connection')))
  socket.on('data', chunk => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
    const answer = parseAnswer(received)
    if (!answer) return
    received = received.subarray(answer.length)
    waiting?.resolve(answer)
  })
  return {
    next() {
      waiting = Promise.withResolvers()
      if (broken) waiting.reject(broken)
      return waiting.promise
    },
  }
}

function parseAnswer(received: Buffer): (HttpAnswer & { length: number }) | null {
  const headEnd = received.indexOf(END_OF_HEAD)
  if (headEnd < 0) return null
  const head = received.toString('latin1', 0, headEnd)
  const bodyLength = Number(/content-length: (\d+)/i.exec(head)?.[1])
  if (Number.isNaN(bodyLength)) throw new Error(`an answer without Content-Length: ${head.slice(0, 200)}`)
  const length = headEnd + END_OF_HEAD.length + bodyLength
  if (received.length < length) return null
  return {
    status: Number(head.slice(9, 12)),
    body: received.toString('utf8', headEnd + END_OF_HEAD.length, length),
    length,
  }
}
