import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, inject, test, vi } from 'vitest'
import { createTestDatabase } from '#db/testing/database.ts'
import { seededRandom } from '#domain/testing/random-events.ts'
import { runProgram } from '#platform/process.ts'
import { adoptKafka } from '#server/log/kafka/adopt.ts'
import { sharedBroker } from '#server/log/testing/shared-broker.ts'
import { FlinkBeside } from './testing/flink-beside.ts'

const DECEMBER = path.resolve(import.meta.dirname, '../../../shared/data/online-retail/by-day')
const PATIENCE_MS = 360_000

const broker = await sharedBroker()

if (broker !== null) {
  test('the real December by Flink, killed on its way, is as ours to the last window and revision', {
    timeout: PATIENCE_MS,
  }, async () => {
    if (!existsSync(DECEMBER)) {
      console.log(`The real data are not there (${DECEMBER}): nothing is compared with them.`)
      return
    }
    vi.stubEnv('KAFKA_URL', broker)
    const database = await createTestDatabase()
    const folder = await mkdtemp(path.join(tmpdir(), 'tillstream-test-december-'))
    try {
      await runProgram({
        entry: 'server/intake/files/main.ts',
        args: [DECEMBER, '--mapping', 'uci-online-retail', '--rejects', folder],
        settings: { DATABASE_URL: database.url, DATA_DIR: folder },
      })
      const topic = `test.december.${path.basename(folder)}`
      const { entries } = await adoptKafka(database.sql, [broker], { topic })
      expect(entries).toBeGreaterThan(1_000)
      const flink = await FlinkBeside.of(database, broker)
      const random = seededRandom(inject('randomSeed'))
      try {
        const kept = { largestBatch: 40 }
        for (const share of [0.3 * random(), 0.3 + 0.5 * random()]) {
          await flink.start(kept)
          // Of one store, so of one partition.
          const ends = await database.sql<{ offset: number }[]>`
              select "offset" from log.archived order by partition`
          await flink.whenReached(ends.map(({ offset }) => Math.floor(offset * share)))
          await flink.kill()
        }
        await flink.start(kept)
        await flink.expectSame()
      } finally {
        await flink.end()
      }
    } finally {
      await database.drop()
      await rm(folder, { recursive: true, force: true })
      vi.unstubAllEnvs()
    }
  })
}
