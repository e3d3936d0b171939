import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { candidatePorts, chooseFreePort, isPortFree } from './server-port.ts'

test('the port of the last start is tried first', () => {
  expect(candidatePorts('/a', 24_000)[0]).toBe(24_000)
})

test('two clones begin at different places', () => {
  expect(candidatePorts('/home/a/.data/postgres', undefined)[0]).not.toBe(
    candidatePorts('/home/b/.data/postgres', undefined)[0],
  )
})

test('every candidate lies below the ports of outgoing connections', () => {
  const ports = Array.from({ length: 50 }, (_, folder) =>
    candidatePorts(`/folder-${folder}`, undefined),
  ).flat()
  expect(Math.min(...ports)).toBeGreaterThanOrEqual(20_000)
  expect(Math.max(...ports)).toBeLessThan(30_000)
})

test('a taken port is passed over', async () => {
  const wanted = await chooseFreePort('/somewhere', undefined)
  const occupant = createServer()
  await new Promise<void>(resolve => occupant.listen(wanted, '127.0.0.1', resolve))
  expect(await isPortFree(wanted)).toBe(false)
  expect(await chooseFreePort('/somewhere', wanted)).not.toBe(wanted)
  await new Promise(resolve => occupant.close(resolve))
  expect(await chooseFreePort('/somewhere', wanted)).toBe(wanted)
})
