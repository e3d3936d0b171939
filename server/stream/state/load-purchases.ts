import type { Reading } from '#db/transaction.ts'
import { type PurchaseLine, purchaseEffects } from '#domain/purchase.ts'
import { textArray } from '#platform/pg-array.ts'
import type { LogRecord } from '#server/log/order-log.ts'
import { type PurchaseKey, purchaseKey } from '#server/stream/fold/stock.ts'

/**
 * What is known of every product of a purchase order that a batch touches, in one round trip, and in none where it
 * touches none. Nothing of it is held longer: few events name an order, and orders settled long ago take no memory.
 * @returns by `purchaseKey`; without those that nothing has touched before
 */
export async function loadPurchases(
  sql: Reading,
  generation: number,
  records: readonly LogRecord[],
): Promise<Map<string, PurchaseLine>> {
  const wanted = touchedPurchases(records)
  if (wanted.length === 0) return new Map()
  const rows = await sql.unsafe<(PurchaseKey & PurchaseLine)[]>(
    // Lateral with a limit, as in load-stock.ts: one look into the index for each key, whatever the planner thinks.
    `select p.store, p.purchase_order as "purchaseOrder", p.sku, p.ordered, p.cancelled, p.received,
       p.placed_at as "placedAt", p.confirmed_at as "confirmedAt", p.said_at as "saidAt", p.supplier, p.expected_at as "expectedAt"
     from unnest($1::text::text[], $2::text::text[], $3::text::text[]) as wanted(store, purchase_order, sku)
     cross join lateral (
       select * from stream.purchases_g${generation} purchase
       where purchase.generation = ${generation} and purchase.store = wanted.store
         and purchase.purchase_order = wanted.purchase_order and purchase.sku = wanted.sku limit 1
     ) p`,
    [
      textArray(wanted, ({ store }) => store),
      textArray(wanted, ({ purchaseOrder }) => purchaseOrder),
      textArray(wanted, ({ sku }) => sku),
    ],
    { prepare: true },
  )
  return new Map(
    rows.map(({ store, purchaseOrder, sku, ...line }) => [purchaseKey({ store, purchaseOrder, sku }), line]),
  )
}

function touchedPurchases(records: readonly LogRecord[]): PurchaseKey[] {
  const touched = new Map<string, PurchaseKey>()
  for (const record of records) {
    if (record.type === 'tick') continue
    for (const { purchaseOrder, sku } of purchaseEffects(record)) {
      const key = { store: record.store, purchaseOrder, sku }
      touched.set(purchaseKey(key), key)
    }
  }
  return [...touched.values()]
}
