import { describe, expect, it } from 'vitest'
import { createAccess, isSameOrigin } from './access.ts'

const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

describe('access with a password', () => {
  const judge = createAccess('opén:sesame')

  it('is given for the password, whatever the user name, and with a cookie', () => {
    const verdict = judge({ headers: { authorization: basic('anyone', 'opén:sesame') } })
    expect(verdict).toMatchObject({
      kind: 'welcome',
      cookie: expect.stringContaining('HttpOnly; SameSite=Strict'),
    })
  })

  it('is given for the cookie alone, as sockets send it, and not with another one', () => {
    const verdict = judge({ headers: { authorization: basic('', 'opén:sesame') } })
    if (verdict.kind !== 'welcome' || verdict.cookie === null) throw new Error('no cookie')
    const cookie = verdict.cookie.split(';')[0] ?? ''
    expect(judge({ headers: { cookie: `theme=dark; ${cookie}` } })).toEqual({ kind: 'welcome', cookie: null })
    expect(judge({ headers: { cookie: `${cookie}x` } })).toEqual({ kind: 'password-needed' })
    expect(createAccess('another')({ headers: { cookie } })).toEqual({ kind: 'password-needed' })
  })

  it.each([
    ['nothing', undefined],
    ['another password', basic('anyone', 'sesame')],
    ['an empty one', basic('anyone', '')],
    ['no colon', `Basic ${Buffer.from('opén').toString('base64')}`],
    ['a bearer token', 'Bearer opén:sesame'],
    ['no base64', 'Basic ???'],
  ])('is refused for %s', (_what, authorization) => {
    expect(judge({ headers: { ...(authorization && { authorization }) } })).toEqual({
      kind: 'password-needed',
    })
  })

  it('does not ask for the host: the password is what protects', () => {
    const headers = { host: 'shop.example.com', authorization: basic('', 'opén:sesame') }
    expect(judge({ headers })).toMatchObject({ kind: 'welcome' })
  })
})

describe('access without a password', () => {
  const judge = createAccess(undefined)

  it.each(['localhost:3000', '127.0.0.1:3000', '[::1]:3000', 'LOCALHOST'])(
    'is given under the name %s',
    host => {
      expect(judge({ headers: { host } })).toEqual({ kind: 'welcome', cookie: null })
    },
  )

  it('is refused under any other name, which a page elsewhere could have led here', () => {
    expect(judge({ headers: { host: 'evil.example.com:3000' } })).toEqual({
      kind: 'wrong-host',
      host: 'evil.example.com',
    })
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
