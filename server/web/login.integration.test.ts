import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { connect, type Sql } from '#db/client.ts'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { HttpProblem } from '#platform/http/problem.ts'
import { isSameOrigin, Logins } from './login.ts'

const PASSWORD = 'opén:sesame'
const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

let database: TestDatabase
let now = Date.now()

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  await database.sql`delete from live.sessions`
})

function logins(password: string | undefined, { sql }: { sql: Sql } = database): Logins {
  return new Logins({ sql, password, clock: () => now })
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
    const cookie = await logins(PASSWORD).begin()
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
    const [one, other] = [await logins(PASSWORD).begin(), await logins(PASSWORD).begin()]
    expect(one).not.toBe(other)
    const rows = await database.sql<{ hash: string }[]>`select hash from live.sessions`
    expect(rows).toHaveLength(2)
    const token = /=([\w-]+);/.exec(one)?.[1] ?? ''
    expect(Buffer.from(token, 'base64url')).toHaveLength(32)
    expect(rows.map(({ hash }) => hash)).not.toContain(token)
  })

  it('expires', async () => {
    const known = logins(PASSWORD)
    const cookie = await known.begin()
    expect(await known.judge(withCookie(cookie))).toMatchObject({ by: 'session' })
    await database.sql`update live.sessions set expires_at = now()`
    now += 10_000
    expect(await known.judge(withCookie(cookie))).toEqual({ kind: 'password-needed' })
    await known.begin()
    expect(await database.sql`select from live.sessions`).toHaveLength(1)
  })

  it('ends by logging out, alone', async () => {
    const known = logins(PASSWORD)
    const [one, other] = [await known.begin(), await known.begin()]
    expect(await known.judge(withCookie(one))).toMatchObject({ by: 'session' })
    expect(await known.end(withCookie(one))).toBe(known.sessionOf(withCookie(one)))
    expect(await known.judge(withCookie(one))).toEqual({ kind: 'password-needed' })
    expect(await known.end(withCookie(one))).toBeNull()
    expect(await known.judge(withCookie(other))).toMatchObject({ by: 'session' })
  })

  it('that somebody revokes in the database ends within ten seconds', async () => {
    const known = logins(PASSWORD)
    const cookie = await known.begin()
    expect(await known.judge(withCookie(cookie))).toMatchObject({ by: 'session' })
    await database.sql`delete from live.sessions`
    now += 10_000
    expect(await known.judge(withCookie(cookie))).toEqual({ kind: 'password-needed' })
  })

  it('goes on while the database is away; one that was not seen before waits for it, or shows the password', async () => {
    const sql = connect(database.url, { max: 1 })
    const known = logins(PASSWORD, { sql })
    const [seen, unseen] = [await known.begin(), await known.begin()]
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
