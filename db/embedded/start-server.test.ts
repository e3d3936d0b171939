import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { candidatePorts, firstFree, isPostmasterOf, parsePostmasterFile } from './start-server.ts'

const lines = ['4711', '/srv/cluster', '1795200000', '25432', '', '127.0.0.1', '  8130  42', 'ready   ']

describe('postmaster.pid', () => {
  test('names process, port and state of a running server', () => {
    expect(parsePostmasterFile(`${lines.join('\n')}\n`)).toEqual({ pid: 4711, port: 25432, status: 'ready' })
  })

  test('of a server that has just begun has no port and no state yet', () => {
    expect(parsePostmasterFile(`${lines.slice(0, 3).join('\n')}\n`)).toEqual({
      pid: 4711,
      port: undefined,
      status: 'starting',
    })
  })

  test('of a server that ends says so', () => {
    expect(parsePostmasterFile([...lines.slice(0, 7), 'stopping'].join('\n'))?.status).toBe('stopping')
  })

  test.each(['', 'rubbish\n', '0\n'])('with content %j names no server', content => {
    expect(parsePostmasterFile(content)).toBeUndefined()
  })
})

test('a process that is no server is not taken for one', () => {
  expect(isPostmasterOf(process.pid, '/no/such/cluster')).toBe(false)
})

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
  const ports = candidatePorts('/somewhere', undefined)
  const wanted = await firstFree(ports)
  const occupant = createServer()
  await new Promise<void>(resolve => occupant.listen(wanted, '127.0.0.1', resolve))
  expect(await firstFree(ports)).not.toBe(wanted)
  await new Promise(resolve => occupant.close(resolve))
  expect(await firstFree(ports)).toBe(wanted)
})
