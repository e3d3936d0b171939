import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '#db/testing/database.ts'
import { addTestStores } from '#db/testing/stores.ts'
import { WORKED_EXAMPLES } from '#domain/examples/all-examples.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { toLogEvents } from '#domain/testing/events.ts'
import { EXAMPLE_STORES } from '#domain/testing/stores.ts'
import type { Ended } from '#platform/process.ts'
import { createPostgresLog, ensureLogDays } from '#server/log/postgres-log.ts'
import { isClean, reconcile } from './reconcile/reconcile.ts'
import { readSideBySide } from './side-by-side/side-by-side.ts'
import { runCommand } from './testing/command.ts'

/** All worked examples in one log: the ids of one do not meet those of another. */
const EVENTS = WORKED_EXAMPLES.flatMap((example, index) =>
  example.events.map(event => toLogEvents({ ...event, source: `${event.source}-${index}` })),
)
const DAYS = EVENTS.flat()
  .map(event => event.businessDay)
  .sort()
const SCOPE = { from: DAYS[0] ?? '', to: DAYS.at(-1) ?? '', stores: [] }

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
  const { sql } = database
  await ensureLogDays(sql)
  await addTestStores(sql, EXAMPLE_STORES)
  // Every other event, so that each path can be ahead of the other on the same days.
  await append(EVENTS.filter((_, index) => index % 2 === 0))
})
afterAll(() => database.drop())

/** @param events each whole: a transfer's legs are appended together */
async function append(events: readonly LogEvent[][]): Promise<void> {
  const log = createPostgresLog(database.sql)
  for (const legs of events) {
    const byPartition = Map.groupBy(legs, leg => leg.partition)
    await log.appendTogether([...byPartition].map(([partition, ofOne]) => ({ partition, events: ofOne })))
  }
}

async function runStream(): Promise<void> {
  expectDone(await runCommand(database.url, 'server/stream/main.ts', ['--until-caught-up']))
}

async function runJobs(): Promise<void> {
  expectDone(
    await runCommand(database.url, 'jobs/main.ts', [
      'backfill',
      'all',
      '--from',
      SCOPE.from,
      '--to',
      SCOPE.to,
    ]),
  )
}

function expectDone({ code, stderr }: Ended): void {
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' })
}

async function expectExplained(differences: 'none' | 'some'): Promise<void> {
  const result = await reconcile(database.sql, SCOPE)
  expect(result.findings).toEqual([])
  expect(isClean(result)).toBe(true)
  expect(result.compared).toBeGreaterThan(0)
  expect(result.differing.length > 0).toBe(differences === 'some')
  const [year] = SCOPE.from.split('-')
  const scope = { from: `${year}-01-01`, to: `${year}-12-31`, stores: [], currency: 'EUR' }
  const { metrics } = await readSideBySide(database.sql, scope)
  expect(metrics.map(metric => metric.unexplainedStoreDays)).toEqual(metrics.map(() => 0))
}

describe('the two paths, as they run', () => {
  it('agree where both have read everything', async () => {
    await runStream()
    await runJobs()
    await expectExplained('none')
  })

  it('differ by named events while the stream is ahead, and agree again after the next batch run', async () => {
    await append(EVENTS.filter((_, index) => index % 4 === 1))
    await runStream()
    await expectExplained('some')
    await runJobs()
    await expectExplained('none')
  })

  it('differ by named events while the batch path is ahead, and agree again when the stream has caught up', async () => {
    await append(EVENTS.filter((_, index) => index % 4 === 3))
    await runJobs()
    await expectExplained('some')
    await runStream()
    await expectExplained('none')
  })
})
