import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { placed, returned } from '#domain/testing/events.ts'
import { EXAMPLE_STORES_BY_ID } from '#domain/testing/stores.ts'
import { readFreshness } from './freshness/freshness.ts'
import { describeReconciliation } from './reconcile/describe-reconciliation.ts'
import { isClean, reconcile } from './reconcile/reconcile.ts'
import type { PairComparison } from './side-by-side/other-answers.ts'
import { readSideBySide } from './side-by-side/side-by-side.ts'
import { runCommand } from './testing/command.ts'
import { createTestPaths, type TestPaths } from './testing/paths.ts'

const DAY = '2026-03-02'
const SCOPE = { from: DAY, to: DAY, stores: [], currency: 'EUR' }
const TEA = [{ sku: 'tea', units: 2, unitPrice: '2.50', discount: '0.10' }]
const berlin = EXAMPLE_STORES_BY_ID.get('berlin') ?? { partition: 0 }
const FLINK = 1
const OURS = 2

let database: TestDatabase
let paths: TestPaths
let second: number

async function runStream(entry: 'main.ts' | 'replay/main.ts', args: readonly string[] = []): Promise<void> {
  expect((await runCommand(database.url, `server/stream/${entry}`, args)).code).toBe(0)
}

/**
 * Three readers of the log, each further than the one before: batch, then the generation that is marked as Flink's (built
 * apart from the active one, by the stream itself), then the stream.
 */
beforeAll(async () => {
  database = await createTestDatabase()
  paths = await createTestPaths(database.sql)
  await paths.send([placed({ id: 'o-1', at: `${DAY}T10:00:00+01:00` }, TEA)])
  await paths.batch({ store: 'berlin', day: DAY })
  await paths.send([
    placed({ id: 'o-2', at: `${DAY}T11:00:00+01:00` }, TEA),
    returned({ id: 'r-1', at: `${DAY}T11:30:00+01:00` }, [{ sku: 'tea', units: 1, refund: '2.45' }]),
  ])
  second = paths.lastOffset('berlin')
  await runStream('main.ts', ['--until-caught-up'])
  await runStream('replay/main.ts')
  await database.sql`update stream.generations set engine = 'flink', state = 'building' where generation = ${FLINK}`
  await paths.send([placed({ id: 'o-3', at: `${DAY}T12:00:00+01:00` }, TEA)])
  await runStream('main.ts', ['--until-caught-up'])
})
afterAll(() => database.drop())

const minuteOf = (time: string) => Date.parse(`${DAY}T${time}:00+01:00`)

function net(pair: readonly PairComparison[]): PairComparison {
  const found = pair.find(({ metric }) => metric === 'net')
  if (!found) throw new Error('no net')
  return found
}

