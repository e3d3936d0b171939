import type { Sql } from '#db/client.ts'
import type { ChangedPrice } from '#seed/shop/changed-prices.ts'

/** The prices that somebody changed and that hold now, or are to hold: what a till fetches from its office. */
export async function readPrices(sql: Sql): Promise<ChangedPrice[]> {
  const rows = await sql<ChangedPrice[]>`
    select store, sku, valid_from as "validFrom", valid_to as "validTo", price from ref.prices
    where valid_to is null or valid_to > greatest(now(), valid_from)
    order by store, sku, valid_from`
  return [...rows]
}
