import { describe, expect, test } from 'vitest'
import { explainConnectionProblem, openDatabase } from './open.ts'

const url = 'postgres://shop:hunter2@db.example.com:6543/tills'

describe('a database that cannot be reached', () => {
  test.each([
    ['ECONNREFUSED', 'nothing listens there'],
    ['ENOTFOUND', 'host name is unknown'],
    ['CONNECT_TIMEOUT', 'did not answer within 5 s'],
    ['28P01', 'refused user "shop"'],
    ['3D000', 'createdb tills'],
    ['53300', 'no connection left'],
    ['XX000', 'broken'],
  ])('is explained (%s), with the next step and without the password', (code, expected) => {
    const message = explainConnectionProblem(url, Object.assign(new Error('broken'), { code }))
    expect(message).toContain('"tills" at db.example.com:6543')
    expect(message).toContain(expected)
    expect(message).toContain('unset DATABASE_URL')
    expect(message).not.toContain('hunter2')
  })

  test('is reported within seconds', async () => {
    const opening = openDatabase({ databaseUrl: 'postgres://a:b@127.0.0.1:1/x', dataDir: '/unused' })
    await expect(opening).rejects.toThrow('nothing listens there')
  })
})
