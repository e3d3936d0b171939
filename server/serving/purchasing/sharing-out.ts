import { z } from 'zod'
import type { Sql } from '#db/client.ts'
import { allocate, type Claim } from '#domain/replenishment/allocate.ts'
import { RefusedError } from '#server/serving/failures.ts'
import { lockDraft, orderIdSchema } from './drafts.ts'
import { tellOrders } from './outbox.ts'
import { readProductTerms } from './terms.ts'

export const shareOutSchema = z.strictObject({
  order: orderIdSchema,
  sku: z.string().min(1).max(128),
  /** What the supplier has of it, all told. */
  available: z.int().min(0).max(1_000_000),
})

/**
 * Shares out among the stores of a draft what the supplier has not enough of, by need: `allocate` says how. What a store
 * wanted is the most it gets, and a store that gets nothing is taken out.
 * @throws RefusedError when it is no draft, or the product is not on it
 */
export async function shareOut(
  sql: Sql,
  { order, sku, available }: z.output<typeof shareOutSchema>,
): Promise<void> {
  await sql.begin(async transaction => {
    await lockDraft(transaction, order)
    const claims = await transaction<Claim[]>`
      select l.store, l.units as wanted, coalesce(s.on_hand, 0) + coalesce(s.on_order, 0) as position,
        coalesce(forecast.per_day, policy.per_day, 0)::float8 as "demandPerDay"
      from purchasing.order_lines l
      left join stream.active_generation a on true
      left join stream.stock s on s.generation = a.generation and s.store = l.store and s.sku = l.sku
      left join lateral (
        select (select avg(units) from unnest(f.units_by_weekday) units) as per_day from ref.demand_forecasts f
        where f.store = l.store and f.sku = l.sku and f.valid_from <= now() order by f.valid_from desc limit 1
      ) forecast on true
      -- Without a forecast as the policy has it: its reorder point lasts for its lead time.
      left join lateral (
        select reorder_point / greatest(coalesce(lead_time_days, 1), 1)::float8 as per_day from ref.stock_policies p
        where p.store = l.store and p.sku = l.sku and p.valid_from <= now() order by p.valid_from desc limit 1
      ) policy on true
      where l.purchase_order = ${order} and l.sku = ${sku} order by l.store`
    if (claims.length === 0) throw new RefusedError(`${sku} is not on ${order}.`)
    const packSize = (await readProductTerms(transaction, [sku])).get(sku)?.packSize ?? 1
    for (const [store, units] of allocate(claims, { available, packSize })) {
      await (units === 0
        ? transaction`
            delete from purchasing.order_lines where purchase_order = ${order} and store = ${store} and sku = ${sku}`
        : transaction`
            update purchasing.order_lines set units = ${units}
            where purchase_order = ${order} and store = ${store} and sku = ${sku}`)
    }
    await tellOrders(transaction, order)
  })
}
