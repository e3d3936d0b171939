import { z } from 'zod'
import { changesOf, type ReferenceTable, unknownAmong } from '#server/intake/reference/reference-table.ts'
import { givenName } from '#server/intake/reference/table-file.ts'

const schema = z.strictObject({
  sku: givenName('the code of a product'),
  category: givenName('the category it belongs to'),
})

/** To which category products belong: reports of all days are told by it, the past too. */
export const categories: ReferenceTable<z.output<typeof schema>> = {
  noun: 'row',
  plural: 'categories',
  columns: ['sku', 'category'],
  schema,
  keyOf: ({ sku }) => sku,
  list: sql => sql`
    select category, count(*) as products, count(*) filter (where holds_stock) as "holdStock"
    from ref.products group by category order by category nulls last`,
  async faultsOf(transaction, rows) {
    const unknown = await unknownAmong(
      transaction,
      'products',
      rows.map(({ sku }) => sku),
    )
    return rows.map(({ sku }) =>
      unknown.has(sku) ? `sku ${sku} is no product: add it first (npm run products -- add FILE)` : null,
    )
  },
  async write(transaction, rows) {
    return changesOf(
      await transaction<{ key: string; added: boolean }[]>`
        update ref.products p set category = given.category, updated_at = clock_timestamp()
        from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as given(sku text, category text)
        where p.sku = given.sku and p.category is distinct from given.category
        returning p.sku as key, false as added`,
    )
  },
}
