import { readOverview } from '#server/serving/side-by-side/overview.ts'
import { liveRouter } from './live-router.ts'
import { pipelineRouter } from './pipeline-router.ts'
import { reportsRouter } from './reports-router.ts'
import { restockRouter } from './restock-router.ts'
import { findingsRouter, freshnessRouter, sideBySideRouter } from './side-by-side-router.ts'
import { createCallerFactory, procedure, router } from './trpc.ts'

/**
 * Everything the dashboard asks for, and what people do on it: settling dead letters and alerts, asking for job
 * runs and scenarios. Figures that move are pushed over the live socket.
 */
export const appRouter = router({
  overview: router({ get: procedure.query(({ ctx }) => readOverview(ctx.serving)) }),
  sideBySide: sideBySideRouter,
  freshness: freshnessRouter,
  findings: findingsRouter,
  live: liveRouter,
  reports: reportsRouter,
  restock: restockRouter,
  pipeline: pipelineRouter,
})

export type AppRouter = typeof appRouter

export const createCaller = createCallerFactory(appRouter)
