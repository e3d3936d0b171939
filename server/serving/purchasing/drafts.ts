import { z } from 'zod'
import type { Sql } from '#db/client.ts'
import type { Transaction } from '#db/transaction.ts'
import { parseAmount } from '#domain/money.ts'
import { RefusedError } from '#server/serving/failures.ts'
import { tellOrders } from './outbox.ts'
import type { Actor } from './people.ts'
import { amountTerms, type ProductTerms, readProductTerms, readSupplierTerms } from './terms.ts'

const idSchema = z.string().min(1).max(128)
export const orderIdSchema = z.string().min(1).max(64)
const unitsSchema = z
  .int()
  .min(1, { error: 'order at least one unit, or take the line out' })
  .max(1_000_000, { error: 'at most 1,000,000 units' })
/** An amount in 1/10,000 from its decimal text. */
const amountSchema = z.string().transform((text, context) => {
  const amount = parseAmount(text)
  if (amount !== null && amount >= 0) return amount
  const message =
    amount === null ? `${JSON.stringify(text)} is no amount such as 12.50` : 'an amount below zero is none'
  context.addIssue({ code: 'custom', message })
  return z.NEVER
})
const noteSchema = z.string().trim().max(500).nullable()

export const draftLinesSchema = z
  .array(z.strictObject({ store: idSchema, sku: idSchema, units: unitsSchema }))
  .min(1)
  .max(2_000)

export const editLineSchema = z.strictObject({
  order: orderIdSchema,
  store: idSchema,
  sku: idSchema,
  /** Null takes the line out. Left out, as are those below: as it is. */
  units: unitsSchema.nullable().optional(),
  unitCost: amountSchema.optional(),
  note: noteSchema.optional(),
})

export const editDraftSchema = z.strictObject({
  order: orderIdSchema,
  isExpress: z.boolean().optional(),
  /** Null: none. */
  budget: amountSchema
    .nullable()
    .refine(budget => budget !== 0, { error: 'a budget is above zero' })
    .optional(),
  note: noteSchema.optional(),
})

/** A draft that got lines. */
interface DraftedOrder {
  order: string
  supplier: string
  lines: number
}

/**
 * Drafts orders for the lines, one for each supplier and currency of today's terms. A line goes to the draft of that
 * supplier that is open already, if there is one, and stands there instead of one for the same product and store: asking
 * twice orders once.
 * @throws RefusedError when a product or a store is unknown, or nobody is known to deliver a product: nothing is drafted
 */
export async function draftOrders(
  sql: Sql,
  lines: z.output<typeof draftLinesSchema>,
  { by }: { by: Actor },
): Promise<{ orders: DraftedOrder[] }> {
  return sql.begin(async transaction => {
    const orders = await draftLines(transaction, lines, { by, autoRule: null })
    await tellOrders(transaction, orders[0]?.order ?? null)
    return { orders }
  })
}

/** The same within a transaction; a rule's drafts are its own. @throws RefusedError */
export async function draftLines(
  transaction: Transaction,
  lines: z.output<typeof draftLinesSchema>,
  { by, autoRule }: { by: Actor; autoRule: number | null },
): Promise<DraftedOrder[]> {
  await refuseUnknown(transaction, lines)
  const skus = lines.map(({ sku }) => sku)
  const terms = await readProductTerms(transaction, skus)
  const homeless = [...new Set(skus.filter(sku => !terms.has(sku)))]
  if (homeless.length > 0) {
    throw new RefusedError(
      `Nobody is known to deliver ${listed(homeless)}: enter supply terms first. Nothing was drafted.`,
    )
  }
  const byOrder = Map.groupBy(lines, ({ sku }) => {
    const { supplier, currency } = termsOf(terms, sku)
    return JSON.stringify([supplier, currency])
  })
  const orders: DraftedOrder[] = []
  for (const own of byOrder.values()) {
    const { supplier, currency } = termsOf(terms, own[0]?.sku ?? '')
    const order = await openDraft(transaction, { supplier, currency, by, autoRule })
    for (const { store, sku, units } of own) {
      await transaction`
        insert into purchasing.order_lines (purchase_order, store, sku, units, unit_cost)
        values (${order}, ${store}, ${sku}, ${units}, ${termsOf(terms, sku).unitCost})
        on conflict (purchase_order, store, sku) do update set units = excluded.units`
    }
    orders.push({ order, supplier, lines: own.length })
  }
  return orders
}

/** The supplier's open draft, made where there is none; of two that ask at once the second waits for the first. */
async function openDraft(
  transaction: Transaction,
  {
    supplier,
    currency,
    by,
    autoRule,
  }: { supplier: string; currency: string; by: Actor; autoRule: number | null },
): Promise<string> {
  await transaction`select from ref.suppliers where supplier = ${supplier} for no key update`
  const [open] = await transaction<{ order: string }[]>`
    select purchase_order as "order" from purchasing.orders
    where placed_at is null and supplier = ${supplier} and currency = ${currency}
      and auto_rule is not distinct from ${autoRule}
    order by created_at limit 1 for update`
  if (open) return open.order
  const [made] = await transaction<{ order: string }[]>`
    insert into purchasing.orders (supplier, currency, created_by, auto_rule)
    values (${supplier}, ${currency}, ${by}, ${autoRule}) returning purchase_order as "order"`
  if (!made) throw new Error('an order that was inserted has no number')
  return made.order
}

/**
 * Changes a line of a draft, adds one, or takes one out.
 * @throws RefusedError when it is no draft, the product is unknown, or what is to be changed of a line is of none
 */
