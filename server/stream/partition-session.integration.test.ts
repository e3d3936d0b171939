import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { openSession } from './partition-session.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

test('a transaction that its process drives no further is ended by the server, and holds nobody up', async () => {
  const session = await openSession(
    {
      url: database.url,
      consumer: 'stream/1',
      partition: 0,
      owner: 'stands still',
      takes: 'any',
      isDurable: true,
    },
    null,
  )
  const { promise: never, resolve: letGo } = Promise.withResolvers<void>()
  const { promise: hasLocked, resolve: locked } = Promise.withResolvers<void>()
  const standing = session.sql.begin(async transaction => {
    await transaction`select from log.owners where partition = 0 for share`
    locked()
    await never
  })
  const failed = expect(standing).rejects.toThrow()
  await hasLocked
  await vi.waitFor(
    async () => {
      const backends = await database.sql`select from pg_stat_activity where pid = ${session.backendPid}`
      expect(backends.length).toBe(0)
    },
    { timeout: 60_000, interval: 50 },
  )
  // What it had locked is free.
  await database.sql`update log.owners set owner = 'another' where partition = 0`
  letGo()
  await failed
  await session.close()
})
