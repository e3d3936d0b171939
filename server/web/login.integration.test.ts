import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { connect, type Sql } from '#db/client.ts'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { createPeerReader } from '#platform/http/peer.ts'
import { HttpProblem } from '#platform/http/problem.ts'
import { isSameOrigin, Logins } from './login.ts'

const PASSWORD = 'opén:sesame'
const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

/** A browser that comes for the first time. */
const NO_HEADERS = { headers: {} }

let database: TestDatabase
let now = Date.now()

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  now = Date.now()
  await database.sql`delete from live.sessions`
  await database.sql`delete from live.guesses`
})

function logins(password: string | undefined, { sql }: { sql: Sql } = database): Logins {
  return new Logins({
    sql,
    password,
    clock: () => now,
    peerOf: createPeerReader([]),
    onError: () => {},
  })
}

/** What a browser sends back of a `Set-Cookie`. */
function withCookie(setCookie: string, more = ''): { headers: { cookie: string } } {
  return { headers: { cookie: `theme=dark; ${setCookie.split(';')[0] ?? ''}${more}` } }
}

describe('a login with the password', () => {
  it('is given for the password, whatever the user name', async () => {
    const verdict = await logins(PASSWORD).judge({ headers: { authorization: basic('anyone', PASSWORD) } })
    expect(verdict).toEqual({ kind: 'welcome', by: 'password' })
  })

  it('is a session, whose cookie alone is enough, as sockets send it, and not another one', async () => {
    const cookie = await logins(PASSWORD).begin(NO_HEADERS)
    expect(cookie).toContain('HttpOnly; SameSite=Strict')
    expect(await logins(PASSWORD).judge(withCookie(cookie))).toEqual({ kind: 'welcome', by: 'session' })
    expect(await logins(PASSWORD).judge(withCookie(cookie, 'x'))).toEqual({ kind: 'password-needed' })
    expect(await logins('another').judge(withCookie(cookie))).toEqual({ kind: 'password-needed' })
  })

  it.each([
    ['nothing', undefined],
    ['another password', basic('anyone', 'sesame')],
    ['an empty one', basic('anyone', '')],
    ['no colon', `Basic ${Buffer.from('opén').toString('base64')}`],
    ['a bearer token', 'Bearer opén:sesame'],
    ['no base64', 'Basic ???'],
  ])('is refused for %s', async (_what, authorization) => {
    expect(await logins(PASSWORD).judge({ headers: { ...(authorization && { authorization }) } })).toEqual({
      kind: 'password-needed',
    })
  })

  it('does not ask for the host: the password is what protects', async () => {
    const headers = { host: 'shop.example.com', authorization: basic('', PASSWORD) }
    expect(await logins(PASSWORD).judge({ headers })).toMatchObject({ kind: 'welcome' })
  })
})

describe('a session', () => {
  it('has a new cookie each time, of which the database knows only a hash', async () => {
    const [one, other] = [await logins(PASSWORD).begin(NO_HEADERS), await logins(PASSWORD).begin(NO_HEADERS)]
    expect(one).not.toBe(other)
    const rows = await database.sql<{ hash: string }[]>`select hash from live.sessions`
    expect(rows).toHaveLength(2)
    const token = /=([\w-]+);/.exec(one)?.[1] ?? ''
    expect(Buffer.from(token, 'base64url')).toHaveLength(32)
    expect(rows.map(({ hash }) => hash)).not.toContain(token)
  })

  it('expires', async () => {
    const known = logins(PASSWORD)
    const cookie = await known.begin(NO_HEADERS)
    expect(await known.judge(withCookie(cookie))).toMatchObject({ by: 'session' })
    await database.sql`update live.sessions set expires_at = now()`
    now += 10_000
    expect(await known.judge(withCookie(cookie))).toEqual({ kind: 'password-needed' })
    await database.sql`update live.sessions set expires_at = now() - interval '91 days'`
    await known.begin(NO_HEADERS)
    expect(await database.sql`select from live.sessions`).toHaveLength(1)
  })

  it('ends by logging out, alone', async () => {
    const known = logins(PASSWORD)
    const [one, other] = [await known.begin(NO_HEADERS), await known.begin(NO_HEADERS)]
    expect(await known.judge(withCookie(one))).toMatchObject({ by: 'session' })
    expect(await known.end(withCookie(one))).toBe(known.sessionOf(withCookie(one)))
    expect(await known.judge(withCookie(one))).toEqual({ kind: 'password-needed' })
    expect(await known.end(withCookie(one))).toBeNull()
    expect(await known.judge(withCookie(other))).toMatchObject({ by: 'session' })
  })

  it('that somebody revokes in the database ends within ten seconds', async () => {
    const known = logins(PASSWORD)
    const cookie = await known.begin(NO_HEADERS)
    expect(await known.judge(withCookie(cookie))).toMatchObject({ by: 'session' })
    await database.sql`delete from live.sessions`
    now += 10_000
    expect(await known.judge(withCookie(cookie))).toEqual({ kind: 'password-needed' })
  })

  it('goes on while the database is away; one that was not seen before waits for it, or shows the password', async () => {
    const sql = connect(database.url, { max: 1 })
    const known = logins(PASSWORD, { sql })
    const [seen, unseen] = [await known.begin(NO_HEADERS), await known.begin(NO_HEADERS)]
    expect(await known.judge(withCookie(seen))).toMatchObject({ by: 'session' })
    await sql.end()
    now += 10_000
    expect(await known.judge(withCookie(seen))).toMatchObject({ by: 'session' })
    await expect(known.judge(withCookie(unseen))).rejects.toThrow(HttpProblem)
    const { cookie } = withCookie(unseen).headers
    const withPassword = { headers: { cookie, authorization: basic('', PASSWORD) } }
    expect(await known.judge(withPassword)).toMatchObject({ by: 'password' })
  })
})

