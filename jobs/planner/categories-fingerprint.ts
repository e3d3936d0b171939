import type { Fragment, Transaction } from '#db/transaction.ts'

/** A text that changes when a product changes its category. */
export function categoriesFingerprint(sql: Transaction): Fragment {
  return sql`(
    select md5(coalesce(string_agg(md5(sku) || md5(category), '' order by sku collate "C"), ''))
    from ref.products where category is not null)`
}
