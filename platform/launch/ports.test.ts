import { afterEach, describe, expect, test } from 'vitest'
import { browserUrl, candidatePairs, type ReservedPorts, reservePorts } from './ports.ts'

const reserved: ReservedPorts[] = []
afterEach(async () => {
  for (const ports of reserved.splice(0)) await ports.giveUp()
})

async function reserve(wanted: Parameters<typeof reservePorts>[1]): Promise<ReservedPorts> {
  const ports = await reservePorts('127.0.0.1', wanted)
  reserved.push(ports)
  return ports
}

describe('the ports of the demo', () => {
  test('are 3000 and 3001, or the next pairs', () => {
    expect(candidatePairs({}).slice(0, 3)).toEqual([
      { port: 3000, intakePort: 3001 },
      { port: 3002, intakePort: 3003 },
      { port: 3004, intakePort: 3005 },
    ])
  })

  test('are exactly those that were asked for', () => {
    expect(candidatePairs({ port: 4000 })).toEqual([{ port: 4000, intakePort: 4001 }])
    expect(candidatePairs({ port: 4000, intakePort: 5000 })).toEqual([{ port: 4000, intakePort: 5000 }])
  })

  test('are another pair for a second demo', async () => {
    const [first, second] = await Promise.all([reserve({}), reserve({})])
    const all = [first.port, first.intakePort, second.port, second.intakePort]
    expect(new Set(all).size).toBe(4)
  })

  test('are refused when one of them was asked for and is taken', async () => {
    const { port, intakePort } = await reserve({})
    await expect(reserve({ port })).rejects.toThrow(`Port ${port} on 127.0.0.1 is taken`)
    await expect(reserve({ port: port - 1 })).rejects.toThrow(/is taken .* --port/)
    await expect(reserve({ port: port + 2, intakePort })).rejects.toThrow('Set INTAKE_PORT')
  })

  test('are free for the processes once given up', async () => {
    const first = await reservePorts('127.0.0.1', {})
    await first.giveUp()
    expect((await reserve({ port: first.port })).port).toBe(first.port)
  })
})

test.each([
  ['127.0.0.1', 'http://127.0.0.1:3000'],
  ['0.0.0.0', 'http://localhost:3000'],
  ['::', 'http://localhost:3000'],
  ['::1', 'http://localhost:3000'],
  ['till.example.com', 'http://till.example.com:3000'],
  ['2001:db8::1', 'http://[2001:db8::1]:3000'],
])('a dashboard on %s is opened at %s', (host, url) => {
  expect(browserUrl(host, 3000)).toBe(url)
})
