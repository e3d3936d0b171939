import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { type Ended, startProgram } from '#platform/process.ts'
import { addTestStores, order, post, startTestIntake } from './testing/intake.ts'
import { freePort, startIntakeProcess } from './testing/intake-process.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
  await addTestStores(database.url)
})

afterAll(async () => {
  await database?.drop()
})

function runMain(args: string[], settings: Record<string, string>): Promise<Ended> {
  const nothing = path.join(os.tmpdir(), 'tillstream-nothing')
  const environment = { NODE_OPTIONS: '', DATA_DIR: nothing, ...settings }
  return startProgram({ entry: 'server/intake/main.ts', args, settings: environment }).ended
}

test('it starts, takes an event, and ends with code 0 at SIGTERM', async () => {
  const intake = await startIntakeProcess(database.url)
  expect((await post(intake, order('1', { source: 'process' }))).status).toBe(200)
  expect(await intake.end('SIGTERM')).toBe(0)
  const [first] = intake.output().split('\n')
  expect(JSON.parse(first ?? '')).toMatchObject({ level: 30, process: 'intake', url: intake.url })
})

test('a taken port, an unreachable database and an unknown option are one clear line each', async () => {
  const holder = createServer().listen(0, '127.0.0.1')
  await once(holder, 'listening')
  const { port } = holder.address() as AddressInfo
  const taken = await runMain([], { DATABASE_URL: database.url, INTAKE_PORT: String(port) })
  holder.close()
  expect([taken.code, taken.stderr]).toEqual([
    1,
    `Port ${port} at 127.0.0.1 is taken. Stop what listens there, or set INTAKE_PORT to another port.\n`,
  ])
  const nowhere = await freePort()
  const unreachable = await runMain([], { DATABASE_URL: `postgres://nobody@127.0.0.1:${nowhere}/none` })
  expect(unreachable.code).toBe(1)
  expect(unreachable.stderr).toMatch(/nothing listens there\. Start that Postgres/)
  const unknown = await runMain(['--colour'], {})
  expect(unknown.code).toBe(2)
  expect(unknown.stderr).toMatch(/^Unknown option '--colour'.*\n.*--help.*\n$/)
  expect(await runMain(['--help'], {})).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Usage: npm start'),
  })
})

test('a start that fails ends with a code other than 0, and leaves nothing open', async () => {
  const broken = await createTestDatabase()
  await broken.sql`alter table ref.products rename to goods`
  const { code, stderr } = await runMain([], {
    DATABASE_URL: broken.url,
    INTAKE_PORT: String(await freePort()),
  })
  expect([code, stderr]).toEqual([1, 'relation "ref.products" does not exist\n'])
  await expect(startTestIntake(broken.url)).rejects.toThrow('ref.products')
  const open = await broken.sql`
    select application_name from pg_stat_activity
    where datname = current_database() and application_name like 'tillstream intake%'`
  expect([...open]).toEqual([])
  await broken.drop()
})
