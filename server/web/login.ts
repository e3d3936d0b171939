import { createHmac, randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Sql } from '#db/client.ts'
import type { Instant } from '#domain/instant.ts'
import { basicPassword, foreignHost, secretCheck } from '#platform/http/access.ts'
import { HttpProblem } from '#platform/http/problem.ts'

type Headers = Pick<IncomingMessage, 'headers'>

/** Whether a request may see the dashboard, and by what. */
export type Verdict =
  | { kind: 'welcome'; by: 'session' | 'password' | 'no password asked' }
  | { kind: 'wrong-host'; host: string }
  | { kind: 'password-needed' }

const COOKIE = 'tillstream_session'
const TOKEN_BYTES = 32
/** A page asks for thirty files at once. A session that another process ends is found out after this long. */
const RECHECK_MS = 10_000

/**
 * Logins of the dashboard by its password (HTTP basic, any user name). A login is a session: a random token in a
 * cookie, because not every browser sends credentials with a WebSocket, and its hash in `live.sessions`, where it
 * expires and can be revoked. Without a password the server listens on loopback only, and the Host must be
 * loopback too: a page elsewhere could be led here by DNS rebinding.
 */
export class Logins {
  readonly #sql: Sql
  readonly #clock: () => Instant
  readonly #password: string | undefined
  readonly #isPassword: (given: string) => boolean
  /** Sessions that were found, by hash. */
  readonly #found = new Map<string, { expiresAt: Instant; checkedAt: Instant }>()

  constructor({ sql, password, clock }: { sql: Sql; password: string | undefined; clock: () => Instant }) {
    this.#sql = sql
    this.#clock = clock
    this.#password = password
    this.#isPassword = password === undefined ? () => false : secretCheck(password)
  }

  /** @throws HttpProblem 503 when a session cannot be looked up and no password came with it */
  async judge(request: Headers): Promise<Verdict> {
    if (this.#password === undefined) {
      const host = foreignHost(request)
      return host === null ? { kind: 'welcome', by: 'no password asked' } : { kind: 'wrong-host', host }
    }
    const given = basicPassword(request)
    const isPassword = given !== null && this.#isPassword(given)
    if (await this.#hasSession(request, isPassword)) return { kind: 'welcome', by: 'session' }
    return isPassword ? { kind: 'welcome', by: 'password' } : { kind: 'password-needed' }
  }

  /** Begins a session, and forgets those that are over. @returns its cookie */
  async begin(): Promise<string> {
    const token = randomBytes(TOKEN_BYTES).toString('base64url')
    await this.#sql`
      with over as (delete from live.sessions where expires_at <= now())
      insert into live.sessions (hash) values (${this.#hash(token)})`
    for (const [hash, { expiresAt }] of this.#found) {
      if (expiresAt <= this.#clock()) this.#found.delete(hash)
    }
    return `${COOKIE}=${token}; Path=/; HttpOnly; SameSite=Strict`
  }

  /** Ends the session of a request. @returns the hash of the one that ended, null where there was none */
  async end(request: Headers): Promise<string | null> {
    const hash = this.sessionOf(request)
    if (hash === null) return null
    this.#found.delete(hash)
    const ended = await this.#sql`delete from live.sessions where hash = ${hash} returning hash`
    return ended.length > 0 ? hash : null
  }

  /** The hash of the session that a request claims to belong to. */
  sessionOf({ headers }: Headers): string | null {
    for (const pair of headers.cookie?.split(';') ?? []) {
      const [name, token] = pair.trim().split('=', 2)
      if (name === COOKIE && token) return this.#hash(token)
    }
    return null
  }

  /** Under the token as key, so that the row tells nothing of the password, and is worth nothing once that changed. */
  #hash(token: string): string {
    return createHmac('sha256', token)
      .update(this.#password ?? '')
      .digest('base64url')
  }

  async #hasSession(request: Headers, hasPassword: boolean): Promise<boolean> {
    const hash = this.sessionOf(request)
    if (hash === null) return false
    const now = this.#clock()
    const found = this.#found.get(hash)
    if (found && now - found.checkedAt < RECHECK_MS) return now < found.expiresAt
    try {
      const [session] = await this.#sql<{ expiresAt: Instant }[]>`
        select expires_at as "expiresAt" from live.sessions where hash = ${hash} and expires_at > now()`
      if (session) this.#found.set(hash, { expiresAt: session.expiresAt, checkedAt: now })
      else this.#found.delete(hash)
      return session !== undefined
    } catch (cause) {
      // While the database is away, who was let in stays in.
      if (found) return now < found.expiresAt
      if (hasPassword) return false
      throw new HttpProblem(
        503,
        'The database does not answer, so no login can be looked up. Try again in a moment.',
        {
          headers: { 'Retry-After': '2' },
          cause,
        },
      )
    }
  }
}

/** The header that takes the cookie away. */
export const NO_SESSION_COOKIE = `${COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict`

/**
 * Whether a page of this very server asks, or no page at all. Browsers send cookies and passwords to us
 * from anybody's page, and a socket answers across origins: its handshake is checked here.
 */
export function isSameOrigin({ headers }: Headers): boolean {
  const { origin, host } = headers
  if (origin === undefined) return true
  return host !== undefined && URL.parse(origin)?.host === host
}
