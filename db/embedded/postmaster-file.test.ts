import { describe, expect, test } from 'vitest'
import { parsePostmasterFile } from './postmaster-file.ts'

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
