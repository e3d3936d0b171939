import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isLoopback } from '#platform/environment.ts'
import { HttpProblem } from './problem.ts'

/** Throws the problem that keeps a request out; undefined key: only this machine may ask. */
export type Authorize = (request: Pick<IncomingMessage, 'headers'>) => void

/**
 * Checks the bearer key. Without one the server listens on loopback only, and a page in a browser of this
 * machine could still be led here by DNS rebinding: the Host it names must then be loopback too.
 */
export function createAuthorize(intakeKey: string | undefined): Authorize {
  if (intakeKey === undefined) {
    return ({ headers }) => {
      if (headers.host !== undefined && !isLoopback(hostName(headers.host))) {
        throw new HttpProblem(
          403,
          `The intake has no key, so it answers this machine only, and not under the name ${JSON.stringify(headers.host)}: set INTAKE_KEY to let others in.`,
        )
      }
    }
  }
  const expected = digest(intakeKey)
  return ({ headers }) => {
    const key = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1]
    if (key === undefined) {
      throw new HttpProblem(401, 'Send the intake key as "Authorization: Bearer <key>".', {
        headers: { 'WWW-Authenticate': 'Bearer' },
      })
    }
    // Digests have one length and the comparison one duration, whatever was sent.
    if (!timingSafeEqual(digest(key), expected))
      throw new HttpProblem(403, 'This intake key is not known here.')
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function hostName(host: string): string {
  return host.replace(/:\d*$/, '').toLowerCase()
}
