import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

/** A call as it came. */
export interface ReceivedCall {
  path: string
  headers: IncomingHttpHeaders
  body: Buffer
}

/** A receiver of webhooks or pushes on this machine. */
export interface Receiver {
  url: string
  /** As PRIVATE_WEBHOOKS would name it. */
  host: string
  calls: ReceivedCall[]
  /** What the next calls are answered, one each; `hang` is not answered until `release`. Then 200. */
  answers: (number | 'hang' | { status: number; headers: Record<string, string> })[]
  /** Answers the calls that hang. */
  release(status: number): void
  close(): Promise<void>
}

export async function openReceiver(): Promise<Receiver> {
  const calls: ReceivedCall[] = []
  const answers: Receiver['answers'] = []
  let hanging: ((status: number) => void)[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', chunk => chunks.push(chunk))
    request.on('end', () => {
      calls.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks) })
      const answer = answers.shift() ?? 200
      if (answer === 'hang') hanging.push(status => response.writeHead(status).end())
      else if (typeof answer === 'number') response.writeHead(answer).end('as told')
      else response.writeHead(answer.status, answer.headers).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: `http://${host}`,
    host,
    calls,
    answers,
    release(status) {
      for (const answer of hanging) answer(status)
      hanging = []
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A mail server on this machine. */
export interface MailReceiver {
  /** As SMTP_URL would name it. */
  url: string
  /** Each as it came: headers, an empty line, the text. */
  mails: string[]
  /** What the next mails are answered in place of being taken. */
  refusals: { code: number; text: string }[]
  close(): Promise<void>
}

export async function openMailReceiver(): Promise<MailReceiver> {
  const mails: string[] = []
  const refusals: MailReceiver['refusals'] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData(stream, _session, done) {
      const chunks: Buffer[] = []
      stream.on('data', chunk => chunks.push(chunk))
      stream.on('end', () => {
        const refusal = refusals.shift()
        if (refusal) return done(Object.assign(new Error(refusal.text), { responseCode: refusal.code }))
        mails.push(Buffer.concat(chunks).toString('utf8'))
        done()
      })
    },
  })
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  const { port } = server.server.address() as AddressInfo
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    refusals,
    close: () => new Promise(resolve => server.close(resolve)),
  }
}
