import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Sql } from '#db/client.ts'
import { parseEvent } from '#domain/event.ts'
import { LOG_START, type LogEvent } from '#domain/log-event.ts'
import { archiveDays } from '#jobs/archive/archive-job.ts'
import { compareWithReports, computeFromArchive } from '#jobs/archive/archive-reports.ts'
import { silentLogger } from '#platform/logger.ts'
import { dropDay } from '#server/log/archive/drop-day.ts'
import { openFolderStore } from '#server/log/archive/folder-store.ts'
import { readLogManifest } from '#server/log/archive/log-manifest.ts'
import { bringBackDay, restoreLog } from '#server/log/archive/restore.ts'
import { runArchiver } from '#server/log/archiver/run.ts'
import { adoptKafka } from '#server/log/kafka/adopt.ts'
import { openTopicSource } from '#server/log/kafka/topic-source.ts'
import { adoptedTopic, type OpenLog, openOrderLog } from '#server/log/open-log.ts'
import { sharedBroker } from '#server/log/testing/shared-broker.ts'
import { readLogNeeds } from '#server/serving/pipeline/log-needs.ts'
import { isClean, reconcile } from '#server/serving/reconcile/reconcile.ts'
import { replay } from '#server/stream/replay/replay.ts'
import { answers } from './testing/answers.ts'
import { enrichAll } from './testing/figures.ts'
import { openSeeded, TRIAL_START } from './testing/seeded.ts'
import { runBatch, runStream } from './testing/trial.ts'

const PARTITIONS = [0, 1, 2, 3]
const RANGE = { from: '2026-11-14', to: '2026-11-21', stores: [] }
const broker = await sharedBroker()

