import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isLoopback } from '#platform/environment.ts'

/** Whether a request may see the dashboard. */
export type Verdict =
  | { kind: 'welcome'; cookie: string | null }
  | { kind: 'wrong-host'; host: string }
  | { kind: 'password-needed' }

type Headers = Pick<IncomingMessage, 'headers'>

const COOKIE = 'tillstream_session'

/**
 * Judges requests by the dashboard's password (HTTP basic, any user name). A right password is answered
 * with a cookie, because not every browser sends credentials with a WebSocket. Without a password the
 * server listens on loopback only, and the Host must be loopback too: a page elsewhere could be led here by
 * DNS rebinding.
 */
export function createAccess(password: string | undefined): (request: Headers) => Verdict {
  if (password === undefined) {
    return ({ headers }) => {
      const host = hostName(headers.host ?? 'localhost')
      return isLoopback(host) ? { kind: 'welcome', cookie: null } : { kind: 'wrong-host', host }
    }
  }
  const expected = digest(password)
  // Says nothing of the password, and is worth nothing once the password changed.
  const token = createHmac('sha256', password).update('tillstream dashboard session').digest('base64url')
  const expectedToken = digest(token)
  return ({ headers }) => {
    const held = cookieOf(headers.cookie)
    if (held !== null && timingSafeEqual(digest(held), expectedToken))
      return { kind: 'welcome', cookie: null }
    const given = passwordOf(headers.authorization)
    // Digests have one length and the comparison one duration, whatever was sent.
    if (given === null || !timingSafeEqual(digest(given), expected)) return { kind: 'password-needed' }
    return { kind: 'welcome', cookie: `${COOKIE}=${token}; Path=/; HttpOnly; SameSite=Strict` }
  }
}

/**
 * Whether a page of this very server asks, or no page at all. Browsers send cookies and passwords to us
 * from anybody's page, and a socket answers across origins: its handshake is checked here.
 */
export function isSameOrigin({ headers }: Headers): boolean {
  const { origin, host } = headers
  if (origin === undefined) return true
  return host !== undefined && URL.parse(origin)?.host === host
}

function passwordOf(authorization: string | undefined): string | null {
  const encoded = /^Basic +([A-Za-z0-9+/=]+) *$/i.exec(authorization ?? '')?.[1]
  if (encoded === undefined) return null
  const decoded = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = decoded.indexOf(':')
  return colon < 0 ? null : decoded.slice(colon + 1)
}

function cookieOf(header: string | undefined): string | null {
  for (const pair of header?.split(';') ?? []) {
    const [name, value] = pair.trim().split('=', 2)
    if (name === COOKIE && value) return value
  }
  return null
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function hostName(host: string): string {
  return host.replace(/:\d*$/, '').toLowerCase()
}
