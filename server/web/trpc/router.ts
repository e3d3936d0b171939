import { z } from 'zod'
import { METRICS } from '#domain/measures.ts'
import { readFreshness } from '#server/serving/freshness/freshness.ts'
import { readDifferenceEvents } from '#server/serving/reconcile/difference-events.ts'
import { listFindings } from '#server/serving/reconcile/findings.ts'
import { scopeSchema } from '#server/serving/scope.ts'
import { readOverview } from '#server/serving/side-by-side/overview.ts'
import { readSideBySide } from '#server/serving/side-by-side/side-by-side.ts'
import { liveRouter } from './live-router.ts'
import { pipelineRouter } from './pipeline-router.ts'
import { reportsRouter } from './reports-router.ts'
import { restockRouter } from './restock-router.ts'
import { createCallerFactory, procedure, router } from './trpc.ts'

const MAX_PAGE = 200

const metricSchema = z.enum(METRICS)

const pageSize = z.int().min(1).max(MAX_PAGE).default(50)

/** Everything the dashboard reads. Figures that move are pushed over the live socket instead. */
export const appRouter = router({
  live: liveRouter,
  restock: restockRouter,
  overview: router({
    get: procedure.query(({ ctx }) => readOverview(ctx.serving)),
  }),
  sideBySide: router({
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
  }),
  reports: reportsRouter,
  freshness: router({
    get: procedure.query(({ ctx }) => readFreshness(ctx.serving.sql)),
  }),
  findings: router({
    list: procedure
      .input(z.strictObject({ cursor: z.int().min(1).nullish(), limit: pageSize }).prefault({}))
      .query(({ ctx, input }) => listFindings(ctx.serving, input)),
  }),
  pipeline: pipelineRouter,
})

export type AppRouter = typeof appRouter

export const createCaller = createCallerFactory(appRouter)
