import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { openServing, type Serving } from '#server/serving/serving.ts'
import { readFaults, requestFault } from './faults.ts'
import { readTimeline } from './timeline.ts'

let database: TestDatabase
let serving: Serving

beforeAll(async () => {
  database = await createTestDatabase()
  serving = openServing(database.url)
})
afterAll(async () => {
  await serving.close()
  await database.drop()
})

const beat = (ageSeconds: number) => database.sql`
  insert into live.supervisor (beat_at, faults)
  values (clock_timestamp() - make_interval(secs => ${ageSeconds}), array['kill-stream', 'freeze-jobs'])
  on conflict (only_row) do update set beat_at = excluded.beat_at`
const ask = (name = 'kill-stream') => requestFault(serving, { name, by: 'Ada' })

it('nothing can be broken where no supervisor would start it again', async () => {
  expect(await readFaults(serving)).toMatchObject({ faults: [], supervisorBeatAt: null, runs: [] })
  await expect(ask()).rejects.toThrow('in the demo alone')
  await beat(60)
  expect((await readFaults(serving)).faults).toEqual([])
  await expect(ask()).rejects.toThrow('is not heard of')
  expect(await database.sql`select from live.faults`).toHaveLength(0)
})

it('a fault is asked for by name, one at a time, kept with who asked, and told to the pages', async () => {
  await beat(0)
  expect((await readFaults(serving)).faults.map(({ name }) => name)).toEqual(['kill-stream', 'freeze-jobs'])
  await expect(ask('restart-postgres')).rejects.toThrow('There is no fault "restart-postgres" here')
  const asked = await Promise.allSettled([ask(), ask('freeze-jobs')])
  expect(asked.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  expect(asked.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { message: expect.stringContaining('has not ended yet: wait until what follows is known.') },
  })
  const { runs } = await readFaults(serving)
  expect(runs).toMatchObject([
    { fault: 1, state: 'requested', askedBy: 'Ada', sentence: 'waits for the supervisor', isWrong: false },
  ])
  const told = await database.sql`select payload from live.ops_lane where kind = 'fault'`
  expect(told).toEqual([{ payload: { fault: 1, state: 'requested' } }])
})

it('what followed stays, and is an entry of the last 24 hours', async () => {
  await database.sql`
    update live.faults set state = 'recovered', name = 'kill-stream', struck_at = '2026-11-20T18:41:12Z',
      again_at = '2026-11-20T18:41:16Z', ended_at = now(),
      figures = '{"lost": 0, "twice": 1, "events": 12, "rows": 3, "differing": 1}'`
  const sentence =
    'Stream killed 18:41:12, processing again 18:41:16, 0 lost, 1 twice: 12 events and 3 sums around it held against the log, 1 of them say something else.'
  expect((await readFaults(serving)).runs).toMatchObject([{ state: 'recovered', sentence, isWrong: true }])
  const { entries } = await readTimeline(serving)
  expect(entries.filter(({ kind }) => kind === 'fault')).toEqual([
    { at: Date.parse('2026-11-20T18:41:12Z'), kind: 'fault', text: sentence },
  ])
  expect(await ask()).toBe(2)
})
