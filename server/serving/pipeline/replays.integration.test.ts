import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { openServing, type Serving } from '#server/serving/serving.ts'
import { readGenerationBoard } from './generations.ts'
import { readReplays, requestReplay } from './replays.ts'

let database: TestDatabase
let serving: Serving

beforeAll(async () => {
  database = await createTestDatabase()
  serving = openServing(database.url)
})
beforeEach(async () => {
  await database.sql`truncate live.replays restart identity`
})
afterAll(async () => {
  await serving.close()
  await database.drop()
})

const ask = (kind: 'rebuild' | 'switch_back' = 'rebuild') =>
  requestReplay(serving, { kind, acceptsDifferences: true, by: 'Ada' })

it('writes a request down, with who asks; one at a time, and told to the pages', async () => {
  expect(await readReplays(serving)).toMatchObject({
    active: { generation: 1 },
    retired: null,
    isStreamAtWork: false,
    replays: [],
  })
  // Whichever of the two is first.
  const asked = await Promise.allSettled([ask(), ask()])
  expect(asked.toSorted((one, other) => (one.status < other.status ? -1 : 1))).toMatchObject([
    { status: 'fulfilled', value: 1 },
    { status: 'rejected', reason: { message: 'Replay 1 has not ended yet: wait for it.' } },
  ])
  expect((await readReplays(serving)).replays).toMatchObject([
    {
      replay: 1,
      kind: 'rebuild',
      state: 'requested',
      askedBy: 'Ada',
      acceptsDifferences: true,
      progress: [],
    },
  ])
  const rows = await database.sql`select payload from live.ops_lane where kind = 'replay'`
  expect(rows).toEqual([{ payload: { replay: 1, state: 'requested' } }])
})

it('goes back only where there is something to go back to: what was active last', async () => {
  await expect(ask('switch_back')).rejects.toThrow('no replay has switched yet')
  await database.sql`
    insert into stream.generations (generation, state, rules_version, activated_at)
    values (7, 'retired', 2, now() - interval '2 h'), (5, 'retired', 2, now() - interval '1 h'), (9, 'building', 2, null)`
  try {
    expect((await readReplays(serving)).retired).toMatchObject({ generation: 5 })
    expect(await ask('switch_back')).toBe(1)
  } finally {
    await database.sql`delete from stream.generations where generation in (5, 7, 9)`
  }
})

it('holds another engine’s generation against the active one, and switches to it by an accepted certificate alone', async () => {
  const askFor = (kind: 'certify' | 'switch', to: number) =>
    requestReplay(serving, { kind, to, acceptsDifferences: false, by: 'Ada' })
  await database.sql`
    insert into stream.generations (generation, state, rules_version, engine)
    values (5, 'retired', 2, 'tillstream'), (6, 'building', 2, 'flink')`
  try {
    await expect(askFor('certify', 9)).rejects.toThrow('There is no generation 9.')
    await expect(askFor('certify', 5)).rejects.toThrow('is not another engine’s')
    await expect(askFor('switch', 6)).rejects.toThrow('has no certificate yet')
    const stands = async () =>
      (await readGenerationBoard(serving)).generations.find(({ generation }) => generation === 6)
    expect(await stands()).toMatchObject({
      engine: 'flink',
      isOtherEngine: true,
      certificate: null,
      owners: [],
    })
    for (const verdict of ['refused', 'accepted'])
      await database.sql`
        insert into stream.certificates (document, digest)
        select d, encode(sha256(convert_to(d::text, 'UTF8')), 'hex')
        from jsonb_build_object('verdict', ${verdict}::text, 'differences', 1,
          'active', '{"generation": 1}'::jsonb, 'candidate', '{"generation": 6}'::jsonb) d`
    expect(await stands()).toMatchObject({ refusal: null, certificate: { isIntact: true } })
    expect(await askFor('switch', 6)).toBe(1)
    expect((await readReplays(serving)).replays).toMatchObject([
      { kind: 'switch', to: 6, state: 'requested' },
    ])
  } finally {
    await database.sql`delete from stream.generations where generation in (5, 6)`
  }
})

it('tells one that was killed as such, and does not wait for it', async () => {
  await database.sql`
    insert into live.replays (kind, state, backend_pid, backend_start, progress, alerts)
    values ('rebuild', 'running', 0, now(), '[{"partition": 0, "offset": 3, "target": 4}]',
      '[{"rule": "card_velocity", "versions": [2], "before": 0, "after": 1, "more": 1, "fewer": 0, "changed": 0}]')`
  expect((await readReplays(serving)).replays).toMatchObject([
    {
      state: 'abandoned',
      progress: [{ partition: 0, offset: 3, target: 4 }],
      alerts: [{ rule: 'card_velocity', title: expect.not.stringContaining('_'), more: 1 }],
    },
  ])
  expect(await ask()).toBe(2)
})
