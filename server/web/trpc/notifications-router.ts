import { z } from 'zod'
import { listDeliveries, listOutbox, readDelivery } from '#server/serving/notifications/deliveries.ts'
import { readNotices } from '#server/serving/notifications/notices.ts'
import {
  changeSubscription,
  createSubscription,
  endSubscription,
  listSubscriptions,
  personOf,
  readSecret,
  requestTest,
  routeSchema,
  wishesSchema,
} from '#server/serving/notifications/subscriptions.ts'
import { pageSize, procedure, router } from './trpc.ts'

const nameSchema = z
  .string()
  .trim()
  .max(60)
  .nullish()
  .transform(name => name || null)
const numberSchema = z.int().min(1)
const oneSchema = z.strictObject({ subscription: numberSchema })

/** Who is told of alerts, by which way, and what was told. */
export const notificationsRouter = router({
  /** What pages were told, for whoever shows it; without `after` the newest. */
  notices: procedure
    .input(z.strictObject({ person: nameSchema, after: z.int().min(0).nullish() }))
    .query(async ({ ctx, input: { person: said, after } }) => {
      const { sql } = ctx.serving
      const person = await personOf(sql, { chosen: ctx.person, said })
      return readNotices(sql, { person, after: after ?? null })
    }),
  subscriptions: procedure.query(({ ctx }) => listSubscriptions(ctx.serving)),
  create: procedure
    .input(z.strictObject({ route: routeSchema, wishes: wishesSchema, person: nameSchema, by: nameSchema }))
    .mutation(({ ctx, input }) => createSubscription(ctx.serving, input)),
  change: procedure
    .input(z.strictObject({ subscription: numberSchema, wishes: wishesSchema, isOn: z.boolean() }))
    .mutation(({ ctx, input }) => changeSubscription(ctx.serving.sql, input)),
  remove: procedure
    .input(oneSchema)
    .mutation(({ ctx, input }) => endSubscription(ctx.serving.sql, input.subscription)),
  secret: procedure
    .input(oneSchema)
    .mutation(({ ctx, input }) => readSecret(ctx.serving.sql, input.subscription)),
  test: procedure
    .input(oneSchema)
    .mutation(({ ctx, input }) => requestTest(ctx.serving.sql, input.subscription)),
  deliveries: procedure
    .input(
      z.strictObject({
        state: z.enum(['waiting', 'delivered', 'failed']).nullish(),
        cursor: numberSchema.nullish(),
        limit: pageSize,
      }),
    )
    .query(({ ctx, input: { state, ...page } }) =>
      listDeliveries(ctx.serving.sql, { ...page, state: state ?? null }),
    ),
  delivery: procedure
    .input(z.strictObject({ delivery: numberSchema }))
    .query(({ ctx, input }) => readDelivery(ctx.serving.sql, input.delivery)),
  outbox: procedure
    .input(z.strictObject({ cursor: numberSchema.nullish(), limit: pageSize }))
    .query(({ ctx, input }) => listOutbox(ctx.serving.sql, input)),
})
