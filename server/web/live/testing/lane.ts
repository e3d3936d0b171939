import type { Sql } from '#db/client.ts'
import { addTestStores } from '#db/testing/stores.ts'
import type { LogEvent } from '#domain/log-event.ts'
import { placed, toLogEvents } from '#domain/testing/events.ts'
import { EXAMPLE_STORES } from '#domain/testing/stores.ts'
import { createPostgresLog, ensureLogDays } from '#server/log/postgres-log.ts'
import type { ChangeBatch } from '#server/web/live/changes.ts'
import type { LiveAlert, LiveDetection, LiveStock, LiveWindow } from '#server/web/live/messages.ts'

/** One batch of one partition, for tests: what is left out is empty. */
export function changeBatch(
  partition: number,
  previousOffset: number,
  throughOffset: number,
  part: Partial<ChangeBatch> = {},
): ChangeBatch {
  return {
    partition,
    previousOffset,
    throughOffset,
    previousAppendedAt: 0,
    throughAppendedAt: 0,
    watermark: null,
    processedAt: 0,
    windows: [],
    stock: [],
    alerts: [],
    detections: [],
    sales: new Map(),
    ...part,
  }
}

export interface Changes {
  windows?: LiveWindow[]
  stock?: LiveStock[]
  alerts?: LiveAlert[]
  detections?: LiveDetection[]
  watermark?: number
  /** Changed more than it lists: readers meet a gap. */
  unlisted?: boolean
}

/** Sales in the log and the stream's change rows about them, for tests: one call is one batch of the stream. */
export interface TestLane {
  /** Appends orders of these ids to a store and commits a batch about them. */
  sell(store: string, ids: readonly string[], changes?: Changes): Promise<void>
  /** Removes the change rows written so far, as the stream does with old ones. */
  trim(): Promise<void>
  /** Adds to the lane of people and jobs. */
  announce(kind: string, payload?: unknown): Promise<void>
}

export async function createTestLane(sql: Sql): Promise<TestLane> {
  const log = createPostgresLog(sql)
  await ensureLogDays(sql)
  await addTestStores(sql, EXAMPLE_STORES)

  return {
    async sell(store, ids, changes = {}) {
      const events: LogEvent[] = ids.flatMap(id =>
        toLogEvents(
          placed({ id, store, at: new Date().toISOString() }, [{ sku: 'tea', units: 1, unitPrice: '2.50' }]),
        ),
      )
      const partition = EXAMPLE_STORES.find(entry => entry.id === store)?.partition ?? 0
      await log.append(partition, events)
      await commitBatch(sql, { partition, sales: events.length, changes })
    },
    async trim() {
      await sql`delete from stream.changes`
    },
    async announce(kind, payload = {}) {
      await sql`select live.append_ops(${kind}, ${sql.json(payload as never)})`
    },
  }
}

async function commitBatch(
  sql: Sql,
  { partition, sales, changes }: { partition: number; sales: number; changes: Changes },
): Promise<void> {
  const { windows = [], stock = [], alerts = [], detections = [], unlisted = false } = changes
  const { watermark = Date.now() - 30_000 } = changes
  await sql.begin(async transaction => {
    const [generation] = await transaction<
      { generation: number }[]
    >`select generation from stream.active_generation`
    const active = generation?.generation ?? 1
    const [end] = await transaction<{ offset: number; appendedAt: number }[]>`
      select "offset", appended_at as "appendedAt" from log.last_position(${partition})`
    const [before] = await transaction<{ offset: number; appendedAt: number }[]>`
      select "offset", appended_at as "appendedAt" from stream.checkpoints
      where generation = ${active} and partition = ${partition}`
    if (!end) throw new Error('the log has no end')
    const previous = unlisted ? end : (before ?? { offset: 0, appendedAt: 0 })
    await transaction`
      insert into stream.changes (generation, partition, through_offset, previous_offset, previous_appended_at,
        through_appended_at, watermark, sales, windows, stock, alerts, detections,
        processed_at)
      values (${active}, ${partition}, ${end.offset}, ${previous.offset}, ${previous.appendedAt}, ${end.appendedAt},
        ${watermark}, ${unlisted ? 0 : sales}, ${transaction.json(windows as never)}, ${transaction.json(stock as never)},
        ${transaction.json(alerts as never)}, ${transaction.json(detections as never)}, now())`
    await transaction`
      insert into stream.checkpoints (generation, partition, "offset", appended_at, watermark, epoch, processed_at)
      values (${active}, ${partition}, ${end.offset}, ${end.appendedAt}, ${watermark}, 1, now())
      on conflict (generation, partition) do update set "offset" = excluded."offset",
        appended_at = excluded.appended_at, watermark = excluded.watermark, processed_at = excluded.processed_at`
  })
}
