import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { connect, type Sql } from '#db/client.ts'
import { readDemoSpeed, setDemoSpeed } from '#db/demo-speed.ts'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { createControlLink } from './control-link.ts'
import { doSimulatorsLive, playElsewhere, readRun, requestRun, stopRun } from './scenario-runs.ts'

const STATUS = { playing: 'ordinary', waiting: 0 }

describe('scenarios by request', () => {
  let database: TestDatabase
  let clients: Sql[]
  beforeEach(async () => {
    database = await createTestDatabase()
    clients = []
  })
  afterEach(async () => {
    await Promise.all(clients.map(client => client.end({ timeout: 1 })))
    await database.drop()
  })

  function session(): Sql {
    const client = connect(database.url, { max: 1 })
    clients.push(client)
    return client
  }

  const stateOf = async (run: number) => (await readRun(database.sql, run))?.state
  const announced = async () =>
    (
      await database.sql<{ state: string }[]>`
      select payload->>'state' as state from live.ops_lane where kind = 'scenario' order by sequence`
    ).map(({ state }) => state)

  test('a request reaches the simulators once, and what becomes of it reaches the pages', async () => {
    const [link, sql] = [createControlLink(null), session()]
    const run = await requestRun(database.sql, 'rush', 3)
    await link.exchange(sql, STATUS)
    await link.exchange(sql, STATUS)
    expect(link.take()).toEqual([{ run, scenario: 'rush', minutes: 3 }])
    expect(link.take()).toEqual([])
    link.report(run, { state: 'running', detail: 'ten times', endsAt: Date.UTC(2026, 10, 20, 12) })
    await link.exchange(sql, STATUS)
    expect(await readRun(database.sql, run)).toEqual({
      scenario: 'rush',
      state: 'running',
      detail: 'ten times',
      endsAt: Date.UTC(2026, 10, 20, 12),
    })
    link.report(run, { state: 'ended', detail: 'over' })
    await link.exchange(sql, STATUS)
    expect(await announced()).toEqual(['requested', 'running', 'ended'])
  })

  test('how fast the shops trade is what was set last, by whoever: the command when it starts, a page afterwards', async () => {
    const first = createControlLink(null)
    const sql = session()
    expect(first.speed()).toBe(1)
    await first.exchange(sql, STATUS)
    expect(first.speed()).toBe(1)
    await setDemoSpeed(database.sql, { speed: 20, by: 'a page' })
    await first.exchange(sql, STATUS)
    expect(first.speed()).toBe(20)
    await sql.end()
    const [second, other] = [createControlLink(null, 5), session()]
    expect(second.speed()).toBe(5)
    await second.exchange(other, STATUS)
    expect(await readDemoSpeed(database.sql)).toBe(5)
    await setDemoSpeed(database.sql, { speed: 1, by: 'a page' })
    await second.exchange(other, STATUS)
    expect(second.speed()).toBe(1)
    const [beat] = await database.sql`select speed::float8 as speed from live.simulator_heartbeat`
    expect(beat).toEqual({ speed: 1 })
  })

  test('somebody may stop it, before it begins too', async () => {
    const [link, sql] = [createControlLink(null), session()]
    const playing = await requestRun(database.sql, 'rush', null)
    await link.exchange(sql, STATUS)
    link.take()
    const unseen = await requestRun(database.sql, 'hot-store', null)
    await stopRun(database.sql, playing)
    await stopRun(database.sql, unseen)
    // What was under way when somebody stopped it does not run again.
    link.report(playing, { state: 'running', detail: '' })
    await link.exchange(sql, STATUS)
    expect(link.isStopping(playing)).toBe(true)
    expect(await stateOf(playing)).toBe('stopping')
    expect(await stateOf(unseen)).toBe('ended')
    expect(link.take()).toEqual([])
  })

  test('what a dead process left is failed at the next start, with why', async () => {
    const run = await requestRun(database.sql, 'rush', null)
    const dead = session()
    const before = createControlLink(null)
    await before.exchange(dead, STATUS)
    before.report(run, { state: 'running', detail: 'ten times' })
    await before.exchange(dead, STATUS)
    await dead.end()
    await createControlLink(null).exchange(session(), STATUS)
    const settled = await readRun(database.sql, run)
    expect(settled).toMatchObject({ state: 'failed', detail: expect.stringContaining('ended before') })
  })

  test('only one set of simulators answers', async () => {
    const first = createControlLink(null)
    await first.exchange(session(), STATUS)
    const second = createControlLink(null)
    const other = session()
    const run = await requestRun(database.sql, 'rush', null)
    await second.exchange(other, STATUS)
    expect(second.take()).toEqual([])
    expect(await stateOf(run)).toBe('requested')
  })

  test('a name that nobody knows fails, and says so', async () => {
    const [row] = await database.sql<{ run: number }[]>`
      insert into live.scenario_runs (scenario) values ('earthquake') returning run`
    await createControlLink(null).exchange(session(), STATUS)
    expect(await readRun(database.sql, row?.run ?? 0)).toMatchObject({ state: 'failed' })
  })

  test('a scenario of the command itself plays at once, and shows once the database is there', async () => {
    const [link, sql] = [createControlLink({ scenario: 'rush', minutes: 2 }), session()]
    const [request] = link.take()
    expect(request).toMatchObject({ scenario: 'rush', minutes: 2 })
    link.report(request?.run ?? -1, { state: 'running', detail: '' })
    await link.exchange(sql, STATUS)
    expect(link.take()).toEqual([])
    link.report(request?.run ?? -1, { state: 'ended', detail: 'done' })
    expect(await link.ownOver).toMatchObject({ detail: 'done' })
    await link.exchange(sql, STATUS)
    const runs = await database.sql`select state, minutes from live.scenario_runs`
    expect(runs).toEqual([{ state: 'ended', minutes: 2 }])
  })

  test('a second command has it played by those that run, follows it, and may stop it', async () => {
    const [link, sql] = [createControlLink(null), session()]
    const stop = new AbortController()
    const printed: string[] = []
    let looks = 0
    await link.exchange(sql, STATUS)
    // Between two looks of the follower the simulators do their part.
    const wait = async () => {
      looks += 1
      for (const { run } of link.take()) link.report(run, { state: 'running', detail: 'ten times' })
      if (looks === 3) stop.abort()
      if (link.isStopping(1)) link.report(1, { state: 'ended', detail: 'Stopped.' })
      await link.exchange(sql, STATUS)
    }
    const follower = {
      sql: database.sql,
      wait,
      stop: stop.signal,
      print: (line: string) => printed.push(line),
    }
    expect(await playElsewhere(follower, { scenario: 'rush', minutes: null })).toBe('ended')
    expect(printed).toEqual([
      expect.stringContaining('asked to play rush'),
      'rush: requested',
      'rush: running. ten times',
      expect.stringContaining('Asked them to stop'),
      expect.stringMatching(/^rush: stopping/),
      'rush: ended. Stopped.',
    ])
  })

  test('simulators live when they beat again, not when they have beaten', async () => {
    const [link, sql] = [createControlLink(null), session()]
    expect(await doSimulatorsLive({ sql: database.sql, wait: async () => {} })).toBe(false)
    await link.exchange(sql, STATUS)
    const living = () => link.exchange(sql, STATUS)
    expect(await doSimulatorsLive({ sql: database.sql, wait: living })).toBe(true)
    expect(await doSimulatorsLive({ sql: database.sql, wait: async () => {} })).toBe(false)
  })
})
