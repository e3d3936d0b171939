import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { expect } from 'vitest'
import type { TestDatabase } from '#db/testing/database.ts'
import { pause } from '#platform/time.ts'
import { type FlinkJob, type FlinkJobOptions, startFlinkJob } from '#scale/flink/job.ts'
import { adoptedTopic } from '#server/log/open-log.ts'
import { catchUp } from '#server/stream/catch-up.ts'
import { offsetsOf } from '#server/stream/state/checkpoint.ts'
import { createGeneration } from '#server/stream/state/generations.ts'
import { resultsOf } from '#server/stream/testing/tables.ts'

export const PARTITIONS = [0, 1, 2, 3]

/** A generation of a test database that Flink fills, beside ours. */
export class FlinkBeside {
  readonly generation: number
  readonly folder: string
  readonly #database: TestDatabase
  readonly #log: Pick<FlinkJobOptions, 'brokers' | 'topic'>
  #job: FlinkJob | null = null

  private constructor(
    database: TestDatabase,
    own: { generation: number; folder: string; log: Pick<FlinkJobOptions, 'brokers' | 'topic'> },
  ) {
    this.#database = database
    this.generation = own.generation
    this.folder = own.folder
    this.#log = own.log
  }

  /** @param database whose log is in Kafka */
  static async of(database: TestDatabase, brokers: string): Promise<FlinkBeside> {
    const adopted = await adoptedTopic(database.sql)
    if (!adopted) throw new Error('the log is not in Kafka')
    const generation = await createGeneration(database.sql, 'flink')
    const folder = await mkdtemp(path.join(tmpdir(), 'tillstream-test-flink-'))
    return new FlinkBeside(database, { generation, folder, log: { brokers, topic: adopted.topic } })
  }

  /** Small batches and a snapshot every moment, so that whatever can lie between two of them does. */
  async start(given: Partial<FlinkJobOptions> = {}): Promise<FlinkJob> {
    this.#job = await startFlinkJob({
      ...this.#log,
      databaseUrl: this.#database.url,
      generation: this.generation,
      dataDir: this.folder,
      checkpointMs: 400,
      gatherMs: 5,
      largestBatch: 150,
      heapMb: 256,
      // It lives for seconds: code that is compiled once is quick enough.
      flags: ['-XX:TieredStopAtLevel=1'],
      ...given,
    })
    return this.#job
  }

  async kill(): Promise<void> {
    this.#job?.kill('SIGKILL')
    await this.#job?.ended
  }

  reached(): Promise<number[]> {
    return offsetsOf(this.#database.sql, this.generation, PARTITIONS)
  }

  /** Until it has written so much, or more. @throws where its process ends before */
  async whenReached(offsets: readonly number[]): Promise<void> {
    const job = this.#job
    let isOver = false
    void job?.ended.then(() => {
      isOver = true
    })
    for (;;) {
      const at = await this.reached()
      if (offsets.every((offset, partition) => (at[partition] ?? 0) >= offset)) return
      if (isOver) {
        const said = await readFile(job?.logFile ?? '', 'utf8')
        throw new Error(`Flink ended at offsets ${at.join(' ')}: ${said.slice(-6_000)}`)
      }
      await pause(50)
    }
  }

  /** Ours to the log's end, and Flink's too. */
  async whenBothRead(): Promise<void> {
    const { sql, url } = this.#database
    const logger = pino({ level: 'silent' })
    await catchUp({ url, partitions: PARTITIONS, owner: 'test', logger })
    await this.whenReached(await offsetsOf(sql, 1, PARTITIONS))
  }

  /** Ours to the log's end, Flink's too, and every row of the one as in the other. */
  async expectSame(): Promise<void> {
    const { sql } = this.#database
    await this.whenBothRead()
    const [ours, flinks] = [await resultsOf(sql, 1), await resultsOf(sql, this.generation)]
    for (const table of Object.keys(ours) as (keyof typeof ours)[]) {
      const [flink, own] = [rowsOnlyIn(flinks[table], ours[table]), rowsOnlyIn(ours[table], flinks[table])]
      expect({ table, flink, own }).toEqual({ table, flink: [], own: [] })
    }
    expect(ours.windows.length * ours.stock.length).toBeGreaterThan(0)
  }

  async end(): Promise<void> {
    await this.#job?.stop()
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** The first of the rows that the others do not have. */
function rowsOnlyIn(rows: readonly object[], others: readonly object[]): object[] {
  const known = new Set(others.map(row => JSON.stringify(row)))
  return rows.filter(row => !known.has(JSON.stringify(row))).slice(0, 5)
}
