import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { allowedUrl, OutboundRefusedError, postOutbound } from './outbound.ts'
import { isPublicAddress } from './public-address.ts'

const opened: (() => void)[] = []
afterEach(() => {
  for (const close of opened.splice(0)) close()
})

/** A server of this machine, and how often it was called. */
async function listen(answer: RequestListener): Promise<{ port: number; calls: () => number }> {
  let calls = 0
  const server = createServer((request, response) => {
    calls += 1
    answer(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  opened.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, calls: () => calls }
}

const RULES = { privateHosts: [] as string[], timeoutMs: 5_000, maxRedirects: 3 }
const call = (url: string) => ({ url, headers: { 'content-type': 'text/plain' }, body: 'hello' })

describe('a public address', () => {
  it.each([
    '8.8.8.8',
    '93.184.216.34',
    '172.15.255.255',
    '172.32.0.1',
    '100.63.255.255',
    '223.255.255.255',
    '2606:2800:220:1:248:1893:25c8:1946',
    '2a00:1450:4001:81b::200e',
  ])('is %s', address => expect(isPublicAddress(address)).toBe(true))

  it.each([
    '127.0.0.1',
    '127.255.255.254',
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '203.0.113.7',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '64:ff9b::7f00:1',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'ff02::1',
    '2001:db8::1',
    '2001::1',
    '2002:7f00:1::1',
    'localhost',
    '',
  ])('is not %s', address => expect(isPublicAddress(address)).toBe(false))
})

describe('a call to an address that somebody typed in', () => {
  it.each([
    ['https://127.0.0.1/', 'private network'],
    ['https://2130706433/', 'private network'],
    ['https://0x7f.1/', 'private network'],
    ['https://017700000001/', 'private network'],
    ['https://127.1/', 'private network'],
    ['https://[::1]/', 'private network'],
    ['https://[::ffff:127.0.0.1]/', 'private network'],
    ['https://[fd00::1]:8443/x', 'private network'],
    ['https://169.254.169.254/latest/meta-data', 'private network'],
    ['http://example.com/', 'Only https://'],
    ['ftp://example.com/', 'Only https://'],
    ['file:///etc/passwd', 'Only https://'],
    ['https://user:secret@example.com/', 'password'],
    ['no address', 'no web address'],
  ])('is refused before it is made: %s', async (url, why) => {
    expect(() => allowedUrl(url, RULES)).toThrow(why)
    await expect(postOutbound(call(url), RULES)).rejects.toThrow(OutboundRefusedError)
  })

  it('is refused when a name of it resolves to this machine, one of several addresses too', async () => {
    const secret = await listen((_request, response) => void response.end('secret'))
    const url = `https://localhost:${secret.port}/`
    await expect(postOutbound(call(url), RULES)).rejects.toThrow(/localhost .*private network/)
    const resolve = async () => ['93.184.216.34', '127.0.0.1']
    const rebound = postOutbound(call(`https://rebind.example:${secret.port}/`), { ...RULES, resolve })
    await expect(rebound).rejects.toThrow('rebind.example (127.0.0.1) lies in a private network')
    expect(secret.calls()).toBe(0)
  })

  it('connects to what it has checked: a name that has changed meanwhile changes nothing', async () => {
    const secret = await listen((_request, response) => void response.end('secret'))
    let asked = 0
    // Public at the first look, this machine at the second.
    const resolve = async () => {
      asked += 1
      return asked === 1 ? ['192.0.2.1'] : ['127.0.0.1']
    }
    const rebound = postOutbound(call(`https://rebind.example:${secret.port}/`), { ...RULES, resolve })
    await expect(rebound).rejects.toThrow('192.0.2.1')
    expect({ asked, calls: secret.calls() }).toEqual({ asked: 1, calls: 0 })
  })

  it('is refused when a redirect leads to a private address, and that is not called', async () => {
    const secret = await listen((_request, response) => void response.end('secret'))
    const door = await listen((_request, response) => {
      response.writeHead(307, { location: `https://127.0.0.1:${secret.port}/` }).end()
    })
    const rules = { ...RULES, privateHosts: [`127.0.0.1:${door.port}`] }
    const redirected = postOutbound(call(`http://127.0.0.1:${door.port}/`), rules)
    await expect(redirected).rejects.toThrow('private network')
    expect({ door: door.calls(), secret: secret.calls() }).toEqual({ door: 1, secret: 0 })
  })

  it('goes to a private host that is named, follows redirects that keep it, and stops following', async () => {
    const target = await listen((request, response) => {
      request.setEncoding('utf8').on('data', text => response.end(`${request.method} ${text}`))
    })
    const door = await listen((request, response) => {
      const location = request.url === '/round' ? '/round' : `http://127.0.0.1:${target.port}/`
      response.writeHead(308, { location }).end()
    })
    const rules = { ...RULES, privateHosts: ['127.0.0.1'] }
    const post = (path: string, more = {}) =>
      postOutbound(call(`http://127.0.0.1:${door.port}${path}`), { ...rules, ...more })
    expect(await post('/')).toMatchObject({ status: 200, body: 'POST hello' })
    await expect(post('/round')).rejects.toThrow('It redirects to /round')
    expect(door.calls()).toBe(5)
    await expect(post('/', { maxRedirects: 0 })).rejects.toThrow('give the address it leads to')
  })

  it('keeps the beginning of an answer, and hears how long it is to wait', async () => {
    const chatty = await listen((_request, response) => {
      response.writeHead(429, { 'retry-after': '7' })
      response.end('x'.repeat(1_000_000))
    })
    const answer = await postOutbound(call(`http://127.0.0.1:${chatty.port}/`), {
      ...RULES,
      privateHosts: [`127.0.0.1:${chatty.port}`],
    })
    expect(answer).toMatchObject({ status: 429, retryAfterMs: 7_000 })
    expect(answer.body).toBe('x'.repeat(2_048))
  })
})