describe('three answers', () => {
  test('stand side by side, each pair with every cent between them', async () => {
    const answer = await readSideBySide(database.sql, SCOPE)
    expect(answer.streamBasis).toMatchObject({ generation: OURS, engine: 'tillstream' })
    const [flink, ...more] = answer.others
    expect(more).toEqual([])
    expect(flink?.basis).toMatchObject({
      generation: FLINK,
      engine: 'flink',
      through: { [berlin.partition]: second },
    })
    expect(net(flink?.withBatch ?? [])).toMatchObject({
      first: '4.9000',
      second: '7.3500',
      difference: '2.4500',
      causes: [{ cause: 'only-second', events: 2, value: '2.4500', ofWhich: { returns: 1 } }],
      unexplained: '0.0000',
    })
    expect(net(flink?.withStream ?? [])).toMatchObject({
      first: '12.2500',
      second: '7.3500',
      difference: '-4.9000',
      causes: [{ cause: 'only-first', events: 1, value: '-4.9000' }],
      unexplained: '0.0000',
    })
    for (const pair of [...(flink?.withBatch ?? []), ...(flink?.withStream ?? [])])
      expect(pair.unexplainedStoreDays).toBe(0)
    expect(flink?.days).toMatchObject([{ businessDay: DAY, figures: { net: '7.3500', orders: 2 } }])
  })

  test('are reconciled, and kept for the view', async () => {
    const result = await reconcile(database.sql, { from: DAY, to: DAY, stores: [] })
    expect(isClean(result)).toBe(true)
    expect(result.answers).toMatchObject([
      { generation: FLINK, engine: 'flink', compared: 8, unexplained: 0 },
    ])
    expect(result.answers[0]?.differing.find(({ metric }) => metric === 'net')).toMatchObject({
      batch: '4.9000',
      stream: '7.3500',
      afterBatch: '2.4500',
    })
    const text = describeReconciliation(result)
    expect(text).toContain('Generation 1 (Flink): 8 figures')
    expect(text).toContain('1 further answer explained likewise. Unexplained: 0.')
    expect(
      await database.sql`select generation, engine, batch, stream, difference, unexplained from reports.answers
        where metric = 'net'`,
    ).toEqual([
      {
        generation: FLINK,
        engine: 'flink',
        batch: '4.9000',
        stream: '7.3500',
        difference: '2.4500',
        unexplained: '0.0000',
      },
    ])
  })

  test('of which one is wrong by 1/10,000 are not clean: it is said which, on the page and by the command', async () => {
    await database.sql`update stream.windows set gross = gross + 1
      where generation = ${FLINK} and window_start = ${Date.parse(`${DAY}T11:00:00+01:00`)}`
    const answer = await readSideBySide(database.sql, SCOPE)
    const flink = answer.others[0]
    expect(net(flink?.withBatch ?? [])).toMatchObject({ unexplained: '0.0001', unexplainedStoreDays: 1 })
    expect(net(flink?.withStream ?? [])).toMatchObject({ unexplained: '0.0001', unexplainedStoreDays: 1 })
    expect(answer.metrics.every(({ unexplainedStoreDays }) => unexplainedStoreDays === 0)).toBe(true)
    const result = await reconcile(database.sql, { from: DAY, to: DAY, stores: [], depth: 'figures' })
    expect(isClean(result)).toBe(false)
    expect(result).toMatchObject({ unexplained: 0, answers: [{ unexplained: 2 }] })
    expect(describeReconciliation(result)).toContain('UNEXPLAINED: 2 of')
    await database.sql`update stream.windows set gross = gross - 1
      where generation = ${FLINK} and window_start = ${Date.parse(`${DAY}T11:00:00+01:00`)}`
  })

  test('of which one is wrong within, though its sums are right, are not clean: its rows are named', async () => {
    // From one minute into the other: no figure of a day shows it.
    const shift = (units: number) => database.sql`
      update stream.windows set units = units + case when orders > 0 and window_start = ${minuteOf('10:00')}
          then ${units}::int else -${units}::int end
      where generation = ${FLINK} and window_start in (${minuteOf('10:00')}, ${minuteOf('11:00')})`
    await shift(1)
    await database.sql`update stream.stock set on_hand = 7 where generation = ${FLINK} and sku = 'tea'`
    const { findings, unexplained, answers } = await reconcile(database.sql, {
      from: DAY,
      to: DAY,
      stores: [],
    })
    await shift(-1)
    await database.sql`update stream.stock set on_hand = null where generation = ${FLINK} and sku = 'tea'`
    expect({ unexplained, answers }).toMatchObject({ unexplained: 0, answers: [{ unexplained: 0 }] })
    const named = findings.map(
      ({ relation, rowKey, metric }) => `${relation} of ${rowKey.generation}: ${metric}`,
    )
    expect(named.sort()).toEqual([
      'stream.stock of 1: on_hand',
      'stream.windows of 1: units',
      'stream.windows of 1: units',
    ])
  })

  test('what one of them has set aside is in none of its figures, and explained', async () => {
    await database.sql`
      insert into stream.set_aside (generation, partition, "offset", appended_at, store, business_day, type, source, id, reason)
      select ${OURS}::integer, e.partition, e."offset", e.appended_at, e.store, e.business_day, e.type, e.source, e.id, 'planted'
      from log.event_log e where e.id = 'o-2'`
    await database.sql`update stream.windows set orders = 0, units = 0, gross = 0, discounts = 0
      where generation = ${OURS} and window_start = ${Date.parse(`${DAY}T11:00:00+01:00`)}`
    const answer = await readSideBySide(database.sql, SCOPE)
    expect(net(answer.others[0]?.withStream ?? [])).toMatchObject({
      first: '7.3500',
      second: '7.3500',
      difference: '0.0000',
      unexplainedStoreDays: 0,
      causes: [
        { cause: 'only-second', events: 1, value: '4.9000' },
        { cause: 'only-first', events: 1, value: '-4.9000' },
      ],
    })
    await database.sql`delete from stream.set_aside`
    await database.sql`update stream.windows set orders = 1, units = 2, gross = 50000, discounts = 1000
      where generation = ${OURS} and window_start = ${Date.parse(`${DAY}T11:00:00+01:00`)}`
  })

  test('say how far each has read the log, and who follows with the active one', async () => {
    const freshness = await readFreshness(database.sql)
    expect(freshness.stream).toMatchObject({ generation: OURS, engine: 'tillstream', lagEvents: 0 })
    expect(freshness.others).toMatchObject([
      { generation: FLINK, engine: 'flink', isWorkedOn: false, lagEvents: 1 },
    ])
    await database.sql`update stream.active_generation set generation = ${FLINK}`
    await database.sql`update stream.generations set state = 'retired' where generation = ${OURS}`
    const [swapped, page] = await Promise.all([
      readFreshness(database.sql),
      readSideBySide(database.sql, SCOPE),
    ])
    expect(swapped.stream).toMatchObject({ generation: FLINK, engine: 'flink' })
    expect(swapped.health.stream).toContain('does Flink run?')
    expect(swapped.others).toMatchObject([{ generation: OURS, engine: 'tillstream', lagEvents: 0 }])
    expect(page.others).toMatchObject([{ basis: { generation: OURS, engine: 'tillstream' } }])
    expect(net(page.others[0]?.withStream ?? [])).toMatchObject({
      difference: '4.9000',
      causes: [{ cause: 'only-second', events: 1 }],
    })
  })
})
