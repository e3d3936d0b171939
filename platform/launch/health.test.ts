import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { isUpWithin } from './health.ts'

let server: Server | undefined
afterEach(() => void server?.close())

/** A server that answers 503 so many times, then 200. */
async function serve(unready: number): Promise<string> {
  let answers = 0
  const started = createServer((_, response) => {
    response.statusCode = answers++ < unready ? 503 : 200
    response.end()
  })
  server = started
  await new Promise<void>(resolve => started.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}/healthz`
}

const stop = new AbortController().signal

test('a process is up once it answers with 200', async () => {
  const url = await serve(3)
  expect(await isUpWithin({ url, timeoutMs: 10_000, stop })).toBe(true)
})

test('a process that does not answer in time is not up', async () => {
  const url = await serve(Number.POSITIVE_INFINITY)
  expect(await isUpWithin({ url, timeoutMs: 300, stop })).toBe(false)
  expect(await isUpWithin({ url: 'http://127.0.0.1:1/', timeoutMs: 300, stop })).toBe(false)
})

test('waiting ends when somebody asks for the end', async () => {
  const url = await serve(Number.POSITIVE_INFINITY)
  const waiting = isUpWithin({ url, timeoutMs: 60_000, stop: AbortSignal.timeout(100) })
  await expect(waiting).rejects.toThrow()
})