describe('guessing the password', () => {
  const from = (remoteAddress: string, password: string, cookie?: string) => ({
    headers: { authorization: basic('', password), ...(cookie && { cookie }) },
    socket: { remoteAddress },
  })
  async function guess(known: Logins, remoteAddress: string, times: number) {
    const verdicts = []
    for (let time = 0; time < times; time += 1) {
      verdicts.push((await known.judge(from(remoteAddress, `wrong ${remoteAddress} ${time}`))).kind)
    }
    return verdicts
  }

  it('makes its sender wait after five, longer with each, whatever it sends then', async () => {
    const known = logins(PASSWORD)
    expect((await guess(known, '192.0.2.1', 7)).slice(4)).toEqual([
      'password-needed',
      'password-needed',
      'too-many-guesses',
    ])
    expect(await known.judge(from('192.0.2.1', PASSWORD))).toEqual({ kind: 'too-many-guesses', seconds: 1 })
    expect(await known.judge(from('192.0.2.2', PASSWORD))).toMatchObject({ by: 'password' })
    now += 1_000
    expect(await known.judge(from('192.0.2.1', 'wrong again'))).toEqual({ kind: 'password-needed' })
    expect(await known.judge(from('192.0.2.1', PASSWORD))).toEqual({ kind: 'too-many-guesses', seconds: 2 })
    now += 2_000
    expect(await known.judge(from('192.0.2.1', PASSWORD))).toMatchObject({ by: 'password' })
  })

  it('keeps nobody out who is logged in, nor a browser that was', async () => {
    const known = logins(PASSWORD)
    const { cookie } = withCookie(await known.begin(NO_HEADERS)).headers
    await guess(known, '192.0.2.1', 7)
    expect(await known.judge(from('192.0.2.1', 'whatever', cookie))).toMatchObject({ by: 'session' })
    await database.sql`update live.sessions set expires_at = now()`
    now += 10_000
    await guess(known, '192.0.2.1', 20)
    expect(await known.judge(from('192.0.2.1', PASSWORD))).toMatchObject({ kind: 'too-many-guesses' })
    expect(await known.judge(from('192.0.2.1', PASSWORD, cookie))).toMatchObject({ by: 'password' })
    // An invented cookie is a stranger's.
    const invented = cookie.replace(/=.*/, '=x')
    expect(await known.judge(from('192.0.2.1', PASSWORD, invented))).toMatchObject({
      kind: 'too-many-guesses',
    })
  })

  it('is remembered over a restart and by other processes, and so is who knew it', async () => {
    const first = logins(PASSWORD)
    expect(await first.judge(from('198.51.100.7', PASSWORD))).toMatchObject({ by: 'password' })
    for (let address = 1; address <= 20; address += 1) await guess(first, `192.0.2.${address}`, 6)
    await expect
      .poll(() => database.sql`select sender from live.guesses where failures > 100`, { timeout: 60_000 })
      .toEqual([{ sender: '*' }])
    const second = logins(PASSWORD)
    await second.open()
    expect(await second.judge(from('192.0.2.1', PASSWORD))).toMatchObject({ kind: 'too-many-guesses' })
    // Strangers wait for what all strangers did.
    expect(await second.judge(from('203.0.113.1', PASSWORD))).toMatchObject({ kind: 'too-many-guesses' })
    expect(await second.judge(from('198.51.100.7', PASSWORD))).toMatchObject({ by: 'password' })
  })
})

describe('access without a password', () => {
  const judge = (host: string) => logins(undefined).judge({ headers: { host } })

  it.each(['localhost:3000', '127.0.0.1:3000', '[::1]:3000', 'LOCALHOST'])(
    'is given under the name %s',
    async host => {
      expect(await judge(host)).toEqual({ kind: 'welcome', by: 'no password asked' })
    },
  )

  it('is refused under any other name, which a page elsewhere could have led here', async () => {
    expect(await judge('evil.example.com:3000')).toEqual({ kind: 'wrong-host', host: 'evil.example.com' })
  })
})

describe('the origin of a handshake', () => {
  it.each([
    [undefined, 'localhost:3000', true],
    ['http://localhost:3000', 'localhost:3000', true],
    ['https://shop.example.com', 'shop.example.com', true],
    ['http://localhost:3001', 'localhost:3000', false],
    ['http://evil.example.com', 'localhost:3000', false],
    ['null', 'localhost:3000', false],
  ])('%s at %s: %s', (origin, host, expected) => {
    expect(isSameOrigin({ headers: { host, ...(origin && { origin }) } })).toBe(expected)
  })
})
