import { afterAll, beforeAll, expect, test } from 'vitest'
import { setDemoSpeed } from '#db/demo-speed.ts'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { addTestStores } from '#db/testing/stores.ts'
import { berlin, tokyo } from '#domain/testing/stores.ts'
import { readDemoDays } from './demo-days.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
  await addTestStores(database.sql, [berlin, tokyo])
})
afterAll(() => database.drop())

const WEEK = { from: '2026-03-01', to: '2026-03-07' }

test('days of another speed are those of each store in which it held at any time, and no others', async () => {
  const { sql } = database
  expect(await readDemoDays(sql, WEEK)).toEqual({})
  const hold = (since: string, speed: number) =>
    sql`insert into live.demo_speeds (since, speed, set_by) values (${since}, ${speed}, 'a test')`
  // In Berlin the business day of the 2nd begins at three in the morning of UTC; in Tokyo at seven the evening before.
  await hold('2026-03-02T10:00:00Z', 5)
  await hold('2026-03-02T18:00:00Z', 1)
  expect(await readDemoDays(sql, WEEK)).toEqual({ '2026-03-02': 5 })
  await hold('2026-03-04T18:30:00Z', 20)
  await hold('2026-03-04T19:30:00Z', 5)
  await hold('2026-03-04T19:40:00Z', 1)
  expect(await readDemoDays(sql, WEEK)).toEqual({ '2026-03-02': 5, '2026-03-04': 20, '2026-03-05': 20 })
  expect(await readDemoDays(sql, { from: '2026-03-05', to: '2026-03-05' })).toEqual({ '2026-03-05': 20 })
})

test('a speed that holds already is no change, and one that goes on holds until it is changed', async () => {
  const { sql } = database
  await sql`delete from live.demo_speeds`
  await setDemoSpeed(sql, { speed: 1, by: 'a test' })
  expect(await sql`select * from live.demo_speeds`).toEqual([])
  await setDemoSpeed(sql, { speed: 5, by: 'a test' })
  await setDemoSpeed(sql, { speed: 5, by: 'another' })
  expect(await sql`select speed::float8 as speed, set_by from live.demo_speeds`).toEqual([
    { speed: 5, set_by: 'a test' },
  ])
  const year = new Date().getUTCFullYear()
  const days = await readDemoDays(sql, { from: `${year}-01-01`, to: `${year}-12-31` })
  expect(new Set(Object.values(days))).toEqual(new Set([5]))
})
