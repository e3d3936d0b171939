import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { type Reading, readSnapshot } from '#db/transaction.ts'
import { businessDayOf } from '#domain/business-day.ts'
import { addDays } from '#domain/calendar.ts'
import { readSettlement, settle, settleBy } from './settlement.ts'

let database: TestDatabase
const BERLIN = { zone: 'Europe/Berlin', cutOverHour: 4 }
const KIRITIMATI = { zone: 'Pacific/Kiritimati', cutOverHour: 0 }
const today = businessDayOf(Date.now(), BERLIN)
const daysAgo = (days: number) => addDays(today, -days)

beforeAll(async () => {
  database = await createTestDatabase()
  await addStore('berlin', BERLIN, 'live')
  await addStore('journal', BERLIN, 'journal')
  await addStore('kiritimati', KIRITIMATI, 'live')
})
afterAll(() => database.drop())
beforeEach(() => database.sql`truncate batch.day_head, batch.closed_days, batch.restatements`)

async function addStore(store: string, { zone, cutOverHour }: typeof BERLIN, input: string) {
  await database.sql`
    insert into ref.stores (store, name, zone, cut_over_hour, currency, tax_inclusive, channel, input, partition)
    values (${store}, ${store}, ${zone}, ${cutOverHour}, 'EUR', true, 'pos', ${input}, 0)`
}

async function addEvents(store: string, day: string, { bulk = 0 } = {}) {
  await database.sql`
    insert into batch.day_head (store, business_day, partition, first_offset, first_appended_at, last_offset,
      last_appended_at, events, bulk_events)
    values (${store}, ${day}, 0, 1, now(), 1, now(), 1, ${bulk})`
}

async function close(store: string, day: string, { incomplete = false } = {}) {
  await database.sql`
    insert into batch.closed_days (store, business_day, run_id, incomplete) values (${store}, ${day}, 1, ${incomplete})`
}

async function restate(store: string, day: string, currency: string) {
  await database.sql`
    insert into batch.restatements (business_day, store, channel, currency, metric, old_value, new_value, cause, run_id)
    values (${day}, ${store}, 'pos', ${currency}, 'net', 1, 2, 'a late event', 1)`
}

async function statesOf(store: string, { from = daysAgo(5), to = today } = {}) {
  const days = await readSnapshot(database.sql, (reading: Reading) =>
    readSettlement(reading, { range: { from, to }, stores: [store], currency: 'EUR' }),
  )
  return Object.fromEntries(days.map(({ businessDay, state }) => [businessDay, state]))
}

describe('a store-day', () => {
  it('is open until its cut-over in the zone of its store, with or without sales', async () => {
    await addEvents('berlin', daysAgo(2))
    await close('berlin', daysAgo(2))
    expect(await statesOf('berlin')).toEqual({ [daysAgo(2)]: 'closed', [today]: 'open' })
    const there = businessDayOf(Date.now(), KIRITIMATI)
    await addEvents('kiritimati', there)
    expect(await statesOf('kiritimati', { to: addDays(there, 3) })).toEqual({ [there]: 'open' })
  })

  it('is not closed yet when it is over and nobody has published it', async () => {
    await addEvents('berlin', daysAgo(1))
    expect((await statesOf('berlin'))[daysAgo(1)]).toBe('unclosed')
  })

  it('awaits its journal where tills only write one, also when nothing of it has come', async () => {
    await addEvents('journal', daysAgo(3), { bulk: 5 })
    await close('journal', daysAgo(3))
    await addEvents('journal', daysAgo(1), { bulk: 5 })
    expect(await statesOf('journal')).toEqual({
      [daysAgo(3)]: 'closed',
      [daysAgo(2)]: 'awaiting-journal',
      [daysAgo(1)]: 'unclosed',
      [today]: 'open',
    })
  })

  it('is closed incomplete when it was published without everything', async () => {
    await addEvents('journal', daysAgo(2))
    await close('journal', daysAgo(2), { incomplete: true })
    expect((await statesOf('journal'))[daysAgo(2)]).toBe('incomplete')
  })

  it('before the first of its store is none', async () => {
    await addEvents('journal', daysAgo(1), { bulk: 1 })
    expect(Object.keys(await statesOf('journal', { from: daysAgo(30) }))).toEqual([daysAgo(1), today])
  })

  it('is restated in the currency whose figures have changed', async () => {
    await addEvents('berlin', daysAgo(2))
    await close('berlin', daysAgo(2))
    await restate('berlin', daysAgo(2), 'USD')
    const restatedIn = (currency: string | null) =>
      readSnapshot(database.sql, async (reading: Reading) => {
        const range = { from: daysAgo(2), to: daysAgo(2) }
        const [day] = await readSettlement(reading, { range, stores: ['berlin'], currency })
        return day?.restated
      })
    expect(await restatedIn('EUR')).toBe(false)
    expect(await restatedIn('USD')).toBe(true)
    expect(await restatedIn(null)).toBe(true)
  })
})

describe('store-days together', () => {
  const day = { store: 'a', businessDay: '2026-11-02', restated: false, covered: true }

  it('are as settled as the least settled of them', () => {
    const settlement = settle([
      { ...day, state: 'closed', restated: true },
      { ...day, state: 'incomplete' },
      { ...day, state: 'awaiting-journal', covered: false },
    ])
    expect(settlement).toMatchObject({ state: 'awaiting-journal', storeDays: 3, restated: 1, uncovered: 1 })
    expect(settle([])).toMatchObject({ state: 'closed', storeDays: 0 })
  })

  it('are told by week, and by store', () => {
    const days = [
      { ...day, state: 'closed' as const },
      { ...day, businessDay: '2026-11-08', state: 'open' as const },
      { ...day, store: 'b', businessDay: '2026-11-09', state: 'closed' as const },
    ]
    const byWeek = settleBy(days, { grain: 'week', byStore: false })
    expect([...byWeek].map(([week, { state }]) => [week, state])).toEqual([
      ['2026-11-02', 'open'],
      ['2026-11-09', 'closed'],
    ])
    expect([...settleBy(days, { grain: 'day', byStore: true }).keys()]).toContain('2026-11-09 b')
  })
})
