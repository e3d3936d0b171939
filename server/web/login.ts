import { createHmac, randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Sql } from '#db/client.ts'
import { createGuessStore } from '#db/guesses.ts'
import type { Instant } from '#domain/instant.ts'
import { basicPassword, foreignHost, secretCheck } from '#platform/http/access.ts'
import { GuessBrake } from '#platform/http/guess-brake.ts'
import type { FromPeer, Peer } from '#platform/http/peer.ts'
import { HttpProblem } from '#platform/http/problem.ts'

type Headers = Pick<IncomingMessage, 'headers'>

/** Whether a request may see the dashboard, and by what. */
export type Verdict =
  | { kind: 'welcome'; by: 'session' | 'password' | 'no password asked' }
  | { kind: 'wrong-host'; host: string }
  | { kind: 'password-needed' }
  /** Nothing was compared. */
  | { kind: 'too-many-guesses'; seconds: number }

interface LoginOptions {
  sql: Sql
  /** Undefined asks for none. */
  password: string | undefined
  clock: () => Instant
  peerOf: (request: FromPeer) => Peer
  /** Told when guesses cannot be stored. */
  onError: (error: unknown) => void
}

const COOKIE = 'tillstream_session'
const TOKEN_BYTES = 32
/** A session is over after a week (`live.sessions`); that a browser had one is known for three months. */
const KNOWN_SECONDS = 90 * 86_400
/** A program that sends the password with every page begins one each time: the oldest go. */
const MOST_SESSIONS = 5_000
/** A page asks for thirty files at once. A session that another process ends is found out after this long. */
const RECHECK_MS = 10_000

/**
 * Logins of the dashboard by its password (HTTP basic, any user name). A login is a session: a random token in a
 * cookie, because not every browser sends credentials with a WebSocket, and its hash in `live.sessions`, where it
 * expires and can be revoked. Without a password the server listens on loopback only, and the Host must be
 * loopback too: a page elsewhere could be led here by DNS rebinding.
 *
 * Wrong passwords make their sender wait. A session does not, so nobody outside can lock out who is in; and a
 * browser whose session is over is still known by it, and counted apart from the strangers at its address.
 */
export class Logins {
  readonly #sql: Sql
  readonly #clock: () => Instant
  readonly #password: string | undefined
  readonly #brake: GuessBrake
  readonly #peerOf: (request: FromPeer) => Peer
  /** Sessions that were found, by hash. */
  readonly #found = new Map<string, { expiresAt: Instant; checkedAt: Instant }>()

  /** @param peerOf who asks: wrong passwords are counted by it */
  constructor({ sql, password, clock, peerOf, onError }: LoginOptions) {
    this.#sql = sql
    this.#clock = clock
    this.#password = password
    this.#peerOf = peerOf
    this.#brake = new GuessBrake({
      isRight: password === undefined ? () => false : secretCheck(password),
      store: createGuessStore(sql, 'password'),
      clock,
      onError,
    })
  }

  /** Reads what was guessed before this process began. */
  async open(): Promise<void> {
    if (this.#password !== undefined) await this.#brake.open()
  }

  /** @throws HttpProblem 503 when a session cannot be looked up and no password came with it */
  async judge(request: FromPeer): Promise<Verdict> {
    if (this.#password === undefined) {
      const host = foreignHost(request)
      return host === null ? { kind: 'welcome', by: 'no password asked' } : { kind: 'wrong-host', host }
    }
    const given = basicPassword(request)
    const session = await this.#sessionState(request, given !== null)
    if (session === 'live') return { kind: 'welcome', by: 'session' }
    if (given === null) return { kind: 'password-needed' }
    const sender = session === 'over' ? `browser ${this.sessionOf(request)}` : this.#peerOf(request).address
    const guess = this.#brake.guess(sender, given)
    switch (guess.kind) {
      case 'right':
        return { kind: 'welcome', by: 'password' }
      case 'wrong':
        return { kind: 'password-needed' }
      case 'wait':
        return { kind: 'too-many-guesses', seconds: guess.seconds }
    }
  }

  /** Begins a session, and forgets those that were over long ago. @returns its cookie */
  async begin(request: FromPeer): Promise<string> {
    const token = randomBytes(TOKEN_BYTES).toString('base64url')
    await this.#sql`
      with over as (
        delete from live.sessions where expires_at <= now() - make_interval(secs => ${KNOWN_SECONDS})
          or hash in (select hash from live.sessions order by began_at desc offset ${MOST_SESSIONS}))
      insert into live.sessions (hash) values (${this.#hash(token)})`
    for (const [hash, { expiresAt }] of this.#found) {
      if (expiresAt <= this.#clock()) this.#found.delete(hash)
    }
    const secure = this.#peerOf(request).isSecure ? '; Secure' : ''
    return `${COOKIE}=${token}; Path=/; Max-Age=${KNOWN_SECONDS}; HttpOnly; SameSite=Strict${secure}`
  }

  /** Ends every session, whoever began it. */
  async endAll(): Promise<void> {
    this.#found.clear()
    await this.#sql`delete from live.sessions`
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

  async #sessionState(request: FromPeer, hasPassword: boolean): Promise<'live' | 'over' | 'none'> {
    const hash = this.sessionOf(request)
    if (hash === null) return 'none'
    const now = this.#clock()
    const found = this.#found.get(hash)
    if (found && now - found.checkedAt < RECHECK_MS) return now < found.expiresAt ? 'live' : 'over'
    try {
      const [session] = await this.#sql<{ expiresAt: Instant }[]>`
        select expires_at as "expiresAt" from live.sessions where hash = ${hash}`
      if (session === undefined) {
        this.#found.delete(hash)
        return 'none'
      }
      this.#found.set(hash, { expiresAt: session.expiresAt, checkedAt: now })
      return now < session.expiresAt ? 'live' : 'over'
    } catch (cause) {
      // While the database is away, who was let in stays in.
      if (found) return now < found.expiresAt ? 'live' : 'over'
      if (hasPassword) return 'none'
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
