import type { Reading, Transaction } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import { LOG_START, type Position } from '#domain/log-event.ts'
import { PartitionWatermark, type SourceProgress } from '#domain/watermark.ts'
import { plainArray, textArray } from '#platform/pg-array.ts'
import type { Ownership } from '#server/log/fence.ts'
import type { BatchResult } from '#server/stream/fold/fold-batch.ts'
import type { GenerationPartition } from './generations.ts'

/** Where a partition of a generation stands: what a consumer goes on from. */
export interface Progress {
  position: Position
  watermark: PartitionWatermark
}

/** A checkpoint was not where the batch began: somebody wrote beside its owner. */
export class CheckpointMovedError extends Error {
  override readonly name = 'CheckpointMovedError'
}

/** Reads checkpoint and sources, as one transaction left them; the log's start where there is no checkpoint. */
export async function loadProgress(
  sql: Reading,
  { generation, partition }: GenerationPartition,
): Promise<Progress> {
  const [checkpoints, sources] = await Promise.all([
    sql.unsafe<{ offset: number; appendedAt: Instant; watermark: Instant | null }[]>(
      `select "offset", appended_at as "appendedAt", watermark from stream.checkpoints
       where generation = $1 and partition = $2`,
      [generation, partition],
    ),
    sql.unsafe<({ source: string } & SourceProgress)[]>(
      `select source, max_event_time as "maxEventTime", last_appended_at as "lastAppendedAt"
       from stream.sources where generation = $1 and partition = $2`,
      [generation, partition],
    ),
  ])
  const checkpoint = checkpoints[0]
  return {
    position: checkpoint ? { offset: checkpoint.offset, appendedAt: checkpoint.appendedAt } : LOG_START,
    watermark: new PartitionWatermark({
      sources: sources.map(({ source, ...progress }): [string, SourceProgress] => [source, progress]),
      watermark: checkpoint?.watermark ?? null,
    }),
  }
}

/** Offsets that a generation has reached, indexed like `partitions`. */
export async function offsetsOf(
  sql: Reading,
  generation: number,
  partitions: readonly number[],
): Promise<number[]> {
  const rows = await sql.unsafe<{ partition: number; offset: number }[]>(
    'select partition, "offset" from stream.checkpoints where generation = $1',
    [generation],
  )
  const offsets = new Map(rows.map(row => [row.partition, row.offset]))
  return partitions.map(partition => offsets.get(partition) ?? 0)
}

/** @throws CheckpointMovedError when the checkpoint is not where the batch began */
export async function upsertCheckpoint(
  transaction: Transaction,
  { ownership, generation }: { ownership: Ownership; generation: number },
  batch: BatchResult,
): Promise<void> {
  const { partition, epoch } = ownership
  const result = await transaction.unsafe(
    `insert into stream.checkpoints as kept
       (generation, partition, "offset", appended_at, watermark, epoch, events, late_events, processed_at)
     values ($1, $2, $3, $4::timestamptz, $5::timestamptz, $6, $7, $8, now())
     on conflict (generation, partition) do update
     set "offset" = excluded."offset", appended_at = excluded.appended_at, watermark = excluded.watermark,
       epoch = excluded.epoch, events = kept.events + excluded.events,
       late_events = kept.late_events + excluded.late_events, processed_at = excluded.processed_at
     where kept."offset" = $9`,
    [
      generation,
      partition,
      batch.through.offset,
      new Date(batch.through.appendedAt).toISOString(),
      batch.watermark.current === null ? null : new Date(batch.watermark.current).toISOString(),
      epoch,
      batch.events,
      batch.lateEvents,
      batch.previous.offset,
    ],
    { prepare: true },
  )
  if (result.count !== 1) {
    throw new CheckpointMovedError(
      `generation ${generation}, partition ${partition}: the checkpoint is not at offset ${batch.previous.offset}, where this batch began`,
    )
  }
}

const replaceSources = (generation: number) => `
  insert into stream.sources_g${generation} (generation, partition, source, max_event_time, last_appended_at)
  select $1::integer, $2::smallint, source, 'epoch'::timestamptz + max_event_time * interval '1 millisecond',
    'epoch'::timestamptz + last_appended_at * interval '1 millisecond'
  from unnest($3::text::text[], $4::text::bigint[], $5::text::bigint[])
    as given(source, max_event_time, last_appended_at)
  on conflict (generation, partition, source) do update set
    max_event_time = excluded.max_event_time,
    last_appended_at = excluded.last_appended_at`

/** Forgets sources that were silent for a day: what a restart reads stays as small as what is in memory. */
export async function deleteSources(
  transaction: Transaction,
  { generation, partition }: GenerationPartition,
  sources: readonly string[],
): Promise<void> {
  if (sources.length === 0) return
  await transaction.unsafe(
    `delete from stream.sources_g${generation}
     where generation = $1 and partition = $2 and source = any ($3::text::text[])`,
    [generation, partition, textArray(sources, source => source)],
    { prepare: true },
  )
}

/** How far each live source has come: what a restart needs to go on with the same watermark. */
export async function upsertSources(
  transaction: Transaction,
  { generation, partition }: GenerationPartition,
  sources: readonly (readonly [source: string, progress: SourceProgress])[],
): Promise<void> {
  if (sources.length === 0) return
  await transaction.unsafe(
    replaceSources(generation),
    [
      generation,
      partition,
      textArray(sources, ([source]) => source),
      plainArray(sources, ([, { maxEventTime }]) => maxEventTime),
      plainArray(sources, ([, { lastAppendedAt }]) => lastAppendedAt),
    ],
    { prepare: true },
  )
}
