import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { connect } from '#db/client.ts'
import { migrate } from '#db/migrate.ts'
import { createTestDatabase } from '#db/testing/database.ts'
import { type Environment, readEnvironment } from '#platform/environment.ts'
import { isLogEmpty, migrateDemo, openServedDatabase, resetDemo } from './demo-database.ts'

let above = ''
let environment: Environment
beforeEach(() => {
  above = mkdtempSync(path.join(os.tmpdir(), `tillstream-test-${process.pid}-`))
  chmodSync(above, 0o711)
  environment = readEnvironment({ DATA_DIR: path.join(above, '.data') })
})
afterEach(async () => {
  await resetDemo(environment)
  rmSync(above, { recursive: true })
})

test('a reset deletes database, simulated world and own drop folder', async () => {
  const first = await openServedDatabase(environment)
  await migrate(first.url)
  expect(await isLogEmpty(first.url)).toBe(true)
  const sql = connect(first.url, { max: 1 })
  await sql`create table public.kept (n int)`
  await sql.end()
  await first.release()
  mkdirSync(environment.dropDir, { recursive: true })
  writeFileSync(path.join(environment.dataDir, 'seed.json'), '{}')
  mkdirSync(path.join(environment.dataDir, 'journals'))
  writeFileSync(path.join(environment.dataDir, 'journals', 'madrid-sol-2026-11-19.ndjson'), '')

  await resetDemo(environment)
  expect(existsSync(environment.dropDir)).toBe(false)
  expect(existsSync(path.join(environment.dataDir, 'seed.json'))).toBe(false)
  expect(existsSync(path.join(environment.dataDir, 'journals'))).toBe(false)
  const second = await openServedDatabase(environment)
  const anew = connect(second.url, { max: 1 })
  const [row] = await anew`select to_regclass('public.kept') is null as gone`
  expect(row?.gone).toBe(true)
  await anew.end()
  await second.release()
})

test('tables of another version are told, with the way to begin anew', async () => {
  const database = await openServedDatabase(environment)
  await migrateDemo(database)
  const sql = connect(database.url, { max: 1 })
  await sql`update tillstream.migrations set hash = 'of another text' where name = '0001_log.sql'`
  await sql.end()
  await expect(migrateDemo(database)).rejects.toThrow(/0001_log\.sql.*\n.*npm run demo -- --reset/)
  await database.release()
})

test("a reset leaves somebody's own drop folder and database alone", async () => {
  const dropDir = path.join(above, 'journals')
  mkdirSync(dropDir)
  await resetDemo({ ...environment, dropDir })
  expect(existsSync(dropDir)).toBe(true)
  await expect(resetDemo({ ...environment, databaseUrl: 'postgres://a@b/c' })).rejects.toThrow(
    'DATABASE_URL is set',
  )
})

test('a database of somebody else is used as it is', async () => {
  const theirs = await createTestDatabase()
  const database = await openServedDatabase({ ...environment, databaseUrl: theirs.url })
  expect(database).toMatchObject({ url: theirs.url, embedded: undefined })
  await database.release()
  await theirs.drop()
})
