import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { type Reading, readSnapshot } from '#db/transaction.ts'
import { isBatch, readChanges, readLaneEnd } from './changes.ts'
import { createTestLane } from './testing/lane.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

it('reads no deed about an alert before the alert, whatever is committed between its reads of the lanes', async () => {
  const { sql } = database
  const lane = await createTestLane(sql)
  const { cursor } = await readSnapshot(sql, readLaneEnd)
  const raiseAndTakeOn = async () => {
    await lane.sell('berlin', ['o-1'])
    await lane.announce('alert_action', { alertIds: ['a-1'] })
  }

  // The lanes are read one after the other, in the order in which they are asked for, and between them it happens.
  let before: Promise<unknown> = Promise.resolve()
  let happens = raiseAndTakeOn
  const reading = ((strings: TemplateStringsArray, ...values: never[]) => {
    const query = sql(strings, ...values)
    if (!/stream\.changes|live\.ops_lane/.test(strings.join(''))) return query
    const read = before.then(async () => {
      const rows = await query
      await happens()
      happens = async () => {}
      return rows
    })
    before = read
    return read
  }) as unknown as Reading

  const { changes } = await readChanges(reading, cursor)
  expect(changes.map(isBatch)).toEqual([true])
  const all = await readChanges(sql, cursor)
  expect(all.changes.map(isBatch)).toEqual([true, false])
})
