import type { Reading } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import type { ReadPosition } from '#server/serving/freshness/log-lag.ts'

/** What a live figure stands on. */
export interface StreamBasis {
  generation: number
  /** Minimum over partitions that have one. */
  watermark: Instant | null
  /** When the newest contributing batch of events committed. */
  processedAt: Instant | null
  through: Record<string, number>
  rulesVersion: number
}

/** Where the stream stands, for figures that come from its tables. */
export interface StreamStand {
  /** The database's clock, to which ages are relative. */
  now: Instant
  basis: StreamBasis
  /** By partition, those it has not read yet among them. */
  positions: ReadPosition[]
}

type PositionRow = ReadPosition & { watermark: Instant | null; processedAt: Instant | null }

/** Reads it in the snapshot the figures are read in: they then stand on exactly these offsets. */
export async function readStreamStand(reading: Reading): Promise<StreamStand> {
  const [[active], positions] = await Promise.all([
    reading<{ generation: number; rulesVersion: number; now: Instant }[]>`
      select g.generation, g.rules_version as "rulesVersion", clock_timestamp() as now
      from stream.active_generation a join stream.generations g on g.generation = a.generation`,
    reading<PositionRow[]>`
      select p.partition, coalesce(c."offset", 0) as through,
        coalesce(c.appended_at, 'epoch'::timestamptz) as "appendedAt", c.watermark,
        c.processed_at as "processedAt"
      from log.partitions p
      left join stream.checkpoints c on c.partition = p.partition
        and c.generation = (select generation from stream.active_generation)
      order by p.partition`,
  ])
  if (!active) throw new Error('stream.active_generation is empty: run the migrations again')
  const { now, generation, rulesVersion } = active
  const watermarks = positions.flatMap(({ watermark }) => watermark ?? [])
  const processed = positions.flatMap(({ processedAt }) => processedAt ?? [])
  return {
    now,
    basis: {
      generation,
      rulesVersion,
      watermark: watermarks.length > 0 ? Math.min(...watermarks) : null,
      processedAt: processed.length > 0 ? Math.max(...processed) : null,
      through: Object.fromEntries(positions.map(({ partition, through }) => [partition, through])),
    },
    positions: positions.map(({ partition, through, appendedAt }) => ({ partition, through, appendedAt })),
  }
}