if (broker !== null) {
  /** A chain whose log is a topic, with an archiver that copies it to log.event_log. */
  async function overKafka() {
    vi.stubEnv('KAFKA_URL', broker ?? '')
    onTestFinished(() => {
      vi.unstubAllEnvs()
    })
    const seeded = await openSeeded(2)
    const { sql, url } = seeded.database
    await adoptKafka(sql, [broker ?? ''], { topic: `test.archive.${randomBytes(6).toString('hex')}` })
    const adopted = await adoptedTopic(sql)
    if (!adopted) throw new Error('the log is not in Kafka')
    const [log, source, ending] = [
      await openOrderLog(sql),
      openTopicSource([broker ?? ''], adopted),
      new AbortController(),
    ]
    const archiver = runArchiver({
      url,
      source,
      partitions: PARTITIONS,
      owner: 'trial',
      logger: silentLogger(),
      signal: ending.signal,
    })
    onTestFinished(async () => {
      ending.abort()
      await archiver
      await source.close()
      await log.close()
    })
    const folder = await mkdtemp(path.join(os.tmpdir(), 'tillstream-test-archive-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    return { ...seeded, log, store: openFolderStore(folder) }
  }

  /** Waits until log.event_log has what the topic has. */
  async function untilArchived(sql: Sql, log: OpenLog): Promise<void> {
    const ends = await log.end()
    await vi.waitFor(
      async () => {
        const rows = await sql<{ offset: number }[]>`select "offset" from log.archived order by partition`
        expect(rows.map(({ offset }) => offset)).toEqual(ends.map(({ offset }) => offset))
      },
      { timeout: 60_000, interval: 50 },
    )
  }

  test('a log in Kafka: its days are archived, dropped and brought back; both paths say the same, and nothing differs', async () => {
    const { database, world, log, store } = await overKafka()
    const { sql, url } = database
    // A day is over where every partition has gone past it: a quiet one by its tick.
    for (const partition of PARTITIONS) await log.appendTick(partition, 0)
    const [shop] = world.shops
    if (!shop) throw new Error('the world has no shop')
    const sent = (id: string, event: Record<string, unknown>): LogEvent[] => {
      const parsed = parseEvent({ source: 'late-till', id, store: shop.id, ...event })
      if (!('event' in parsed)) throw new Error(parsed.rejection.detail)
      return enrichAll(world, [parsed.event]).map(event => ({ ...event, bodyHash: '0'.repeat(32) }))
    }
    const order = (id: string, eventTime: string) =>
      sent(id, {
        type: 'order.placed',
        channel: 'pos',
        eventTime,
        orderId: id,
        currency: shop.currency,
        lines: [{ sku: 'late', units: 2, unitPrice: '3.00' }],
      })
    const append = async (events: LogEvent[]) => {
      await log.append(events[0]?.partition ?? 0, events)
      await untilArchived(sql, log)
    }
    await append(order('now-1', '2026-11-20T12:00:00Z'))
    await runStream(url)
    await runBatch(database, TRIAL_START)
    const before = await answers(sql)
    expect(before.windows.length).toBeGreaterThan(100)

    const days = (await archiveDays(sql, store)).map(({ appendDay }) => appendDay)
    expect(await readLogManifest(store)).toMatchObject({ offsets: 'gaps' })
    const { newest } = await readLogNeeds(sql)
    const old = days.filter(day => !newest.includes(day))
    expect(old.length).toBeGreaterThan(3)
    for (const day of old) await dropDay(sql, store, day)
    const [kept] = await sql<{ rows: number }[]>`
      select count(*) as rows from log.event_log where appended_at < ${`${old.at(-1)}T00:00:00Z`}::timestamptz`
    expect(kept?.rows).toBe(0)

    // The topic has everything still, and is what a replay reads.
    for (const partition of PARTITIONS) {
      const [first] = await log.read({ partition, after: LOG_START, limit: 1 })
      if (first) expect(first.offset).toBe(1)
    }
    const replayed = await replay({ url, name: 'test', logger: silentLogger(), acceptsDifferences: false })
    expect(replayed).toMatchObject({ isSwitched: true, differences: [], alerts: [] })

    // An order and a count of a day that was dropped come now: the batch path takes its days back from the archive, and
    // the stream asks the archive for what has moved since the count.
    await append(order('late-1', '2026-11-18T12:00:00Z'))
    const [sold] = await sql<{ sku: string }[]>`
      select sku from batch.daily_product_sales where store = ${shop.id} and business_day between '2026-11-18' and '2026-11-19'
      group by sku order by sum(units) desc limit 1`
    const lines = [{ sku: sold?.sku ?? '', units: 500 }]
    await append(sent('count-1', { type: 'stock.counted', eventTime: '2026-11-18T09:00:00Z', lines }))
    await runStream(url)
    await runBatch(database, TRIAL_START)
    for (const day of old) await bringBackDay(sql, store, day)
    const after = await answers(sql)
    const others = (reports: typeof before.reports) =>
      reports.filter(({ store: of, period }) => of !== shop.id && period < '2026-11-20')
    expect(others(before.reports).length).toBeGreaterThan(20)
    expect(others(after.reports)).toEqual(others(before.reports))
    const whole = await reconcile(sql, RANGE)
    expect(whole).toMatchObject({ notAudited: null, unexplained: 0, differing: [] })
    // What came late was sent past the intake, and no till has said that it sold it.
    expect(
      whole.findings.filter(({ kind, metric }) => kind !== 'z report' && metric !== 'body_hash'),
    ).toEqual([])
    for (const report of ['daily_sales', 'daily_product_sales'] as const) {
      const asked = { report, from: '2026-11-17', to: '2026-11-19' }
      await archiveDays(sql, store)
      const compared = await compareWithReports(sql, await computeFromArchive(sql, store, asked), asked)
      expect(compared.compared).toBeGreaterThan(3)
      expect(compared.differing).toEqual([])
    }
    await expect(restoreLog(sql, store)).rejects.toThrow('the archive is of a log in Kafka')
  })

  test('a log of which days were dropped is not copied into a topic: they are to be brought back first', async () => {
    const { database } = await openSeeded(2)
    const { sql, url } = database
    await Promise.all([runStream(url), runBatch(database, TRIAL_START)])
    const folder = await mkdtemp(path.join(os.tmpdir(), 'tillstream-test-archive-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const store = openFolderStore(folder)
    const [first] = await archiveDays(sql, store)
    if (!first) throw new Error('no day was archived')
    await dropDay(sql, store, first.appendDay)
    const adopting = adoptKafka(sql, [broker], { topic: `test.archive.${randomBytes(6).toString('hex')}` })
    await expect(adopting).rejects.toThrow(
      `lie in the archive alone: "npm run archive -- restore --from ${first.appendDay} --to ${first.appendDay}" brings them back`,
    )
    expect(isClean(await reconcile(sql, RANGE))).toBe(true)
  })
}
