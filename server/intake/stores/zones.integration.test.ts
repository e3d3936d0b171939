import { afterAll, beforeAll, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { addTestStores } from '#db/testing/stores.ts'
import { businessDaySpan } from '#domain/business-day.ts'
import { addDays } from '#domain/calendar.ts'
import { DAY_MS, HOUR_MS, SECOND_MS } from '#domain/instant.ts'
import { unchangingStore } from '#domain/store.ts'
import { type ZoneShift, zoneShifts } from '#domain/zone.ts'
import { alignZones } from './zones.ts'

const SPAN = { from: Date.UTC(1970, 0, 1), to: Date.UTC(2101, 0, 1) }

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})

afterAll(async () => {
  await database?.drop()
})

/** Every name of a zone: those of today, and those of before that are kept for who still writes them. */
async function zoneNames(): Promise<string[]> {
  const known = await database.sql<{ name: string }[]>`select name from pg_timezone_names order by name`
  const names = new Set([...Intl.supportedValuesOf('timeZone'), ...known.map(({ name }) => name)])
  return [...names].filter(name => {
    try {
      return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined
    } catch {
      return false // 'Factory', of Postgres alone: no store can be added there
    }
  })
}

function write(zone: string, shifts: readonly ZoneShift[]) {
  const starts = shifts.map(({ startsAt }) => startsAt)
  const offsets = shifts.map(({ offsetSeconds }) => offsetSeconds)
  return database.sql`select ref.write_zone(${zone}, ${starts}::timestamptz[], ${offsets}::integer[])`
}

test('SQL and domain agree on begin and end of business days around every clock change from 1970 to 2100, of every zone', async () => {
  const names = await zoneNames()
  expect(names.length).toBeGreaterThan(550)
  // A name of before has the clocks of its successor: those are looked at once.
  const zones = new Set(
    names.map(name => new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone),
  )
  expect(zones.size).toBeGreaterThan(400)
  const seen = new Set<string>()
  for (const zone of zones) {
    const shifts = zoneShifts(zone, SPAN)
    const rules = JSON.stringify(shifts)
    if (seen.has(rules)) continue
    seen.add(rules)
    await write(zone, shifts)
    const cutOvers = shifts.slice(1).flatMap(({ startsAt, offsetSeconds }, index) => {
      const before = shifts[index]?.offsetSeconds ?? offsetSeconds
      const shown = [before, offsetSeconds].map(offset => startsAt + offset * SECOND_MS)
      const hours = shown.flatMap(local => [-1, 0, 1].map(hour => Math.floor(local / HOUR_MS) + hour))
      return [...new Set(hours)].map(hour => ({
        day: new Date(Math.floor((hour * HOUR_MS) / DAY_MS) * DAY_MS).toISOString().slice(0, 10),
        cutOverHour: ((hour % 24) + 24) % 24,
      }))
    })
    const rows = await database.sql<{ start: number }[]>`
      select ref.instant_of_local(${zone}, day + make_interval(hours => hour)) as start
      from unnest(${cutOvers.map(({ day }) => day)}::date[], ${cutOvers.map(({ cutOverHour }) => cutOverHour)}::integer[])
        with ordinality as c(day, hour, at) order by at`
    const expected = cutOvers.map(({ day, cutOverHour }) => businessDaySpan(day, { zone, cutOverHour }).start)
    expect(
      rows.map(({ start }) => start),
      zone,
    ).toEqual(expected)
  }
  expect(seen.size).toBeGreaterThan(250)
})

test.each([
  'CET',
  'EET',
  'MET',
  'WET',
  'EST',
  'MST',
  'HST',
  'EST5EDT',
  'MST7MDT',
  'GB',
  'NZ-CHAT',
  'Etc/GMT+5',
  'Etc/GMT-14',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Asia/Kolkata',
])('%s is read by Postgres as the zone of that name, not as an abbreviation', async zone => {
  const read = await database.sql<ZoneShift[]>`
    select case when isfinite(starts_at) then starts_at else 'epoch' end as "startsAt",
      offset_seconds as "offsetSeconds"
    from ref.read_zone(${zone}) z where z.starts_at < '2020-01-01' order by z.starts_at`
  const since = (shifts: readonly ZoneShift[]) => shifts.filter(({ startsAt }) => startsAt > SPAN.from)
  expect(since(read)).toEqual(since(zoneShifts(zone, { from: SPAN.from, to: Date.UTC(2020, 0, 1) })))
})

