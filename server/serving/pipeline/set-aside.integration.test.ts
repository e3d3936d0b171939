import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { addTestStores } from '#db/testing/stores.ts'
import { placed, toLogEvents } from '#domain/testing/events.ts'
import { EXAMPLE_STORES } from '#domain/testing/stores.ts'
import { runProgram } from '#platform/process.ts'
import { appendTestEvents } from '#server/log/testing/append.ts'
import { writeRow } from '#server/log/testing/poison.ts'
import { RefusedError } from '#server/serving/failures.ts'
import { readFreshness } from '#server/serving/freshness/freshness.ts'
import { isClean, reconcile } from '#server/serving/reconcile/reconcile.ts'
import { acceptSetAside, listSetAside, withdrawAcceptance } from './set-aside.ts'
import { readWitnesses } from './witnesses.ts'

const DAY = '2026-03-02'
const SCOPE = { from: DAY, to: DAY, stores: [] }

let database: TestDatabase
let partition: number
let offset: number

beforeAll(async () => {
  database = await createTestDatabase()
  const { sql } = database
  await addTestStores(sql, EXAMPLE_STORES)
  const sales = toLogEvents(
    placed({ id: 'a', at: `${DAY}T10:00:00+01:00` }, [{ sku: 'tea', units: 1, unitPrice: '2.50' }]),
  )
  partition = sales[0]?.partition ?? 0
  await appendTestEvents(sql, sales)
  offset = await writeRow(sql, partition, { type: 'order.gifted', id: 'gift' })
  await run('server/stream/main.ts', '--until-caught-up')
  await run('jobs/main.ts', 'run', 'all', '--from', DAY, '--to', DAY)
})
afterAll(() => database.drop())

function run(entry: string, ...args: string[]) {
  return runProgram({ entry, args, settings: { DATABASE_URL: database.url, NODE_OPTIONS: '' } })
}

/** How each path's event stands, as the page lists them: path, and who has accepted it why. */
async function listed(): Promise<(string | null | undefined)[][]> {
  const { events } = await listSetAside(database)
  return events.map(({ path, accepted }) => [path, accepted && `${accepted.because} (${accepted.by})`])
}

async function findings(): Promise<string[]> {
  const { findings: found } = await reconcile(database.sql, SCOPE)
  return found.map(({ path, kind }) => `${path}: ${kind}`)
}

it('accepts an event for one path: nothing is red of it any more, until that is taken back', async () => {
  const { sql } = database
  const list = await listSetAside({ sql })
  expect(list).toMatchObject({ count: 2, notAccepted: 2 })
  expect(list.events[0]).toMatchObject({
    path: 'batch',
    partition,
    offset,
    store: 'berlin',
    storeName: EXAMPLE_STORES.find(({ id }) => id === 'berlin')?.name,
    businessDay: DAY,
    type: 'order.gifted',
    id: 'gift',
    accepted: null,
  })
  expect(list.events[0]?.reason).toMatch(/order\.gifted/)
  expect(await findings()).toEqual(['batch: cannot be digested', 'stream: cannot be digested'])
  expect((await readWitnesses({ sql })).findings).toMatchObject([{ kind: 'cannot be digested', findings: 2 }])

  await acceptSetAside({ sql }, { path: 'batch', partition, offset, because: 'a gift', by: 'Ada' })
  expect(await listed()).toEqual([
    ['stream', null],
    ['batch', 'a gift (Ada)'],
  ])
  // What an earlier run has found stands no more, and /readyz names the other path's.
  expect((await readWitnesses({ sql })).findings).toMatchObject([{ findings: 1 }])
  expect(await findings()).toEqual(['stream: cannot be digested'])
  expect((await readFreshness(sql)).setAside).toMatchObject({ count: 1, first: { path: 'stream' } })

  await acceptSetAside({ sql }, { path: 'stream', partition, offset, because: 'a gift', by: null })
  expect(isClean(await reconcile(sql, SCOPE))).toBe(true)
  expect(await readWitnesses({ sql })).toMatchObject({ verdict: 'agree', findings: [] })
  expect((await readFreshness(sql)).setAside).toEqual({ count: 0, first: null })

  await withdrawAcceptance({ sql }, { path: 'batch', partition, offset, by: 'Ada' })
  expect(await findings()).toEqual(['batch: cannot be digested'])
  expect((await readWitnesses({ sql })).findings).toMatchObject([{ findings: 1 }])
  const kept = await sql`
    select kind, because, acted_by as "by", acted_at is not null as timed from live.set_aside_actions order by action`
  expect(kept).toMatchObject([
    { kind: 'accept', because: 'a gift', by: 'Ada', timed: true },
    { kind: 'accept', because: 'a gift', by: null, timed: true },
    { kind: 'withdraw', because: null, by: 'Ada', timed: true },
  ])
})

it('keeps what was accepted over a replay, and only for what the path had against the event', async () => {
  const { sql } = database
  await acceptSetAside({ sql }, { path: 'batch', partition, offset, because: 'a gift', by: null })
  await run('server/stream/replay/main.ts')
  const active = await sql`
    select generation, set_aside_at > accepted_at as "isSetAsideAnew"
    from stream.active_generation, recon.set_aside where path = 'stream'`
  expect(active).toEqual([{ generation: 2, isSetAsideAnew: true }])
  expect(await findings()).toEqual([])

  await sql`update stream.set_aside set reason = 'something else'`
  expect(await findings()).toEqual(['stream: cannot be digested'])
})

it('accepts nothing that no path has set aside', async () => {
  const absent = { path: 'batch' as const, partition, offset: offset + 1, by: null }
  await expect(acceptSetAside(database, { ...absent, because: 'a guess' })).rejects.toThrow(RefusedError)
  await expect(withdrawAcceptance(database, absent)).rejects.toThrow('look at the list again')
})
