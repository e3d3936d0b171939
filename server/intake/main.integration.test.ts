import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { inheritedEnvironment } from '#platform/environment.ts'
import { addTestStores, order, post } from './testing/intake.ts'
import { freePort, startIntakeProcess } from './testing/intake-process.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
  await addTestStores(database.url)
})

afterAll(async () => {
  await database?.drop()
})

async function runMain(
  args: string[],
  settings: Record<string, string>,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('main.ts', import.meta.url)), ...args], {
    env: inheritedEnvironment({
      NODE_OPTIONS: '',
      DATA_DIR: path.join(os.tmpdir(), 'tillstream-nothing'),
      ...settings,
    }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { code: child.exitCode, stdout, stderr }
}

test('it starts, takes an event, and ends with code 0 within 5 s of SIGTERM', async () => {
  const intake = await startIntakeProcess(database.url)
  expect((await post(intake, order('1', { source: 'process' }))).status).toBe(200)
  const began = performance.now()
  expect(await intake.end('SIGTERM')).toBe(0)
  expect(performance.now() - began).toBeLessThan(5_000)
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
  expect(unknown.stderr).toMatch(/^Unknown option '--colour'.*\n$/)
  expect(await runMain(['--help'], {})).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Usage: npm start'),
  })
})