test('days of 0, 23, 23.5, 24.5 and 25 hours are as long in SQL as they are in domain', async () => {
  const cases = [
    ['Pacific/Apia', 0, '2011-12-30', 0],
    ['Europe/Berlin', 2, '2026-10-25', 25],
    ['Europe/Berlin', 2, '2026-10-24', 24],
    ['America/New_York', 4, '2026-03-07', 23],
    ['Australia/Lord_Howe', 4, '2026-04-04', 24.5],
    ['Australia/Lord_Howe', 4, '2026-10-03', 23.5],
    ['America/Havana', 0, '2026-11-01', 25],
  ] as const
  for (const [zone, cutOverHour, day, hours] of cases) {
    const id = `${zone} ${cutOverHour}`
    const store = { id, name: id, partition: 0, zone, cutOverHour, currency: 'EUR' }
    await addTestStores(database.sql, [
      unchangingStore({ ...store, taxInclusive: true, channel: 'pos', input: 'live' }),
    ])
    await alignZones(database.sql, [zone])
    const [row] = await database.sql<{ start: number; end: number; hours: number }[]>`
      select d.starts_at as start, d.ends_at as end, (
        select coalesce(sum(extract(epoch from h.ends_at - h.starts_at)), 0)::float8 / 3600
        from ref.store_hours(${[id]}, ${day}, ${day}) h) as hours
      from ref.store_days(${[id]}, ${day}, ${day}) d`
    const { start, end } = businessDaySpan(day, { zone, cutOverHour })
    expect([(end - start) / HOUR_MS, row?.start, row?.end, row?.hours]).toEqual([hours, start, end, hours])
  }
})

test('days meet where a store moves, and hours are those of the clocks it had on the day', async () => {
  const { sql } = database
  const fields = { zone: 'Europe/Berlin', cutOverHour: 4, currency: 'EUR' }
  const store = unchangingStore({
    ...{ id: 'moves', name: 'Moves', partition: 0, ...fields },
    ...({ taxInclusive: true, channel: 'pos', input: 'live' } as const),
  })
  await addTestStores(sql, [store])
  const moved = { ...store.versions[0], validFrom: '2026-03-10', zone: 'America/New_York', cutOverHour: 0 }
  await sql`
    insert into ref.store_versions (store, valid_from, zone, cut_over_hour, currency, tax_inclusive, channel, input)
    values ('moves', ${moved.validFrom}, ${moved.zone}, ${moved.cutOverHour}, 'EUR', true, 'pos', 'live')`
  const versions = [...store.versions, { ...store, ...moved }]
  const rows = await sql<{ day: string; start: number; end: number }[]>`
    select business_day as day, starts_at as start, ends_at as end
    from ref.store_days(array['moves'], '2026-03-07', '2026-03-12') order by 1`
  expect(rows).toHaveLength(6)
  for (const { day, start, end } of rows) expect({ start, end }).toEqual(businessDaySpan(day, versions))
  rows.slice(1).forEach(({ day, start }, index) => {
    expect([day, start]).toEqual([addDays(rows[index]?.day ?? '', 1), rows[index]?.end])
  })
})

test('a zone on which the time zone data of Postgres and ours differ is read as ours', async () => {
  const { sql } = database
  await write('Europe/Paris', [{ startsAt: 0, offsetSeconds: 0 }])
  expect(await alignZones(sql, ['Europe/Paris', 'Europe/Paris'])).toEqual(['Europe/Paris'])
  const [row] = await sql<{ at: number }[]>`
    select ref.instant_of_local('Europe/Paris', '2026-07-01 04:00') as at`
  expect(row?.at).toBe(Date.parse('2026-07-01T02:00:00Z'))
  expect(await alignZones(sql, ['Europe/Paris'])).toEqual([])
})
