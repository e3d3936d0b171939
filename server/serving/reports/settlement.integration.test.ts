import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { type Reading, readSnapshot } from '#db/transaction.ts'
import { businessDayOf } from '#domain/business-day.ts'
import { addDays } from '#domain/calendar.ts'
import { readStoreDays, settle, settleBy } from './settlement.ts'

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
beforeEach(
  () =>
    database.sql`
      truncate batch.day_head, batch.till_head, batch.closed_days, batch.restatements, batch.completeness`,
)

async function addStore(store: string, { zone, cutOverHour }: typeof BERLIN, input: string) {
  await database.sql`
    with added as (insert into ref.stores (store, name, partition) values (${store}, ${store}, 0) returning store)
    insert into ref.store_versions (store, zone, cut_over_hour, currency, tax_inclusive, channel, input)
    select store, ${zone}, ${cutOverHour}, 'EUR', true, 'pos', ${input} from added`
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

async function restate(store: string, day: string, currency: string, metric = 'net') {
  await database.sql`
    insert into batch.restatements (business_day, store, channel, currency, metric, old_value, new_value, cause, run_id)
    values (${day}, ${store}, 'pos', ${currency}, ${metric}, 1, 2, 'a late event', 1)`
}

/** What the report of Z reports and journals says of a day. */
async function report(store: string, day: string, state: string) {
  await database.sql`
    insert into batch.completeness (business_day, store, register, log_orders, log_net, state, run_id)
    values (${day}, ${store}, '', 0, 0, ${state}, 1)
    on conflict (store, business_day, register) do update set state = excluded.state`
}

const QUESTION = { currency: 'EUR', restatedBy: ['net', 'orders'], isOfStock: false }

type Asked = Omit<Partial<typeof QUESTION>, 'currency'> & {
  from?: string
  to?: string
  currency?: string | null
}

function readDays(store: string, { from = daysAgo(5), to = today, ...asked }: Asked = {}) {
  return readSnapshot(database.sql, (reading: Reading) =>
    readStoreDays(reading, { ...QUESTION, range: { from, to }, stores: [store], ...asked }),
  )
}

/** Of the days on which anything is on file, or expected. */
async function statesOf(store: string, asked: Asked = {}) {
  const days = (await readDays(store, asked)).filter(({ state }) => state !== null)
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

  it('awaits no journal on which the store was closed, nor one that has not come for four weeks', async () => {
    // The case files/25-closed-saturday: a Friday and a Sunday of September 2025.
    for (const day of ['2025-09-05', '2025-09-07']) {
      await addEvents('journal', day, { bulk: 1 })
      await close('journal', day)
    }
    expect(await statesOf('journal', { from: '2025-09-01', to: '2025-09-30' })).toEqual({
      '2025-09-05': 'closed',
      '2025-09-07': 'closed',
    })
    await database.sql`truncate batch.day_head, batch.closed_days`
    await addEvents('journal', daysAgo(3), { bulk: 1 })
    await addEvents('journal', daysAgo(1), { bulk: 1 })
    const openOn = (weekdays: number[] | null) =>
      database.sql`update ref.store_versions set opening_days = ${weekdays}::smallint[] where store = 'journal'`
    const closedOn = ((new Date(`${daysAgo(2)}T00:00:00Z`).getUTCDay() + 6) % 7) + 1
    await openOn([1, 2, 3, 4, 5, 6, 7].filter(weekday => weekday !== closedOn))
    expect(Object.keys(await statesOf('journal'))).toEqual([daysAgo(3), daysAgo(1), today])
    await openOn(null)
    expect(await statesOf('journal')).toMatchObject({ [daysAgo(2)]: 'awaiting-journal' })
    await database.sql`
      insert into batch.till_head (store, business_day, register, partition, last_offset, append_days)
      values ('journal', ${daysAgo(1)}, 'till-1', 0, 1, '{}')`
    expect(Object.keys(await statesOf('journal'))).toEqual([daysAgo(3), daysAgo(1), today])
  })

  it('is closed incomplete when it was published without everything', async () => {
    await addEvents('journal', daysAgo(2))
    await close('journal', daysAgo(2), { incomplete: true })
    expect((await statesOf('journal'))[daysAgo(2)]).toBe('incomplete')
  })

  it('is closed, and no more incomplete, once what was missing has come', async () => {
    await addEvents('berlin', daysAgo(2))
    await close('berlin', daysAgo(2), { incomplete: true })
    await report('berlin', daysAgo(2), 'missing')
    expect((await statesOf('berlin'))[daysAgo(2)]).toBe('incomplete')
    await report('berlin', daysAgo(2), 'different')
    expect((await statesOf('berlin'))[daysAgo(2)]).toBe('closed')
  })

  it('before the opening of its store is none, and before the first of one that does not say when it opened is unknown', async () => {
    await addEvents('berlin', daysAgo(2))
    const begun = async () =>
      (await readDays('berlin', { to: daysAgo(2) })).map(day => [day.businessDay, day.hasBegun])
    const firstDays = [daysAgo(5), daysAgo(4), daysAgo(3)]
    expect(await begun()).toEqual([...firstDays.map(day => [day, false]), [daysAgo(2), true]])
    await database.sql`update ref.store_versions set opened = ${daysAgo(3)} where store = 'berlin'`
    expect(await begun()).toEqual([
      [daysAgo(3), false],
      [daysAgo(2), true],
    ])
    await database.sql`update ref.store_versions set opened = null where store = 'berlin'`
  })

  it('of a store that has closed for good is none, unless something was sold', async () => {
    await addEvents('berlin', daysAgo(4))
    await addEvents('berlin', daysAgo(2))
    await database.sql`update ref.store_versions set closed = ${daysAgo(4)} where store = 'berlin'`
    const days = await readDays('berlin')
    expect(days.map(({ businessDay }) => businessDay)).toEqual([daysAgo(5), daysAgo(4), daysAgo(2)])
    await database.sql`update ref.store_versions set closed = null where store = 'berlin'`
  })

  it('of stock begins with the first day on which stock is known', async () => {
    await addEvents('berlin', daysAgo(4))
    await addEvents('berlin', daysAgo(2))
    expect(await readDays('berlin', { isOfStock: true })).toEqual([])
    await database.sql`update batch.day_head set stock_anchors = 1 where business_day = ${daysAgo(2)}`
    expect(Object.keys(await statesOf('berlin', { isOfStock: true }))).toEqual([daysAgo(2), today])
  })

  it('before the first of its store is none', async () => {
    await addEvents('journal', daysAgo(1), { bulk: 1 })
    expect(Object.keys(await statesOf('journal', { from: daysAgo(30) }))).toEqual([daysAgo(1), today])
  })

  it('is restated in the currency whose figures have changed', async () => {
    await addEvents('berlin', daysAgo(2))
    await close('berlin', daysAgo(2))
    await restate('berlin', daysAgo(2), 'USD')
    const restatedIn = async (currency: string | null, restatedBy = QUESTION.restatedBy) => {
      const [day] = await readDays('berlin', {
        from: daysAgo(2),
        to: daysAgo(2),
        currency,
        restatedBy,
      } as object)
      return day?.restated
    }
    expect(await restatedIn('EUR')).toBe(false)
    expect(await restatedIn('USD')).toBe(true)
    expect(await restatedIn(null)).toBe(true)
    // A report of stock, of reviews or of pieces shows nothing of what was restated.
    expect(await restatedIn(null, ['closing', 'sold'])).toBe(false)
    expect(await restatedIn('USD', ['units'])).toBe(false)
  })
})

describe('store-days together', () => {
  const day = {
    store: 'a',
    businessDay: '2026-11-02',
    restated: false,
    covered: true,
    hasBegun: true,
    hasEvents: true,
    isOver: true,
    sendsAtClose: false,
    toldUntil: null,
  }

  it('are as settled as the least settled of them', () => {
    const settlement = settle([
      { ...day, state: 'closed', restated: true },
      { ...day, state: 'incomplete' },
      { ...day, state: 'awaiting-journal', covered: false },
    ])
    expect(settlement).toMatchObject({ state: 'awaiting-journal', storeDays: 3, restated: 1, uncovered: 1 })
    // Of nothing there is nothing to say: least of all that it is closed.
    expect(settle([])).toMatchObject({ state: null, storeDays: 0 })
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
