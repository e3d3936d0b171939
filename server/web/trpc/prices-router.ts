import { z } from 'zod'
import { readAppliedPrices } from '#server/serving/prices/applied-prices.ts'
import {
  applyPrice,
  applyPriceSchema,
  endPrice,
  priceChangeIdSchema,
  readShelfPrice,
  shelfSchema,
} from '#server/serving/prices/apply-price.ts'
import { readLivePriceHints } from '#server/serving/prices/live-price-hints.ts'
import { sendWaiting } from '#server/serving/purchasing/outbox.ts'
import { actorOf } from '#server/serving/purchasing/people.ts'
import { storesSchema } from '#server/serving/scope.ts'
import { procedure, router } from './trpc.ts'

const ofStores = z.strictObject({ stores: storesSchema }).prefault({})

/** Prices that people set: what the stream would have them set, what they set, and what it did. */
export const pricesRouter = router({
  liveHints: procedure.input(ofStores).query(({ ctx, input }) => readLivePriceHints(ctx.serving.sql, input)),
  applied: procedure.input(ofStores).query(({ ctx, input }) => readAppliedPrices(ctx.serving.sql, input)),
  shelf: procedure.input(shelfSchema).query(({ ctx, input }) => readShelfPrice(ctx.serving.sql, input)),
  set: procedure.input(applyPriceSchema).mutation(async ({ ctx, input }) => {
    const { sql, intake } = ctx.serving
    const applied = await applyPrice(sql, input, await actorOf(sql, ctx.person, 'buyer'))
    return { ...applied, ...(await sendWaiting(sql, intake)) }
  }),
  end: procedure
    .input(z.strictObject({ priceChange: priceChangeIdSchema }))
    .mutation(async ({ ctx, input }) => {
      const { sql, intake } = ctx.serving
      await endPrice(sql, input.priceChange, await actorOf(sql, ctx.person, 'buyer'))
      return sendWaiting(sql, intake)
    }),
})
