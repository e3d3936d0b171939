import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { STREAM_TABLES } from '#db/testing/stream-tables.ts'
import { RULES_VERSION } from '#domain/log-event.ts'
import { placed, returned, voided } from '#domain/testing/events.ts'
import { createTestPaths, type TestPaths } from '#server/serving/testing/paths.ts'
import { readDifferenceEvents } from './difference-events.ts'
import { readSideBySide, type SideBySide } from './side-by-side.ts'

const DAY = '2026-03-02'
const TEA = [{ sku: 'tea', units: 2, unitPrice: '2.50', discount: '0.10' }]
const BACK = [{ sku: 'tea', units: 1, refund: '2.45' }]
const SCOPE = { from: DAY, to: DAY, stores: [], currency: 'EUR' }

let database: TestDatabase
let paths: TestPaths

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  await database.sql`truncate log.event_log, log.event_keys, ${database.sql(STREAM_TABLES)},
    batch.runs, batch.current_runs, batch.day_head, batch.planner_checkpoints, batch.daily_sales,
    batch.hourly_sales, batch.daily_product_sales`
  paths = await createTestPaths(database.sql)
})

function at(time: string): string {
  return `${DAY}T${time}+01:00`
}

function metric(answer: SideBySide, name: string) {
  const found = answer.metrics.find(entry => entry.metric === name)
  if (!found) throw new Error(`no metric ${name}`)
  return found
}

function expectNothingUnexplained(answer: SideBySide): void {
  for (const { metric, unexplainedStoreDays, classes, difference } of answer.metrics) {
    expect({ metric, unexplainedStoreDays }).toEqual({ metric, unexplainedStoreDays: 0 })
    if (difference === null) continue
    const explained = classes.reduce((total, { value }) => total + Number(value), 0)
    expect(Number(difference)).toBeCloseTo(explained, 4)
  }
}

