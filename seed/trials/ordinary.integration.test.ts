import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { batchSales, countFigures, streamFigures } from './figures.ts'
import { runTrial } from './trial.ts'

test('ordinary: both paths hold what was sold, broken events are dead letters, what was sent twice counts once', async () => {
  const trial = await runTrial({ scenario: 'ordinary', minutes: 25 })
  const { database, logged, rejected, duplicates } = trial
  const counted = countFigures(logged)
  const streamed = await streamFigures(database.sql)
  expect(streamed.sales).toEqual(counted.sales)
  expect(streamed.onHand).toEqual(counted.onHand)
  expect(await batchSales(database.sql)).toEqual(counted.sales)
  expect(duplicates).toBeGreaterThan(0)
  expect(rejected.length).toBeGreaterThan(0)
  expect(rejected.filter(({ planted }) => planted === null)).toEqual([])
  const [letters] = await database.sql`select count(*)::int as count from intake.dead_letters`
  expect(letters?.count).toBe(rejected.length)
})
