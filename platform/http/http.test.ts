import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { basicPassword, bearerKey, foreignHost, secretCheck } from './access.ts'
import { announcedBody } from './body.ts'
import { closeServer, ListenError, listen } from './listen.ts'
import { allowMethods, HttpProblem } from './problem.ts'
import { checkParts, readyAnswer } from './readiness.ts'
import { sendJson, sendProblem } from './respond.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** A server that answers by this, problems included. @returns its address */
async function serve(answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>) {
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      sendProblem(request, response, error instanceof HttpProblem ? error : new HttpProblem(500, 'no'))
    })
  })
  closers.push(() => closeServer(server, 500))
  return listen(server, { host: '127.0.0.1', port: 0, name: 'The test', portSetting: 'PORT' })
}

function echoing({ room = 1_000 }: { room?: number } = {}) {
  let held = 0
  const limits = {
    maxBytes: 100,
    budget: {
      take(bytes: number) {
        if (held + bytes > room) return false
        held += bytes
        return true
      },
      give(bytes: number) {
        held -= bytes
      },
    },
    advice: { tooLarge: 'send less.', full: 'Full: come again.' },
  }
  const url = serve(async (request, response) => {
    allowMethods(request, 'POST', 'PUT')
    const text = await announcedBody(request, limits).read(async body => body.toString('utf8'))
    sendJson(response, 200, { text, held })
  })
  return { url, held: () => held }
}

describe('a body', () => {
  test('is read whole, inflated, and counted until it is used', async () => {
    const { url, held } = echoing()
    const plain = await fetch(await url, { method: 'POST', body: 'plain' })
    expect(await plain.json()).toMatchObject({ text: 'plain' })
    const headers = { 'Content-Encoding': 'gzip' }
    const zipped = await fetch(await url, { method: 'POST', body: gzipSync('small'), headers })
    expect(await zipped.json()).toMatchObject({ text: 'small' })
    expect(held()).toBe(0)
  })

  test.each([
    ['too large', 'x'.repeat(101), {}, 413, 'A request may carry 100 bytes after inflating: send less.'],
    [
      'too large once inflated',
      gzipSync('x'.repeat(101)),
      { 'Content-Encoding': 'gzip' },
      413,
      'A request may carry 100 bytes after inflating: send less.',
    ],
    [
      'no gzip although it says so',
      'plain',
      { 'Content-Encoding': 'gzip' },
      400,
      'The body says it is gzip, but it cannot be inflated.',
    ],
    [
      'of an encoding nobody knows',
      'plain',
      { 'Content-Encoding': 'br' },
      415,
      'Content-Encoding "br" is not understood: send gzip, or none.',
    ],
  ])('that is %s is refused with a problem', async (_what, body, headers, status, detail) => {
    const { url, held } = echoing()
    const answer = await fetch(await url, { method: 'POST', body: Buffer.from(body), headers })
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(await answer.json()).toMatchObject({ type: 'about:blank', status, detail })
    expect(held()).toBe(0)
  })

  test('for which there is no room is to come again', async () => {
    const answer = await fetch(await echoing({ room: 3 }).url, { method: 'POST', body: 'plain' })
    expect(answer.status).toBe(429)
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await answer.json()).toMatchObject({ detail: 'Full: come again.' })
  })

  test('that is refused early is read to its end, so that its sender sees why', async () => {
    const url = await echoing().url
    const status = await new Promise(resolve => {
      const sending = httpRequest(url, { method: 'POST' }, answer => {
        answer.resume()
        answer.on('end', () => resolve(answer.statusCode))
      })
      for (let part = 0; part < 50; part += 1) sending.write('x'.repeat(10_000))
      sending.end()
    })
    expect(status).toBe(413)
  })
})

test('a method that is not allowed is refused, and those that are named', async () => {
  const answer = await fetch(await echoing().url, { method: 'DELETE' })
  expect(answer.status).toBe(405)
  expect(answer.headers.get('allow')).toBe('POST, PUT')
  expect(await answer.json()).toMatchObject({ detail: 'DELETE is not allowed here, only POST and PUT.' })
})

test('half an answer is cut, not ended', async () => {
  const url = await serve(async (_request, response) => {
    response.writeHead(200, { 'Content-Length': 10 })
    response.write('half')
    throw new Error('failed')
  })
  const answer = await fetch(url)
  await expect(answer.text()).rejects.toThrow()
})

test('a port that is taken is named, and what to set', async () => {
  const url = new URL(await serve(async () => {}))
  const taken = { host: '127.0.0.1', port: Number(url.port), name: 'The test', portSetting: 'INTAKE_PORT' }
  const trying = listen(createServer(), taken)
  await expect(trying).rejects.toThrow(ListenError)
  await expect(trying).rejects.toThrow(/is taken\. .* set INTAKE_PORT to another port\.$/)
})

describe('readiness', () => {
  test('is given while every part is there', async () => {
    const parts = await checkParts({ database: async () => {}, migrations: async () => {} }, 100)
    expect(readyAnswer(parts)).toEqual({ status: 'ready', parts: { database: 'ok', migrations: 'ok' } })
  })

  test('names what fails and what does not answer', async () => {
    const checks = {
      stream: () => new Promise<void>(() => {}),
      database: () => Promise.reject(new Error('it is gone')),
      jobs: async () => {},
    }
    const parts = await checkParts(checks, 20)
    expect(parts).toEqual({ database: 'it is gone', stream: 'no answer within 0.02 s', jobs: 'ok' })
    expect(() => readyAnswer(parts)).toThrow('Not ready: stream, database.')
  })
})

describe('access', () => {
  const headers = (authorization: string) => ({ headers: { authorization } })
  const basic = (text: string) => headers(`Basic ${Buffer.from(text).toString('base64')}`)

  test('a secret is recognised, and nothing else', () => {
    const isKey = secretCheck('opén:sesame')
    expect(isKey('opén:sesame')).toBe(true)
    for (const other of ['', 'opén', 'opén:sesame ']) expect(isKey(other)).toBe(false)
  })

  test('a key or password is found where it is sent', () => {
    expect(bearerKey(headers('Bearer key-1'))).toBe('key-1')
    expect(bearerKey(basic('any:key-1'))).toBeNull()
    expect(basicPassword(basic('any:opén:sesame'))).toBe('opén:sesame')
    for (const none of [basic('opén'), headers('Basic ???'), headers('Bearer x')])
      expect(basicPassword(none)).toBeNull()
  })

  test('a request under the name of another machine is noticed', () => {
    for (const host of ['localhost:3000', '127.0.0.1:3000', '[::1]:3000', 'LOCALHOST'])
      expect(foreignHost({ headers: { host } })).toBeNull()
    expect(foreignHost({ headers: {} })).toBeNull()
    expect(foreignHost({ headers: { host: 'Evil.example.com:3000' } })).toBe('evil.example.com')
  })
})
