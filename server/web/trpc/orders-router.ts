import { TRPCError } from '@trpc/server'
import { z } from 'zod'
import { autoRuleSchema, readAutoRules, saveAutoRule } from '#server/serving/purchasing/auto-rules.ts'
import {
  discardDraft,
  draftLinesSchema,
  draftOrders,
  editDraft,
  editDraftSchema,
  editLine,
  editLineSchema,
  orderIdSchema,
} from '#server/serving/purchasing/drafts.ts'
import { addMute, endMute, muteSchema, readMutes } from '#server/serving/purchasing/mutes.ts'
import { orderCsv } from '#server/serving/purchasing/order-file.ts'
import { readOrder, readOrderBoard } from '#server/serving/purchasing/orders.ts'
import { type Sending, sendWaiting } from '#server/serving/purchasing/outbox.ts'
import { actorOf } from '#server/serving/purchasing/people.ts'
import { cancelRest, confirmOrder, confirmSchema, placeOrder } from '#server/serving/purchasing/placing.ts'
import { receiveGoods, receiveSchema } from '#server/serving/purchasing/receiving.ts'
import { shareOut, shareOutSchema } from '#server/serving/purchasing/sharing-out.ts'
import { readTransferProposals, transferGoods, transferSchema } from '#server/serving/purchasing/transfers.ts'
import { procedure, router, type TrpcContext } from './trpc.ts'

const notFound = (order: string) =>
  new TRPCError({ code: 'NOT_FOUND', message: `There is no order ${order}: it may have been discarded.` })

const ofOrder = z.strictObject({ order: orderIdSchema })

const buyer = ({ serving, person }: TrpcContext) => actorOf(serving.sql, person, 'buyer')
/** What was written down is sent at once; what the intake does not take now, the clerk sends later. */
const send = ({ serving }: TrpcContext): Promise<Sending> => sendWaiting(serving.sql, serving.intake)

/** Who works here, and what they order: from the draft to what has come. */
export const ordersRouter = router({
  board: procedure.query(({ ctx }) => readOrderBoard(ctx.serving.sql)),
  get: procedure.input(ofOrder).query(async ({ ctx, input: { order } }) => {
    const found = await readOrder(ctx.serving.sql, order)
    if (found) return found
    throw notFound(order)
  }),
  csv: procedure.input(ofOrder).query(async ({ ctx, input: { order } }) => {
    const found = await readOrder(ctx.serving.sql, order)
    if (found) return orderCsv(found)
    throw notFound(order)
  }),
  draft: procedure
    .input(z.strictObject({ lines: draftLinesSchema }))
    .mutation(async ({ ctx, input }) => draftOrders(ctx.serving.sql, input.lines, { by: await buyer(ctx) })),
  editLine: procedure.input(editLineSchema).mutation(async ({ ctx, input }) => {
    await buyer(ctx)
    await editLine(ctx.serving.sql, input)
  }),
  editDraft: procedure.input(editDraftSchema).mutation(async ({ ctx, input }) => {
    await buyer(ctx)
    await editDraft(ctx.serving.sql, input)
  }),
  discard: procedure.input(ofOrder).mutation(async ({ ctx, input }) => {
    await buyer(ctx)
    await discardDraft(ctx.serving.sql, input.order)
  }),
  place: procedure.input(ofOrder).mutation(async ({ ctx, input }) => {
    await placeOrder(ctx.serving.sql, input.order, await buyer(ctx))
    return send(ctx)
  }),
  confirm: procedure.input(confirmSchema).mutation(async ({ ctx, input }) => {
    await confirmOrder(ctx.serving.sql, input, await buyer(ctx))
    return send(ctx)
  }),
  receive: procedure.input(receiveSchema).mutation(async ({ ctx, input }) => {
    await receiveGoods(ctx.serving.sql, input, await buyer(ctx))
    return send(ctx)
  }),
  shareOut: procedure.input(shareOutSchema).mutation(async ({ ctx, input }) => {
    await buyer(ctx)
    await shareOut(ctx.serving.sql, input)
  }),
  transfers: procedure.query(({ ctx }) => readTransferProposals(ctx.serving.sql)),
  transfer: procedure.input(transferSchema).mutation(async ({ ctx, input }) => {
    await transferGoods(ctx.serving.sql, input, await buyer(ctx))
    return send(ctx)
  }),
  mutes: procedure.query(({ ctx }) => readMutes(ctx.serving.sql)),
  mute: procedure
    .input(muteSchema)
    .mutation(async ({ ctx, input }) => addMute(ctx.serving.sql, input, await buyer(ctx))),
  endMute: procedure
    .input(z.strictObject({ mute: z.int().min(1) }))
    .mutation(async ({ ctx, input }) => endMute(ctx.serving.sql, input.mute, await buyer(ctx))),
  rules: procedure.query(({ ctx }) => readAutoRules(ctx.serving.sql)),
  saveRule: procedure
    .input(autoRuleSchema)
    .mutation(async ({ ctx, input }) =>
      saveAutoRule(ctx.serving.sql, input, await actorOf(ctx.serving.sql, ctx.person, 'manager')),
    ),
  cancelRest: procedure.input(ofOrder).mutation(async ({ ctx, input }) => {
    await cancelRest(ctx.serving.sql, input.order, await buyer(ctx))
    return send(ctx)
  }),
})
