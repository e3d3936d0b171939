import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isLoopback } from '#platform/environment.ts'

type Headers = Pick<IncomingMessage, 'headers'>

/**
 * The name of another machine that a request was sent to; null where it is this machine's own. Without a key or
 * password a server listens on loopback only, and a page in a browser of this machine could still be led there by
 * DNS rebinding: the Host that it names gives it away.
 */
export function foreignHost({ headers }: Headers): string | null {
  const name = (headers.host ?? 'localhost').replace(/:\d*$/, '').toLowerCase()
  return isLoopback(name) ? null : name
}

/** @returns whether a text is the secret: digests have one length and the comparison one duration, whatever was sent */
export function secretCheck(secret: string): (given: string) => boolean {
  const expected = digest(secret)
  return given => timingSafeEqual(digest(given), expected)
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** The key of `Authorization: Bearer <key>`; null where there is none. */
export function bearerKey({ headers }: Headers): string | null {
  return /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1] ?? null
}

/** The password of HTTP basic authorization, whatever the user's name; null where there is none. */
export function basicPassword({ headers }: Headers): string | null {
  const encoded = /^Basic +([A-Za-z0-9+/=]+) *$/i.exec(headers.authorization ?? '')?.[1]
  if (encoded === undefined) return null
  const decoded = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = decoded.indexOf(':')
  return colon < 0 ? null : decoded.slice(colon + 1)
}
