import { expect, test } from 'vitest'
import { renderSettings, serverSettings } from './cluster.ts'

const gibibyte = 1024 ** 3

test('commits are durable unless a test asks otherwise, and outlive the server even then', () => {
  const input = { memoryBytes: 8 * gibibyte, maxConnections: 60 }
  expect(serverSettings({ ...input, durable: true })).toMatchObject({ fsync: 'on', synchronous_commit: 'on' })
  expect(serverSettings({ ...input, durable: false })).toMatchObject({
    fsync: 'off',
    synchronous_commit: 'on',
  })
})

test.each([
  [0.25, '64MB'],
  [0.625, '80MB'],
  [0.75, '96MB'],
  [16, '96MB'],
])('with %f GiB of memory the server keeps %s of pages', (gibibytes, expected) => {
  const settings = serverSettings({ memoryBytes: gibibytes * gibibyte, durable: true, maxConnections: 60 })
  expect(settings.shared_buffers).toBe(expected)
})

test('settings become one line each', () => {
  expect(renderSettings({ jit: 'off', fsync: 'on' })).toMatch(/^#.*\njit = off\nfsync = on\n$/)
})
