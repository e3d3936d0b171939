import { afterAll, describe, expect, test, vi } from 'vitest'
import { createTestDatabase, startPrivatePostgres } from './database.ts'

describe('a test database', async () => {
  const first = await createTestDatabase()
  const second = await createTestDatabase()
  afterAll(async () => {
    await first.drop()
    await second.drop()
  })

  test('is migrated', async () => {
    const [row] = await first.sql`select to_regclass('log.event_log') is not null as migrated`
    expect(row?.migrated).toBe(true)
  })

  test('is not seen by another test', async () => {
    await first.sql`create table only_here (n int)`
    const [row] = await second.sql`select to_regclass('only_here') is null as absent`
    expect(row?.absent).toBe(true)
  })

  test('can be empty', async () => {
    const empty = await createTestDatabase({ migrated: false })
    const [row] = await empty.sql`select to_regnamespace('log') is null as absent`
    await empty.drop()
    expect(row?.absent).toBe(true)
  })
})

test('a private server keeps what was committed when it crashes', async () => {
  const server = await startPrivatePostgres()
  const { connect } = await import('#db/client.ts')
  const sql = connect(server.url, { max: 1 })
  await sql`create table kept (n int)`
  await sql`insert into kept values (1)`
  const before = server.pid()
  await server.crash()
  await server.start()
  expect(server.pid()).not.toBe(before)
  const rows = await vi.waitFor(() => sql`select n from kept`, { timeout: 60_000 })
  expect(rows).toHaveLength(1)
  await server.stopImmediately()
  await server.start()
  await vi.waitFor(() => sql`select 1`, { timeout: 60_000 })
  await sql.end()
  await server.drop()
})
