import { lookup as lookupAll } from 'node:dns/promises'
import { type IncomingMessage, request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { isPublicAddress } from './public-address.ts'

// Calls to addresses that people typed in. Whoever may type one must not reach through us what only we can reach: the
// database's host, another service of this machine, a cloud's metadata. The check lies where the connection is made: a
// name is looked up once, what it resolves to is checked, and exactly that is connected to. So neither a name that
// changes between check and call (rebinding) nor a redirect comes past it.

export interface OutboundCall {
  url: string
  headers: Record<string, string>
  body: string | Buffer
}

export interface OutboundRules {
  /** `name` or `name:port`, in lower case: may be private and without TLS. */
  privateHosts: readonly string[]
  /** For all of it, redirects included. */
  timeoutMs: number
  /** Redirects that keep method and body (307, 308) followed at most. */
  maxRedirects?: number
  /** Undefined asks the system. */
  resolve?: (hostname: string) => Promise<string[]>
}

export interface OutboundAnswer {
  status: number
  /** What of its body was read: the first part. */
  body: string
  /** Of `Retry-After` in seconds; null where it says none. */
  retryAfterMs: number | null
}

/** The address is one that we do not call: trying again changes nothing. The message says why. */
export class OutboundRefusedError extends Error {
  override readonly name = 'OutboundRefusedError'
}

const MAX_ANSWER_BYTES = 2_048

/**
 * Posts to an address of the public Internet.
 * @throws OutboundRefusedError for any other, whether it is written so, a name resolves to it, or a redirect leads to it;
 *   what the connection throws when it fails
 */
export async function postOutbound(call: OutboundCall, rules: OutboundRules): Promise<OutboundAnswer> {
  const signal = AbortSignal.timeout(rules.timeoutMs)
  let url = allowedUrl(call.url, rules)
  for (let redirects = 0; ; redirects += 1) {
    const answer = await postOnce(url, call, { rules, signal })
    if (answer.location === null) return answer
    if (redirects >= (rules.maxRedirects ?? 0)) {
      throw new OutboundRefusedError(
        `It redirects to ${answer.location}: give the address it leads to instead.`,
      )
    }
    url = allowedUrl(new URL(answer.location, url).href, rules)
  }
}

/**
 * What of an address can be told without looking its name up.
 * @throws OutboundRefusedError
 */
export function allowedUrl(text: string, { privateHosts }: Pick<OutboundRules, 'privateHosts'>): URL {
  const url = URL.parse(text)
  if (url === null) throw new OutboundRefusedError('This is no web address.')
  if (url.username !== '' || url.password !== '')
    throw new OutboundRefusedError('An address with a password in it is not called.')
  if (isPrivateHost(url, privateHosts) && ['http:', 'https:'].includes(url.protocol)) return url
  if (url.protocol !== 'https:') throw new OutboundRefusedError('Only https:// addresses are called.')
  // The parser has written 2130706433, 0x7f.1 and the like as 127.0.0.1.
  const host = bareHost(url)
  if (isIP(host) !== 0 && !isPublicAddress(host)) throw refusedAddress(host, host)
  return url
}

function isPrivateHost({ host, hostname }: URL, privateHosts: readonly string[]): boolean {
  return privateHosts.includes(host) || privateHosts.includes(hostname)
}

/** Without the brackets around an IPv6 address. */
function bareHost({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1')
}

function refusedAddress(host: string, address: string): OutboundRefusedError {
  const what = host === address ? address : `${host} (${address})`
  return new OutboundRefusedError(
    `${what} lies in a private network. PRIVATE_WEBHOOKS names hosts that are called all the same.`,
  )
}

type Hop = OutboundAnswer & { location: string | null }

function postOnce(
  url: URL,
  { headers, body }: OutboundCall,
  { rules, signal }: { rules: OutboundRules; signal: AbortSignal },
): Promise<Hop> {
  const { promise, resolve, reject } = Promise.withResolvers<Hop>()
  const guarded = isPrivateHost(url, rules.privateHosts) ? {} : { lookup: publicLookup(rules.resolve) }
  const send = url.protocol === 'https:' ? requestTls : requestPlain
  const request = send(url, {
    method: 'POST',
    headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
    // A connection of its own: one kept from another call would have been looked up by others' rules.
    agent: false,
    signal,
    ...guarded,
  })
  request.on('error', reject)
  request.on('response', response => {
    readBeginning(response).then(text => resolve(hopOf(response, text)), reject)
  })
  request.end(body)
  return promise
}

/** Looks a name up and refuses it when any of its addresses is not public: the next connection might take that one. */
function publicLookup(resolve: OutboundRules['resolve']): LookupFunction {
  const addressesOf =
    resolve ?? (async name => (await lookupAll(name, { all: true })).map(({ address }) => address))
  return (hostname, options, answer) => {
    addressesOf(hostname).then(
      addresses => {
        const refused = addresses.find(address => !isPublicAddress(address))
        const [first] = addresses
        if (refused !== undefined) answer(refusedAddress(hostname, refused), [])
        else if (first === undefined) answer(new Error(`${hostname} has no address`), [])
        else if (options.all === true)
          answer(
            null,
            addresses.map(address => ({ address, family: isIP(address) })),
          )
        else answer(null, first, isIP(first))
      },
      error => answer(error, []),
    )
  }
}

/** As much of an answer as is kept; the rest is not waited for. */
async function readBeginning(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes >= MAX_ANSWER_BYTES) break
  }
  return Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES).toString('utf8').replaceAll('\0', '')
}

function hopOf({ statusCode = 0, headers }: IncomingMessage, body: string): Hop {
  const seconds = Number(headers['retry-after'])
  return {
    status: statusCode,
    body,
    retryAfterMs: seconds > 0 ? seconds * 1_000 : null,
    location: (statusCode === 307 || statusCode === 308) && headers.location ? headers.location : null,
  }
}
