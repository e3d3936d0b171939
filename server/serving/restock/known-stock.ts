import type { Reading } from '#db/transaction.ts'
import { inStores } from '#server/serving/scope.ts'

/** Of how many products of stores the stream knows the stock: of the others no shortage can be told. */
export interface KnownStock {
  known: number
  /** Sold or moved, but never counted and not received at first. */
  unknown: number
  /** Of the known ones those without a reorder point today: only out of stock and oversold can be told of them. */
  withoutPolicy: number
}

/**
 * @param generation the stream's active one
 * @param scope stores empty: all; supplier: of the products it delivers today
 */
export async function readKnownStock(
  reading: Reading,
  {
    generation,
    stores,
    supplier = null,
  }: { generation: number; stores: readonly string[]; supplier?: string | null | undefined },
): Promise<KnownStock> {
  const ofSupplier = reading`
    and (
      select t.supplier from ref.supply_terms t
      where t.sku = s.sku and t.valid_from <= now() order by t.valid_from desc limit 1
    ) = ${supplier}`
  const [row] = await reading<KnownStock[]>`
    select count(s.on_hand) as known, count(*) - count(s.on_hand) as unknown,
      count(*) filter (where s.on_hand is not null and policy.sku is null) as "withoutPolicy"
    from stream.stock s
    left join (
      select distinct store, sku from ref.stock_policies where valid_from <= now()
    ) policy on policy.store = s.store and policy.sku = s.sku
    where s.generation = ${generation} ${inStores(reading, { stores }, 's.store')}
      ${supplier === null ? reading`` : ofSupplier}`
  if (!row) throw new Error('the count of known stock came back empty')
  return row
}
