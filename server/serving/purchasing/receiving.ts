import { z } from 'zod'
import type { Sql } from '#db/client.ts'
import { openUnits } from '#domain/purchase.ts'
import { RefusedError } from '#server/serving/failures.ts'
import { lockOrder, orderIdSchema } from './drafts.ts'
import { readLines } from './order-lines.ts'
import { databaseNow, tellOrders, writeEvents } from './outbox.ts'
import type { Actor } from './people.ts'

export const receiveSchema = z.strictObject({
  order: orderIdSchema,
  store: z.string().min(1).max(128),
  /** Names this delivery: entering it twice books it once. */
  receipt: z.string().regex(/^[\w-]{8,64}$/),
  lines: z
    .array(
      z.strictObject({
        sku: z.string().min(1).max(128),
        units: z
          .int()
          .min(1, { error: 'leave out what did not come' })
          .max(1_000_000, { error: 'at most 1,000,000 units' }),
      }),
    )
    .min(1, { error: 'say what has come' })
    .max(2_000),
  /** More came of something than is open, and that is no slip of the pen. */
  acceptsMore: z.boolean().default(false),
})

/**
 * Books what has come of an order to a store: a `stock.received` waits to be sent afterwards. One after the other for
 * each order, by what was entered before, however late the stream is.
 * @throws RefusedError when nothing of it is open there, a product is not on it, or more came than is open and nobody
 * said that this is so
 */
export async function receiveGoods(
  sql: Sql,
  { order, store, receipt, lines, acceptsMore }: z.output<typeof receiveSchema>,
  by: Actor,
): Promise<void> {
  await sql.begin(async transaction => {
    const { placedAt } = await lockOrder(transaction, order)
    if (placedAt === null)
      throw new RefusedError(`${order} is a draft: nothing can come of it before it is placed.`)
    const id = `${order}/${store}/received/${receipt}`
    const [known] = await transaction`select from purchasing.outbox where body ->> 'id' = ${id}`
    if (known) return
    const own = (await readLines(transaction, [order])).filter(line => line.store === store)
    const name = own[0]?.storeName ?? store
    const units = new Map<string, number>()
    for (const line of lines) units.set(line.sku, (units.get(line.sku) ?? 0) + line.units)
    const strange = [...units.keys()].filter(sku => !own.some(line => line.sku === sku))
    if (strange.length > 0) throw new RefusedError(`${strange.join(', ')} is not on ${order} for ${name}.`)
    if (own.every(line => openUnits(line) === 0)) {
      throw new RefusedError(
        `${order} was received before: nothing of it is open for ${name}. What comes on top is a delivery without an order.`,
      )
    }
    const over = own.filter(line => (units.get(line.sku) ?? 0) > openUnits(line))
    if (over.length > 0 && !acceptsMore) {
      const parts = over.map(
        line =>
          `${line.productName ?? line.sku}: ${openUnits(line)} are open, ${units.get(line.sku)} were entered`,
      )
      throw new RefusedError(`${parts.join('; ')}. Say that more came than was ordered, or correct it.`)
    }
    const now = await databaseNow(transaction)
    await writeEvents(
      transaction,
      [
        {
          type: 'stock.received',
          id,
          store,
          purchaseOrderId: order,
          lines: [...units].map(([sku, count]) => ({ sku, units: count })),
        },
      ],
      { purchaseOrder: order, by, at: now },
    )
    await tellOrders(transaction, order)
  })
}
