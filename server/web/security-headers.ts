import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'

const POLICY_HEADER = 'Content-Security-Policy'
const ONE_YEAR_SECONDS = 31_536_000

/**
 * Pages run only what this server serves and are framed by nobody. An inline script or style runs when it carries the
 * number of this very answer, which nobody who writes into a page can know. The development server compiles with
 * eval, and its overlay brings styles of its own.
 */
function contentSecurityPolicy({ nonce, dev }: { nonce: string; dev: boolean }): string {
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}'${dev ? " 'unsafe-eval'" : ''}`,
    `style-src 'self' ${dev ? "'unsafe-inline'" : `'nonce-${nonce}'`}`,
    // Of one element: the length of a bar, as the server has rendered it.
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}

const HEADERS = Object.entries({
  'X-Content-Type-Options': 'nosniff',
  // For browsers that know no frame-ancestors.
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
})

/**
 * Puts on the answer what every answer of the web server carries, pages above all.
 * @param isSecure that the request came over TLS: a browser then never comes without again
 */
export function secure(
  response: ServerResponse,
  { dev, isSecure }: { dev: boolean; isSecure: boolean },
): void {
  for (const [name, value] of HEADERS) response.setHeader(name, value)
  if (isSecure) response.setHeader('Strict-Transport-Security', `max-age=${ONE_YEAR_SECONDS}`)
  const nonce = randomBytes(16).toString('base64')
  response.setHeader(POLICY_HEADER, contentSecurityPolicy({ nonce, dev }))
}

/** Tells whoever renders the page its answer's policy: there Next finds the nonce for its scripts, and the layout for others. */
export function tellPolicy(request: IncomingMessage, response: ServerResponse): void {
  request.headers[POLICY_HEADER.toLowerCase()] = String(response.getHeader(POLICY_HEADER))
}
