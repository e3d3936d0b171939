import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { isPostmasterOf, processIdentity } from './process-identity.ts'

test('a process keeps its identity', () => {
  expect(processIdentity(process.pid)).toBeDefined()
  expect(processIdentity(process.pid)).toBe(processIdentity(process.pid))
})

test('two processes have different identities', () => {
  expect(processIdentity(process.pid)).not.toBe(processIdentity(process.ppid))
})

test('a process that has ended has none', async () => {
  const child = spawn(process.execPath, ['--eval', ''])
  await once(child, 'exit')
  expect(processIdentity(child.pid ?? 0)).toBeUndefined()
})

test('a process that is no server is not taken for one', () => {
  expect(isPostmasterOf(process.pid, '/no/such/cluster')).toBe(false)
})
