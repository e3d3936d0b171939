import { z } from 'zod'
import { METRICS } from '#domain/measures.ts'
import { readFreshness } from '#server/serving/freshness/freshness.ts'
import { listFindings } from '#server/serving/pipeline/checks.ts'
import { scopeSchema } from '#server/serving/scope.ts'
import { readDifferenceEvents } from '#server/serving/side-by-side/difference-events.ts'
import { readSideBySide } from '#server/serving/side-by-side/side-by-side.ts'
import { pageSize, procedure, router } from './trpc.ts'

const metricSchema = z.enum(METRICS)

/** Both paths' figures, what explains their difference, event by event. */
export const sideBySideRouter = router({
  get: procedure.input(scopeSchema).query(({ ctx, input }) => readSideBySide(ctx.serving.sql, input)),
  events: procedure
    .input(
      z.strictObject({
        scope: scopeSchema,
        cause: z.enum(['after-batch', 'before-stream']),
        metric: metricSchema.default('net'),
        cursor: z.string().max(200).nullish(),
        limit: pageSize,
      }),
    )
    .query(({ ctx, input }) => readDifferenceEvents(ctx.serving.sql, input)),
})

/** How far behind the log each path is; `live`: the same of the stream as the socket tells it. */
export const freshnessRouter = router({
  get: procedure.query(async ({ ctx }) => {
    const freshness = await readFreshness(ctx.serving.sql)
    const { now, stream } = freshness
    const { lagEvents, lagMs, processedAt } = stream
    return { ...freshness, live: { now, knownUpTo: now - lagMs, lagEvents, processedAt } }
  }),
})

/** Rows of either path that differ from what the log says. */
export const findingsRouter = router({
  list: procedure
    .input(z.strictObject({ cursor: z.int().min(1).nullish(), limit: pageSize }).prefault({}))
    .query(({ ctx, input }) => listFindings(ctx.serving, input)),
})
