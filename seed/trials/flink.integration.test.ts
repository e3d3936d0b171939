import { expect, inject, test, vi } from 'vitest'
import type { Sql } from '#db/client.ts'
import { withConnection } from '#db/open.ts'
import type { TestDatabase } from '#db/testing/database.ts'
import { installPostgresClock } from '#db/testing/postgres-clock.ts'
import type { Instant } from '#domain/instant.ts'
import { SCENARIOS } from '#domain/scenario.ts'
import { seededRandom } from '#domain/testing/random-events.ts'
import { HOLDS_AFTER_MS } from '#domain/validity.ts'
import { runReplenishment } from '#jobs/replenishment/replenishment.ts'
import { silentLogger } from '#platform/logger.ts'
import { FlinkBeside } from '#scale/flink/testing/flink-beside.ts'
import { policies } from '#server/intake/reference/policies/policies.ts'
import { addReference } from '#server/intake/reference/reference-table.ts'
import { adoptKafka } from '#server/log/kafka/adopt.ts'
import { sharedBroker } from '#server/log/testing/shared-broker.ts'
import { saveRuleVersion } from '#server/serving/alerts/rules.ts'
import { replay } from '#server/stream/replay/replay.ts'
import { openSeeded, TRIAL_START } from './testing/seeded.ts'
import { type Playing, playSeeded, runBatch, runStream, writeHabits } from './testing/trial.ts'

const PATIENCE_MS = 360_000
const MINUTES = 15
/** Everything that shops can be played, one beside the other, within a quarter of an hour. */
const PLAYED: Playing['scenarios'] = [
  { scenario: 'till-offline', after: 1, minutes: 5 },
  { scenario: 'card-fraud', after: 2, minutes: 3 },
  { scenario: 'clock-skew', after: 3, minutes: 2 },
  { scenario: 'refund-wave', after: 5, minutes: 2 },
  { scenario: 'poison-events', after: 6, minutes: 1 },
  { scenario: 'flash-promotion', after: 7, minutes: 2 },
  { scenario: 'supplier-late', after: 8, minutes: 4 },
  { scenario: 'hot-store', after: 10, minutes: 1 },
  { scenario: 'rush', after: 12, minutes: 1 },
  { scenario: 'ordinary', after: 14, minutes: null },
]

const broker = await sharedBroker()

if (broker !== null) {
  test('every scenario, with plans of the night, policies and rules that come in the middle, is by Flink as ours was', {
    timeout: PATIENCE_MS,
  }, async () => {
    expect(new Set(PLAYED.map(({ scenario }) => scenario))).toEqual(
      new Set(SCENARIOS.map(({ name }) => name)),
    )
    // Some of its stores send files.
    const seeded = await openSeeded(8)
    const { sql, url } = seeded.database
    const movePostgres = await installPostgresClock(sql, TRIAL_START)
    await runBatch(seeded.database, TRIAL_START)
    await writeHabits(sql, 20, 0)
    // Ours follows as the shops sell, and judges by what is known by then; Flink comes later, when all of it is known.
    const { seen } = await playSeeded(seeded, {
      minutes: MINUTES,
      scenarios: PLAYED,
      movePostgres,
      everyMinute: async (minute, now) => {
        await movePostgres(now)
        await comeToKnow(seeded.database, minute, now)
        await runStream(url)
      },
    })
    expect(seen.reports.filter(({ state }) => state === 'failed')).toEqual([])
    await runStream(url)

    vi.stubEnv('KAFKA_URL', broker)
    const { entries } = await adoptKafka(sql, [broker], {
      topic: `test.scenarios${new URL(url).pathname.replace('/', '.')}`,
    })
    const flink = await FlinkBeside.of(seeded.database, broker)
    try {
      const random = seededRandom(inject('randomSeed'))
      for (const share of [0.9 * random(), 0.9]) {
        await flink.start({ largestBatch: 400 })
        const ends = await sql<{ offset: number }[]>`select "offset" from log.archived order by partition`
        await flink.whenReached(ends.map(({ offset }) => Math.floor(offset * share)))
        await flink.kill()
      }
      await flink.start({ largestBatch: 400 })
      await flink.expectSame()
      expect(await whatWasJudged(sql)).toEqual({ byForecast: true, byPolicy: true, byNewRule: true })
      const certified = await replay({
        ...{ url, name: 'test:1', logger: silentLogger(), acceptsDifferences: false },
        ...{ kind: 'certify' as const, to: flink.generation },
      })
      expect(certified.certificate?.document).toMatchObject({ verdict: 'accepted', differences: 0 })
      expect(entries).toBeGreaterThan(3_000)
    } finally {
      await flink.end()
      vi.unstubAllEnvs()
    }
  })
}

const POLICY = { reorderPoint: 100_007, orderUpTo: 100_100 }

/** What people and the night enter while the shops sell: all of it holds from minutes later on. */
async function comeToKnow({ sql, url }: TestDatabase, minute: number, now: Instant): Promise<void> {
  if (minute === 2)
    await withConnection(url, {}, onClock =>
      saveRuleVersion(onClock, {
        ...{ rule: 'high_discount', isOn: true, by: null },
        parameters: { percent: 5, documents: 1 },
      }),
    )
  if (minute === 3) expect((await runReplenishment(sql, { runId: 1, now })).forecasts).toBeGreaterThan(0)
  if (minute === 4) {
    const sold = await sql<{ store: string; sku: string }[]>`
      select store, sku from stream.stock where on_hand > 0 order by as_of desc, store, sku limit 100`
    // Dated ahead: both engines have entries in hand that are not written yet.
    const validFrom = new Date(now + HOLDS_AFTER_MS).toISOString()
    const text = JSON.stringify(sold.map(place => ({ ...place, ...POLICY, validFrom })))
    await addReference(sql, policies, { text, file: 'policies.json', now })
  }
  if (minute === 6) await writeHabits(sql, 60, now + HOLDS_AFTER_MS)
}

/** That what was entered was judged by. */
async function whatWasJudged(sql: Sql) {
  const [row] = await sql`
    select
      exists (select from stream.episodes where generation = 1 and projected_stockout_at is not null) as "byForecast",
      exists (select from stream.episodes where generation = 1 and reorder_point = ${POLICY.reorderPoint}) as "byPolicy",
      exists (select from stream.alerts where generation = 1 and rule_version > 1) as "byNewRule"`
  return { ...row }
}
