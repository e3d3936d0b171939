import { z } from 'zod'
import type { Sql } from '#db/client.ts'
import type { Transaction } from '#db/transaction.ts'
import { formatInstant, type Instant, MINUTE_MS, SECOND_MS } from '#domain/instant.ts'
import { formatAmount } from '#domain/money.ts'
import { openUnits } from '#domain/purchase.ts'
import { draftProblems } from '#domain/purchasing/draft.ts'
import { arrivalOf } from '#domain/replenishment/delivery.ts'
import { RefusedError } from '#server/serving/failures.ts'
import { type LockedOrder, lockDraft, lockOrder, orderIdSchema } from './drafts.ts'
import { type OrderLine, readLines } from './order-lines.ts'
import { type BuyersEvent, databaseNow, tellOrders, writeEvents } from './outbox.ts'
import type { Actor } from './people.ts'
import { amountTerms, atDemoSpeed, readProductTerms, readSupplierTerms } from './terms.ts'

/** Of an order whose products name no lead time. */
const USUAL_LEAD_DAYS = 7

/**
 * Places a draft: from here on its lines stay, and for each store a `purchase.placed` waits to be sent. Whoever calls
 * sends what waits afterwards.
 * @throws RefusedError when it is no draft (any more), or cannot be placed as it is
 */
export async function placeOrder(sql: Sql, order: string, by: Actor): Promise<void> {
  await sql.begin(transaction => placeDraft(transaction, order, by))
}

export async function placeDraft(transaction: Transaction, order: string, by: Actor): Promise<void> {
  const draft = await lockDraft(transaction, order)
  const lines = await readLines(transaction, [order])
  const terms = await readProductTerms(
    transaction,
    lines.map(({ sku }) => sku),
  )
  const supplierTerms = await readSupplierTerms(transaction, draft.supplier)
  const { minimumValue, express } = amountTerms(supplierTerms, draft.currency)
  const [said] = await transaction<{ isExpress: boolean; expressFee: number; budget: number | null }[]>`
    select is_express as "isExpress", express_fee as "expressFee", budget
    from purchasing.orders where purchase_order = ${order}`
  const isExpress = said?.isExpress ?? false
  const problems = draftProblems({
    currency: draft.currency,
    lines: lines.map(line => ({ ...line, packSize: terms.get(line.sku)?.packSize ?? 1 })),
    expressFee: said?.expressFee ?? 0,
    budget: said?.budget ?? null,
    minimumValue,
  })
  if (isExpress && express === null) throw new RefusedError(`${draft.supplier} offers no express any more.`)
  if (problems.length > 0) {
    throw new RefusedError(`${order} cannot be placed. ${problems.map(({ detail }) => detail).join(' ')}`)
  }
  const now = await databaseNow(transaction)
  const offsets = await readClockOffsets(transaction)
  const leadTimeDays = Math.max(0, ...lines.map(({ sku }) => terms.get(sku)?.leadTimeDays ?? USUAL_LEAD_DAYS))
  const expectedIn = async (store: string): Promise<Instant> => {
    if (isExpress && express) return now + express.minutes * MINUTE_MS
    const { deliveryDays } = supplierTerms
    const offsetMs = offsets.get(store) ?? 0
    return atDemoSpeed(transaction, now, arrivalOf(now, { leadDays: leadTimeDays, deliveryDays, offsetMs }))
  }
  const events: BuyersEvent[] = []
  let last = now
  for (const [store, own] of Map.groupBy(lines, line => line.store)) {
    const expectedAt = await expectedIn(store)
    last = Math.max(last, expectedAt)
    events.push({
      type: 'purchase.placed',
      id: `${order}/${store}/placed`,
      store,
      purchaseOrderId: order,
      supplier: draft.supplier,
      expectedAt: formatInstant(expectedAt),
      lines: own.map(({ sku, units, unitCost }) => ({
        sku,
        units,
        ...(unitCost === null ? {} : { unitCost: formatAmount(unitCost) }),
      })),
      ...(isExpress ? { attributes: { service: 'express' } } : {}),
    })
  }
  await transaction`
    update purchasing.orders set placed_at = ${now}, placed_by = ${by}, expected_at = ${last}
    where purchase_order = ${order}`
  await writeEvents(transaction, events, { purchaseOrder: order, by, at: now })
  await tellOrders(transaction, order)
}

/** By how much the clocks of each store are ahead of UTC now, in milliseconds. */
async function readClockOffsets(transaction: Transaction): Promise<Map<string, number>> {
  const rows = await transaction<{ store: string; seconds: number }[]>`
    select s.store, o.offset_seconds as seconds
    from ref.current_stores s
    join ref.zone_offsets o on o.zone = s.zone and o.starts_at <= now() and o.ends_at > now()`
  return new Map(rows.map(({ store, seconds }) => [store, seconds * SECOND_MS]))
}

export const confirmSchema = z.strictObject({
  order: orderIdSchema,
  /** When it comes, as the supplier says; epoch milliseconds. */
  expectedAt: z.int().min(0).max(8_640_000_000_000_000),
})

/** What the supplier said by telephone: yes, and when. @throws RefusedError when nothing of it is open */
export async function confirmOrder(
  sql: Sql,
  { order, expectedAt }: z.output<typeof confirmSchema>,
  by: Actor,
): Promise<void> {
  await sql.begin(async transaction => {
    const { locked, open } = await lockOpen(transaction, order)
    const now = await databaseNow(transaction)
    const events = [...Map.groupBy(open, line => line.store)].map(
      ([store, own]): BuyersEvent => ({
        type: 'purchase.confirmed',
        id: `${order}/${store}/confirmed/${now}`,
        store,
        purchaseOrderId: order,
        supplier: locked.supplier,
        expectedAt: formatInstant(expectedAt),
        lines: own.map(line => ({ sku: line.sku, units: openUnits(line) })),
      }),
    )
    await writeEvents(transaction, events, { purchaseOrder: order, by, at: now })
    await tellOrders(transaction, order)
  })
}

/** Nothing more of it is to come: what is open is cancelled, what has come stays. @throws RefusedError when nothing is open */
export async function cancelRest(sql: Sql, order: string, by: Actor): Promise<void> {
  await sql.begin(async transaction => {
    const { locked, open } = await lockOpen(transaction, order)
    const now = await databaseNow(transaction)
    const events = [...Map.groupBy(open, line => line.store)].map(
      ([store, own]): BuyersEvent => ({
        type: 'purchase.cancelled',
        id: `${order}/${store}/cancelled/${now}`,
        store,
        purchaseOrderId: order,
        supplier: locked.supplier,
        lines: own.map(line => ({ sku: line.sku, units: openUnits(line) })),
      }),
    )
    await writeEvents(transaction, events, { purchaseOrder: order, by, at: now })
    await tellOrders(transaction, order)
  })
}

async function lockOpen(
  transaction: Transaction,
  order: string,
): Promise<{ locked: LockedOrder; open: OrderLine[] }> {
  const locked = await lockOrder(transaction, order)
  if (locked.placedAt === null) throw new RefusedError(`${order} is a draft: place it, or discard it.`)
  const open = (await readLines(transaction, [order])).filter(line => openUnits(line) > 0)
  if (open.length === 0) throw new RefusedError(`Nothing of ${order} is open any more.`)
  return { locked, open }
}
