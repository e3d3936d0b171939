import { z } from 'zod'
import { changesOf, type ReferenceTable } from '#server/intake/reference/reference-table.ts'
import { givenName } from '#server/intake/reference/table-file.ts'

const schema = z.strictObject({
  sku: givenName('the product code that events use'),
  name: givenName('what it is called').optional(),
  category: givenName('the category it belongs to').optional(),
})

/** Products: what they are called, and where they belong. What a file leaves out stays as it is. */
export const products: ReferenceTable<z.output<typeof schema>> = {
  noun: 'product',
  plural: 'products',
  columns: ['sku', 'name', 'category'],
  schema,
  keyOf: ({ sku }) => sku,
  list: sql => sql`
    select sku, name, category, holds_stock as "holdsStock" from ref.products order by category nulls last, sku`,
  faultsOf: async (_, rows) => rows.map(() => null),
  async write(transaction, rows) {
    return changesOf(
      await transaction<{ key: string; added: boolean }[]>`
        insert into ref.products as known (sku, name, category)
        select * from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as given(sku text, name text, category text)
        on conflict (sku) do update set
          name = coalesce(excluded.name, known.name), category = coalesce(excluded.category, known.category),
          updated_at = clock_timestamp()
        where (known.name, known.category)
          is distinct from (coalesce(excluded.name, known.name), coalesce(excluded.category, known.category))
        returning sku as key, xmax = 0 as added`,
    )
  },
}