describe('side by side', () => {
  it('agrees where both paths have read the same, and names its basis', async () => {
    await paths.send([
      placed({ id: 'o-1', at: at('10:00:00') }, TEA),
      returned({ id: 'r-1', at: at('11:00:00') }, BACK),
    ])
    const runId = await paths.batch({ store: 'berlin', day: DAY })
    await paths.stream()
    const answer = await readSideBySide(database.sql, SCOPE)
    expect(metric(answer, 'net')).toMatchObject({
      batch: '2.4500',
      stream: '2.4500',
      difference: '0.0000',
      classes: [],
    })
    expect(metric(answer, 'orders')).toMatchObject({ batch: '1', stream: '1', unit: 'count' })
    const through = Object.values(answer.batchBasis.through)
    expect(answer.batchBasis).toMatchObject({ runId, rulesVersion: RULES_VERSION })
    expect(through).toEqual([paths.lastOffset('berlin')])
    expect(Object.values(answer.streamBasis.through)).toContain(paths.lastOffset('berlin'))
    expect(answer.days).toEqual([
      {
        businessDay: DAY,
        batch: expect.objectContaining({ net: '2.4500', orders: 1, returnDocuments: 1 }),
        stream: expect.objectContaining({ net: '2.4500', orders: 1, returnDocuments: 1 }),
      },
    ])
    expect(answer.coverage).toEqual({ storeDays: 1, withBatch: 1 })
    expectNothingUnexplained(answer)
  })

  it('explains a stream that is ahead by the events after the batch run', async () => {
    await paths.send([placed({ id: 'o-1', at: at('10:00:00') }, TEA)])
    await paths.batch({ store: 'berlin', day: DAY })
    await paths.send([placed({ id: 'o-2', at: at('10:05:00') }, TEA)])
    await paths.send([returned({ id: 'r-1', at: at('10:06:00') }, BACK)], 'bulk')
    await paths.send([voided({ id: 'v-1', orderId: 'o-2', at: at('10:07:00') }, TEA)])
    await paths.stream()
    const answer = await readSideBySide(database.sql, SCOPE)
    expect(metric(answer, 'net')).toMatchObject({
      batch: '4.9000',
      stream: '2.4500',
      difference: '-2.4500',
      classes: [
        { cause: 'after-batch', events: 3, value: '-2.4500', ofWhich: { late: 2, bulk: 1, returns: 1 } },
      ],
    })
    expect(metric(answer, 'returnDocuments').classes).toMatchObject([
      { cause: 'after-batch', events: 1, value: '1' },
    ])
    expectNothingUnexplained(answer)
  })

  it('explains a batch that is ahead by the events before the stream', async () => {
    const sent = await paths.send([
      placed({ id: 'o-1', at: at('10:00:00') }, TEA),
      placed({ id: 'o-2', at: at('10:05:00') }, TEA),
    ])
    await paths.batch({ store: 'berlin', day: DAY })
    await paths.stream(new Map(sent.slice(0, 1).map(event => [event.partition, event.offset])))
    const answer = await readSideBySide(database.sql, SCOPE)
    expect(metric(answer, 'orders')).toMatchObject({
      batch: '2',
      stream: '1',
      difference: '-1',
      classes: [{ cause: 'before-stream', events: 1, value: '-1' }],
    })
    expectNothingUnexplained(answer)
  })

  it('explains stores that are ahead in opposite directions, store by store', async () => {
    await paths.send([placed({ id: 'o-1', at: at('10:00:00') }, TEA)])
    await paths.batch({ store: 'berlin', day: DAY })
    const west = await paths.send([
      placed({ id: 'w-1', at: at('10:00:00'), store: 'berlin-west' }, TEA),
      placed({ id: 'w-2', at: at('10:01:00'), store: 'berlin-west' }, TEA),
    ])
    await paths.batch({ store: 'berlin-west', day: DAY })
    await paths.send([placed({ id: 'o-2', at: at('10:05:00') }, TEA)])
    await paths.stream(new Map(west.slice(0, 1).map(event => [event.partition, event.offset])))
    const answer = await readSideBySide(database.sql, SCOPE)
    expectNothingUnexplained(answer)
    expect(answer.coverage).toEqual({ storeDays: 2, withBatch: 2 })
    const onlyWest = await readSideBySide(database.sql, { ...SCOPE, stores: ['berlin-west'] })
    expect(metric(onlyWest, 'orders')).toMatchObject({ batch: '2', stream: '1' })
    expectNothingUnexplained(onlyWest)
  })

  it('says that no batch run has covered a day yet, instead of showing zero', async () => {
    await paths.send([placed({ id: 'o-1', at: at('10:00:00') }, TEA)])
    await paths.stream()
    const answer = await readSideBySide(database.sql, SCOPE)
    expect(metric(answer, 'net')).toMatchObject({ batch: null, stream: '4.9000', difference: null })
    expect(metric(answer, 'net').classes).toMatchObject([{ cause: 'after-batch', value: '4.9000' }])
    expect(answer.days).toMatchObject([{ businessDay: DAY, batch: null }])
    expect(answer.batchBasis.runId).toBeNull()
    expect(answer.coverage).toEqual({ storeDays: 1, withBatch: 0 })
    expectNothingUnexplained(answer)
  })

  it('has no batch figure of a range of which runs have covered some store-days only', async () => {
    await paths.send([
      placed({ id: 'o-1', at: at('10:00:00') }, TEA),
      placed({ id: 'o-2', at: at('10:00:00'), store: 'berlin-west' }, TEA),
    ])
    await paths.batch({ store: 'berlin', day: DAY })
    await paths.stream()
    const answer = await readSideBySide(database.sql, SCOPE)
    expect(answer.coverage).toEqual({ storeDays: 2, withBatch: 1 })
    expect(metric(answer, 'net')).toMatchObject({ batch: null, stream: '9.8000', difference: null })
    expect(answer.days).toMatchObject([{ batch: null, stream: { net: '9.8000' } }])
    expect(answer.hours.every(({ batch }) => batch === null)).toBe(true)
    expectNothingUnexplained(answer)
    await paths.batch({ store: 'berlin-west', day: DAY })
    const whole = await readSideBySide(database.sql, SCOPE)
    expect(metric(whole, 'net')).toMatchObject({ batch: '9.8000', difference: '0.0000' })
  })

  it('has no figures of a stream that has read nothing, nor of a day without anything', async () => {
    await paths.send([placed({ id: 'o-1', at: at('10:00:00') }, TEA)])
    await paths.batch({ store: 'berlin', day: DAY })
    const unread = await readSideBySide(database.sql, SCOPE)
    expect(metric(unread, 'net')).toMatchObject({ batch: '4.9000', stream: null, difference: null })
    await paths.stream()
    const empty = await readSideBySide(database.sql, { ...SCOPE, from: '2026-03-05', to: '2026-03-06' })
    expect(empty.coverage).toEqual({ storeDays: 0, withBatch: 0 })
    expect(metric(empty, 'orders')).toMatchObject({ batch: null, stream: null, difference: null })
  })

  it('shows a changed window as unexplained, even when the whole row is gone', async () => {
    await paths.send([placed({ id: 'o-1', at: at('10:00:00') }, TEA)])
    await paths.batch({ store: 'berlin', day: DAY })
    await paths.stream()
    await database.sql`update stream.windows set gross = gross + 10000`
    const changed = await readSideBySide(database.sql, SCOPE)
    expect(metric(changed, 'gross')).toMatchObject({ unexplained: '1.0000', unexplainedStoreDays: 1 })
    expect(metric(changed, 'gross').classes).toMatchObject([{ cause: 'unexplained', value: '1.0000' }])
    await database.sql`delete from stream.windows`
    await database.sql`delete from batch.current_runs`
    await database.sql`delete from batch.daily_sales`
    const gone = await readSideBySide(database.sql, SCOPE)
    expect(metric(gone, 'net')).toMatchObject({ stream: '0.0000', unexplained: '-4.9000' })
  })

  it('puts a remainder down to the rules where both paths were computed under different ones', async () => {
    await paths.send([placed({ id: 'o-1', at: at('10:00:00') }, TEA)])
    await paths.batch({ store: 'berlin', day: DAY })
    await paths.stream()
    await database.sql`update batch.current_runs set rules_version = ${RULES_VERSION + 1}`
    await database.sql`update batch.daily_sales set gross = gross - 10000`
    const answer = await readSideBySide(database.sql, SCOPE)
    expect(metric(answer, 'gross').classes).toMatchObject([{ cause: 'rule-version', value: '1.0000' }])
    expectNothingUnexplained(answer)
  })

  it('lays a single day on its hours, 25 of them in autumn', async () => {
    await paths.send([
      placed({ id: 'o-1', at: '2026-10-25T02:30:00+02:00' }, TEA),
      placed({ id: 'o-2', at: '2026-10-25T02:30:00+01:00' }, TEA),
    ])
    await paths.batch({ store: 'berlin', day: '2026-10-24' })
    await paths.stream()
    const answer = await readSideBySide(database.sql, { ...SCOPE, from: '2026-10-24', to: '2026-10-24' })
    expect(answer.hours).toHaveLength(25)
    const sold = answer.hours.filter(hour => (hour.stream?.orders ?? 0) > 0)
    expect(sold.map(hour => [hour.label, new Date(hour.hourStart).toISOString()])).toEqual([
      ['02:00 +02:00', '2026-10-25T00:00:00.000Z'],
      ['02:00 +01:00', '2026-10-25T01:00:00.000Z'],
    ])
    expect(sold.map(hour => hour.batch)).toEqual(sold.map(hour => hour.stream))
    expect(answer.hourlyBatchBasis?.runId).not.toBeNull()
  })

  it('lists the events of a class with their effect, newest first, page by page', async () => {
    await paths.send([placed({ id: 'o-1', at: at('10:00:00') }, TEA)])
    await paths.batch({ store: 'berlin', day: DAY })
    await paths.send([placed({ id: 'o-2', at: at('10:05:00') }, TEA)])
    await paths.send([returned({ id: 'r-1', at: at('10:06:00') }, BACK)], 'bulk')
    await database.sql`insert into ref.customers (customer, name) values ('c-1', 'Ada Lovelace')`
    await paths.send([placed({ id: 'o-3', at: at('10:07:00'), customer: 'c-1' }, TEA)])
    await paths.stream()
    const request = { scope: SCOPE, cause: 'after-batch', metric: 'net', limit: 2 } as const
    const first = await readDifferenceEvents(database.sql, request)
    expect(first.events).toMatchObject([
      { id: 'o-3', effect: '4.9000', late: true, bulk: false, return: false, customer: 'Ada Lovelace' },
      { id: 'r-1', effect: '-2.4500', late: false, bulk: true, return: true, orderId: 'r-1', customer: null },
    ])
    const second = await readDifferenceEvents(database.sql, { ...request, cursor: first.nextCursor })
    expect(second.events).toMatchObject([{ id: 'o-2', type: 'order.placed', store: 'berlin' }])
    expect(second.nextCursor).toBeNull()
    const returns = await readDifferenceEvents(database.sql, { ...request, metric: 'unitsReturned' })
    expect(returns.events).toMatchObject([{ id: 'r-1', effect: '1' }])
    const none = await readDifferenceEvents(database.sql, { ...request, cause: 'before-stream' })
    expect(none.events).toEqual([])
    await expect(readDifferenceEvents(database.sql, { ...request, cursor: 'x' })).rejects.toThrow(
      'start again',
    )
  })
})
