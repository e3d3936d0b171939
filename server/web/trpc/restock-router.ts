import { TRPCError } from '@trpc/server'
import { z } from 'zod'
import { actorOf } from '#server/serving/purchasing/people.ts'
import { AlertActionError, actOnAlerts } from '#server/serving/restock/alert-actions.ts'
import { readOpenAlerts, readResolvedAlerts, restockScopeSchema } from '#server/serving/restock/alerts.ts'
import { readOverDeliveries } from '#server/serving/restock/deliveries.ts'
import { readShortageEvidence } from '#server/serving/restock/evidence.ts'
import { readPriceHints } from '#server/serving/restock/price-hints.ts'
import { proposalsCsv, readOrderProposals } from '#server/serving/restock/proposals.ts'
import { procedure, router } from './trpc.ts'

const alertIdsSchema = z.array(z.string().min(1).max(400)).min(1).max(500)

/** Shortages, what people do about them, and what to order. */
export const restockRouter = router({
  alerts: procedure
    .input(restockScopeSchema)
    .query(({ ctx, input }) => readOpenAlerts(ctx.serving.sql, input)),
  resolved: procedure
    .input(
      z.strictObject({
        scope: restockScopeSchema,
        cursor: z.int().min(0).nullish(),
        limit: z.int().min(1).max(200).default(50),
      }),
    )
    .query(({ ctx, input }) => readResolvedAlerts(ctx.serving.sql, input)),
  evidence: procedure
    .input(z.strictObject({ alertId: z.string().min(1).max(400) }))
    .query(({ ctx, input }) => readShortageEvidence(ctx.serving.sql, input.alertId)),
  proposals: procedure
    .input(restockScopeSchema)
    .query(({ ctx, input }) => readOrderProposals(ctx.serving.sql, input)),
  proposalsCsv: procedure
    .input(restockScopeSchema)
    .query(async ({ ctx, input }) => proposalsCsv(await readOrderProposals(ctx.serving.sql, input))),
  deliveries: procedure
    .input(restockScopeSchema)
    .query(({ ctx, input }) => readOverDeliveries(ctx.serving.sql, input)),
  priceHints: procedure
    .input(restockScopeSchema)
    .query(({ ctx, input }) => readPriceHints(ctx.serving.sql, input)),
  act: procedure
    .input(
      z.strictObject({
        alertIds: alertIdsSchema,
        action: z.discriminatedUnion('kind', [
          z.strictObject({ kind: z.literal('acknowledge') }),
          z.strictObject({ kind: z.literal('snooze'), until: z.enum(['hour', 'tomorrow']) }),
          z.strictObject({
            kind: z.literal('dismiss'),
            reason: z.string().trim().min(1, { error: 'say why nobody is to hear of it' }).max(200),
          }),
          z.strictObject({ kind: z.literal('reopen') }),
        ]),
        by: z.string().trim().max(60).nullish(),
      }),
    )
    .mutation(async ({ ctx, input: { alertIds, action, by } }) => {
      const actor = await actorOf(ctx.serving.sql, ctx.person, 'buyer')
      try {
        return await actOnAlerts(ctx.serving.sql, { alertIds, action, by: actor ?? (by || null) })
      } catch (error) {
        if (!(error instanceof AlertActionError)) throw error
        throw new TRPCError({ code: 'CONFLICT', message: error.message, cause: error })
      }
    }),
})
