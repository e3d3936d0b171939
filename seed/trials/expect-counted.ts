import { expect } from 'vitest'
import { batchSales, countFigures, streamFigures } from './figures.ts'
import type { Trial } from './trial.ts'

/** Both paths hold what was counted, and nothing was rejected that was not meant to be. */
export async function expectCounted({ database, logged, rejected }: Trial): Promise<void> {
  const counted = countFigures(logged)
  const streamed = await streamFigures(database.sql)
  expect(streamed.sales).toEqual(counted.sales)
  expect(streamed.onHand).toEqual(counted.onHand)
  expect(await batchSales(database.sql)).toEqual(counted.sales)
  expect(rejected.filter(({ planted }) => planted === null)).toEqual([])
}
