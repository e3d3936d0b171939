import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { businessDayOf, businessDaySpan, versionOn } from '#domain/business-day.ts'
import { addDays, daysBetween } from '#domain/calendar.ts'
import { expectsJournal, isAwaited, tradesOn } from '#domain/expectations.ts'
import { type StoreVersion, unchangingStore, WEEKDAYS } from '#domain/store.ts'
import { seededRandom } from '#domain/testing/random-events.ts'
import { createTestDatabase, type TestDatabase } from './testing/database.ts'
import { addTestStores } from './testing/stores.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})

afterAll(async () => {
  await database?.drop()
})

// By the clock of the test: what SQL awaits depends on the database's.
const CALENDAR = { zone: 'Europe/Berlin', cutOverHour: 4 }
const TODAY = businessDayOf(Date.now(), CALENDAR)
const DAYS = daysBetween(addDays(TODAY, -70), TODAY)

test('SQL and domain await the same journals, whatever is known of a store and has come of it', async () => {
  const { sql } = database
  const random = seededRandom(inject('randomSeed'))
  const chance = (share: number) => random() < share
  for (let number = 0; number < 40; number += 1) {
    const id = `store-${number}`
    const known = {
      input: chance(0.9) ? 'journal' : 'live',
      openingDays: chance(0.5) ? WEEKDAYS.filter(() => chance(0.7)) : null,
      opened: chance(0.3) ? addDays(TODAY, -Math.floor(random() * 80)) : null,
      closed: null as string | null,
    } satisfies Partial<StoreVersion>
    if (chance(0.3)) known.closed = addDays(known.opened ?? addDays(TODAY, -70), Math.floor(random() * 70))
    const store = unchangingStore({
      ...{ id, name: id, partition: 0, currency: 'EUR', taxInclusive: true, channel: 'pos' },
      ...CALENDAR,
      ...known,
    } as const)
    await addTestStores(sql, [store])
    // Some are young: their first journal came only days ago.
    const since = addDays(TODAY, -Math.floor(random() * (chance(0.5) ? 8 : 70)))
    const journals = DAYS.filter(day => day >= since && chance(0.6))
    const tills = journals.filter(() => chance(0.2))
    await sql`
      insert into batch.day_head (store, business_day, partition, first_offset, first_appended_at, last_offset,
        last_appended_at, events, bulk_events)
      select ${id}, day, 0, 1, now(), 1, now(), 1, 1 from unnest(${journals}::date[]) day`
    // Days of which something else has come: sales another way, or goods that were counted.
    const others = DAYS.filter(day => !journals.includes(day) && chance(0.1))
    const sold = others.filter(() => chance(0.5))
    await sql`
      insert into batch.day_head (store, business_day, partition, first_offset, first_appended_at, last_offset,
        last_appended_at, events, documents)
      select ${id}, day, 0, 1, now(), 1, now(), 1, case when day::text = any(${sold}::text[]) then 1 else 0 end
      from unnest(${others}::date[]) day`
    await sql`
      insert into batch.till_head (store, business_day, register, partition, last_offset, append_days)
      select ${id}, day, 'till-1', 0, 1, '{}' from unnest(${tills}::date[]) day`
    const awaited = await sql<{ day: string }[]>`
      select business_day as day from batch.awaited_journals(${[id]}, ${DAYS[0] ?? TODAY}, ${TODAY}) order by 1`
    const history = {
      hasJournal: (day: string) => journals.includes(day),
      hasDocuments: (day: string) => sold.includes(day),
      firstJournal: journals[0] ?? null,
      lastJournal: journals.at(-1) ?? null,
      lastTillReport: tills.at(-1) ?? null,
    }
    const expected = DAYS.filter(day => {
      const { end } = businessDaySpan(day, store.versions)
      const now = Date.now()
      return (
        end <= now &&
        isAwaited(end, now) &&
        !journals.includes(day) &&
        expectsJournal(versionOn(store.versions, day), day, history)
      )
    })
    expect(
      awaited.map(({ day }) => day),
      JSON.stringify({ known, journals, tills }),
    ).toEqual(expected)
    const trades = await sql<{ trades: boolean | null }[]>`
      select ref.trades_on(v.opening_days, v.opened, v.closed, day) as trades
      from ref.store_validity v, unnest(${DAYS}::date[]) with ordinality as d(day, place)
      where v.store = ${id} order by place`
    expect(trades.map(row => row.trades)).toEqual(DAYS.map(day => tradesOn(store, day)))
  }
})
