import { z } from 'zod'
import { readLiveBoard } from '#server/serving/live-board/live-board.ts'
import { readTopProducts } from '#server/serving/live-board/top-products.ts'
import { currencySchema, storesSchema } from '#server/serving/scope.ts'
import { readLiveBeginning } from '#server/web/live/snapshot.ts'
import { procedure, router } from './trpc.ts'

/** What the live page asks beside what the socket pushes to it. */
export const liveRouter = router({
  /** Not asked by browsers: they are given it with the page, and hear the rest from the socket. */
  beginning: procedure.query(({ ctx }) => readLiveBeginning(ctx.serving.sql)),
  board: procedure
    .input(z.strictObject({ stores: storesSchema }))
    .query(({ ctx, input }) => readLiveBoard(ctx.serving.sql, input.stores)),
  topProducts: procedure
    .input(
      z.strictObject({
        stores: storesSchema,
        currency: currencySchema,
        minutes: z.union([z.literal(15), z.literal(60)]),
      }),
    )
    .query(({ ctx, input }) => readTopProducts(ctx.serving.sql, input)),
})
