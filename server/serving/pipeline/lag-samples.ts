import type { Sql } from '#db/client.ts'
import { type Instant, SECOND_MS } from '#domain/instant.ts'
import { readFreshness } from '#server/serving/freshness/freshness.ts'
import type { Serving } from '#server/serving/serving.ts'

/** How far behind both paths were at one moment. */
export interface LagSample {
  at: Instant
  /** Events not read yet, and how long the oldest of them has waited. */
  streamEvents: number
  streamMs: number
  batchEvents: number
  batchMs: number
}

/** A minute is looked at three times: one sample is taken of it, also where a process has just died. */
export const SAMPLE_LOOK_MS = 20 * SECOND_MS
const KEPT_DAYS = 2

/**
 * Takes the sample of this minute where nobody has yet. Called by web and by jobs, so that the death of one leaves no gap;
 * the paths themselves take no part in it.
 */
export async function sampleLag(sql: Sql): Promise<void> {
  const [taken] = await sql`
    select from live.lag_samples where minute = date_trunc('minute', clock_timestamp())`
  if (taken) return
  const { stream, batch } = await readFreshness(sql)
  await sql`
    with old as (
      delete from live.lag_samples where minute < now() - ${KEPT_DAYS}::int * interval '1 day'
    )
    insert into live.lag_samples (minute, stream_events, stream_ms, batch_events, batch_ms)
    values (date_trunc('minute', clock_timestamp()), ${stream.lagEvents}, ${Math.round(stream.lagMs)},
      ${batch.lagEvents}, ${Math.round(batch.lagMs)})
    on conflict do nothing`
}

/** The samples of the last 24 hours, the oldest first: 1,440 at most. */
export async function readLagSamples({
  sql,
}: Pick<Serving, 'sql'>): Promise<{ now: Instant; samples: LagSample[] }> {
  const [samples, [clock]] = await Promise.all([
    sql<LagSample[]>`
      select sampled_at as at, stream_events as "streamEvents", stream_ms as "streamMs",
        batch_events as "batchEvents", batch_ms as "batchMs"
      from live.lag_samples where minute > now() - interval '24 h' order by minute`,
    sql<{ now: Instant }[]>`select clock_timestamp() as now`,
  ])
  return { now: clock?.now ?? 0, samples }
}
