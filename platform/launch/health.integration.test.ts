import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { checkHealth, type HealthContext } from './health.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const now = Date.parse('2026-11-21T12:00:00Z')

function context(changes: Partial<HealthContext['environment']> = {}): HealthContext {
  const environment = { databaseUrl: database.url, host: '127.0.0.1', port: 1, intakePort: 1, ...changes }
  return { environment, hostname: 'box-1', now }
}

describe.each(['web', 'intake'] as const)('%s', name => {
  test('is well while it answers at its port, and not while it answers with an error or not at all', async () => {
    let status = 200
    const server = createServer((request, response) => {
      response.writeHead(request.url === '/healthz' ? status : 404).end()
    }).listen(0, '127.0.0.1')
    await new Promise(resolve => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    const asked = context({ [name === 'web' ? 'port' : 'intakePort']: port })
    expect(await checkHealth(name, asked)).toBeNull()
    status = 500
    expect(await checkHealth(name, asked)).toBe(`http://127.0.0.1:${port}/healthz answers 500`)
    await new Promise(resolve => server.close(resolve))
    expect(await checkHealth(name, asked)).toBe(`http://127.0.0.1:${port}/healthz does not answer`)
  })
})

describe('the stream', () => {
  test('is well while a living backend of this machine owns a partition', async () => {
    expect(await checkHealth('stream', context())).toBe('stream works on no partition of the log from box-1')
    await database.sql`select log.take_partition('stream/1', 0, 'stream box-1:77')`
    expect(await checkHealth('stream', context())).toBeNull()
  })

  test('is not while only another machine works, or the backend that owned a partition is gone', async () => {
    await database.sql`update log.owners set owner = 'stream box-10:77'`
    expect(await checkHealth('stream', context())).not.toBeNull()
    await database.sql`update log.owners set owner = 'stream box-1:77', backend_pid = 1`
    expect(await checkHealth('stream', context())).not.toBeNull()
  })

  test('stands by while others work on every partition', async () => {
    await database.sql`select log.take_partition('stream/1', partition, 'stream box-10:77') from log.partitions`
    expect(await checkHealth('stream', context())).toBeNull()
  })

  test('stands by while the active generation is another engine’s, and says that it is there', async () => {
    await database.sql`update stream.generations set engine = 'flink' where generation = 1`
    try {
      expect(await checkHealth('stream', context())).toBe('no stream process on box-1 says that it is there')
      await database.sql`
        insert into stream.processes (name, host, pid, partitions, backend_pid, backend_start)
        values ('stream box-1:77', 'box-1', 77, '{}', 1, now())`
      expect(await checkHealth('stream', context())).toBeNull()
    } finally {
      await database.sql`update stream.generations set engine = 'tillstream'`
    }
  })
})

describe('signs of life', () => {
  test('of the schedule may be a minute old', async () => {
    expect(await checkHealth('jobs', context())).toBe('no sign of life yet')
    await database.sql`insert into batch.heartbeat (beat_at, next_tick_at) values (${now - 60_000}, ${now})`
    expect(await checkHealth('jobs', context())).toBeNull()
    await database.sql`update batch.heartbeat set beat_at = ${now - 61_000}`
    expect(await checkHealth('jobs', context())).toBe('last heard of 61 s ago')
  })

  test('of the simulators may be half a minute old', async () => {
    await database.sql`
      insert into live.simulator_heartbeat (beat_at, scenario, speed, waiting)
      values (${now - 30_000}, 'ordinary', 1, 0)`
    expect(await checkHealth('simulate', context())).toBeNull()
    await database.sql`update live.simulator_heartbeat set beat_at = ${now - 31_000}`
    expect(await checkHealth('simulate', context())).toBe('last heard of 31 s ago')
  })

  test('cannot be seen without a database', async () => {
    expect(await checkHealth('jobs', context({ databaseUrl: undefined }))).toContain(
      'DATABASE_URL is not set',
    )
    const away = context({ databaseUrl: 'postgres://nobody@127.0.0.1:1/nowhere' })
    expect(await checkHealth('jobs', away)).toMatch(/the database (cannot be asked|does not answer)/)
  })
})
