import { z } from 'zod'
import { METRICS } from '#domain/measures.ts'
import { readFreshness } from '#server/serving/freshness/freshness.ts'
import { readBasketPairs } from '#server/serving/live-board/basket-pairs.ts'
import { readLiveBoard } from '#server/serving/live-board/live-board.ts'
import { readOnlineSessions } from '#server/serving/live-board/online-sessions.ts'
import { readTopProducts } from '#server/serving/live-board/top-products.ts'
import { listFindings } from '#server/serving/pipeline/checks.ts'
import { currencySchema, scopeSchema, storesSchema } from '#server/serving/scope.ts'
import { readDifferenceEvents } from '#server/serving/side-by-side/difference-events.ts'
import { readOverview } from '#server/serving/side-by-side/overview.ts'
import { readSideBySide } from '#server/serving/side-by-side/side-by-side.ts'
import { readLiveBeginning } from '#server/web/live/snapshot.ts'
import { alertsRouter } from './alerts-router.ts'
import { notificationsRouter } from './notifications-router.ts'
import { ordersRouter } from './orders-router.ts'
import { pipelineRouter } from './pipeline-router.ts'
import { pricesRouter } from './prices-router.ts'
import { reportsRouter } from './reports-router.ts'
import { restockRouter } from './restock-router.ts'
import { createCallerFactory, pageSize, procedure, router } from './trpc.ts'

const metricSchema = z.enum(METRICS)

/** Both paths' figures, what explains their difference, event by event. */
const sideBySideRouter = router({
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
const freshnessRouter = router({
  get: procedure.query(({ ctx }) => readFreshness(ctx.serving.sql)),
})

/** Rows of either path that differ from what the log says. */
const findingsRouter = router({
  list: procedure
    .input(z.strictObject({ cursor: z.int().min(1).nullish(), limit: pageSize }).prefault({}))
    .query(({ ctx, input }) => listFindings(ctx.serving, input)),
})

/** What the live page asks beside what the socket pushes to it. */
const liveRouter = router({
  /** Not asked by browsers: they are given it with the page, and hear the rest from the socket. */
  beginning: procedure.query(({ ctx }) => readLiveBeginning(ctx.serving.sql)),
  board: procedure
    .input(z.strictObject({ stores: storesSchema }))
    .query(({ ctx, input }) => readLiveBoard(ctx.serving.sql, input.stores)),
  topProducts: procedure
    .input(
      z.strictObject({
        stores: storesSchema,
        minutes: z.union([z.literal(15), z.literal(60)]),
      }),
    )
    .query(({ ctx, input }) => readTopProducts(ctx.serving.sql, input)),
  sessions: procedure
    .input(z.strictObject({ stores: storesSchema, currency: currencySchema }))
    .query(({ ctx, input }) => readOnlineSessions(ctx.serving.sql, input)),
  pairs: procedure
    .input(z.strictObject({ stores: storesSchema }))
    .query(({ ctx, input }) => readBasketPairs(ctx.serving.sql, input)),
})

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
  orders: ordersRouter,
  prices: pricesRouter,
  alerts: alertsRouter,
  notifications: notificationsRouter,
  pipeline: pipelineRouter,
})

export type AppRouter = typeof appRouter

export const createCaller = createCallerFactory(appRouter)