export async function editLine(sql: Sql, edit: z.output<typeof editLineSchema>): Promise<void> {
  const { order, store, sku, units, unitCost, note } = edit
  await sql.begin(async transaction => {
    const draft = await lockDraft(transaction, order)
    if (units === null) {
      await transaction`
        delete from purchasing.order_lines where purchase_order = ${order} and store = ${store} and sku = ${sku}`
      return tellOrders(transaction, order)
    }
    await refuseUnknown(transaction, [{ store, sku }])
    const terms = (await readProductTerms(transaction, [sku])).get(sku)
    if (terms && terms.supplier !== draft.supplier) {
      throw new RefusedError(`${sku} comes from ${terms.supplier}, and ${order} goes to ${draft.supplier}.`)
    }
    const known = terms?.currency === draft.currency ? terms.unitCost : null
    if (units === undefined) {
      const changed = await transaction`
        update purchasing.order_lines set
          unit_cost = case when ${unitCost === undefined} then unit_cost else ${unitCost ?? null}::bigint end,
          note = case when ${note === undefined} then note else ${note ?? null} end
        where purchase_order = ${order} and store = ${store} and sku = ${sku}`
      if (changed.count === 0) throw new RefusedError(`${sku} for ${store} is not on ${order} any more.`)
      return tellOrders(transaction, order)
    }
    await transaction`
      insert into purchasing.order_lines (purchase_order, store, sku, units, unit_cost, note)
      values (${order}, ${store}, ${sku}, ${units}, ${unitCost ?? known}, ${note ?? null})
      on conflict (purchase_order, store, sku) do update set units = excluded.units,
        unit_cost = case when ${unitCost === undefined} then order_lines.unit_cost else excluded.unit_cost end,
        note = case when ${note === undefined} then order_lines.note else excluded.note end`
    await tellOrders(transaction, order)
  })
}

/** Changes what holds for a whole draft. @throws RefusedError when it is no draft, or its supplier has no express */
export async function editDraft(sql: Sql, edit: z.output<typeof editDraftSchema>): Promise<void> {
  const { order, isExpress, budget, note } = edit
  await sql.begin(async transaction => {
    const draft = await lockDraft(transaction, order)
    const { express } = amountTerms(await readSupplierTerms(transaction, draft.supplier), draft.currency)
    if (isExpress && express === null) {
      throw new RefusedError(`${draft.supplier} offers no express for orders in ${draft.currency}.`)
    }
    await transaction`
      update purchasing.orders set
        is_express = case when ${isExpress === undefined} then is_express else ${isExpress ?? false} end,
        express_fee = case when ${isExpress === undefined} then express_fee
          else ${isExpress && express ? express.fee : 0} end,
        budget = case when ${budget === undefined} then budget else ${budget ?? null}::bigint end,
        note = case when ${note === undefined} then note else ${note ?? null} end
      where purchase_order = ${order}`
    await tellOrders(transaction, order)
  })
}

/** @throws RefusedError when it is no draft: what was placed is cancelled, not discarded */
export async function discardDraft(sql: Sql, order: string): Promise<void> {
  await sql.begin(async transaction => {
    await lockDraft(transaction, order)
    await transaction`delete from purchasing.orders where purchase_order = ${order}`
    await tellOrders(transaction, order)
  })
}

export interface LockedOrder {
  order: string
  supplier: string
  currency: string
  placedAt: number | null
}

/** Locks an order until the transaction ends: what is done to it is done one after the other. @throws RefusedError */
export async function lockOrder(transaction: Transaction, order: string): Promise<LockedOrder> {
  const [row] = await transaction<LockedOrder[]>`
    select purchase_order as "order", supplier, currency, placed_at as "placedAt"
    from purchasing.orders where purchase_order = ${order} for update`
  if (!row) throw new RefusedError(`There is no order ${order}: it may have been discarded.`)
  return row
}

export async function lockDraft(transaction: Transaction, order: string): Promise<LockedOrder> {
  const locked = await lockOrder(transaction, order)
  if (locked.placedAt !== null) {
    throw new RefusedError(
      `${order} has been placed: its lines stay as they were ordered. Cancel what is not to come.`,
    )
  }
  return locked
}

async function refuseUnknown(
  transaction: Transaction,
  lines: readonly { store: string; sku: string }[],
): Promise<void> {
  const [unknown] = await transaction<{ skus: string[]; stores: string[] }[]>`
    select
      array(select distinct sku from unnest(${lines.map(({ sku }) => sku)}::text[]) w(sku)
        where not exists (select from ref.products p where p.sku = w.sku) order by sku) as skus,
      array(select distinct store from unnest(${lines.map(({ store }) => store)}::text[]) w(store)
        where not exists (select from ref.stores s where s.store = w.store) order by store) as stores`
  if (unknown && unknown.skus.length > 0)
    throw new RefusedError(`${listed(unknown.skus)}: no such product in the catalogue. Nothing was changed.`)
  if (unknown && unknown.stores.length > 0)
    throw new RefusedError(`${listed(unknown.stores)}: no such store. Nothing was changed.`)
}

function termsOf(terms: ReadonlyMap<string, ProductTerms>, sku: string): ProductTerms {
  const own = terms.get(sku)
  if (!own) throw new Error(`${sku} has no terms`)
  return own
}

function listed(names: readonly string[]): string {
  const [first, second, third, ...rest] = names
  const shown = [first, second, third].filter(name => name !== undefined).join(', ')
  return rest.length > 0 ? `${shown} and ${rest.length} more` : shown
}
