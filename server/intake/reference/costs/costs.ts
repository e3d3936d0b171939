import { z } from 'zod'
import { changesOf, type ReferenceTable, unknownAmong } from '#server/intake/reference/reference-table.ts'
import {
  currencyCode,
  decimalFromZero,
  givenName,
  validFrom,
  wholeUnits,
} from '#server/intake/reference/table-file.ts'

const schema = z.strictObject({
  sku: givenName('the code of a product'),
  supplier: givenName('who delivers it'),
  validFrom: validFrom(),
  unitCost: decimalFromZero({ decimals: 4, such: '4.25' }),
  currency: currencyCode(),
  packSize: wholeUnits(1)
    .refine(units => units <= 1_000_000, { error: 'must be 1,000,000 at most' })
    .default(1),
  leadTimeDays: decimalFromZero({ decimals: 2, such: '2' })
    .transform(Number)
    .refine(days => days <= 3_650, { error: 'must be 3,650 days at most' }),
})

type CostRow = z.output<typeof schema>

const keyOf = ({ sku, validFrom: from }: CostRow) => `${sku} from ${from}`

/** Who delivers a product from when on, for how much, in which packs, and how soon. */
export const costs: ReferenceTable<CostRow> = {
  noun: 'cost',
  plural: 'costs',
  columns: ['sku', 'supplier', 'validFrom', 'unitCost', 'currency', 'packSize', 'leadTimeDays'],
  schema,
  keyOf,
  async defaults(sql, now) {
    const [row] = await sql<{ currency: string }[]>`select currency from ref.reporting_currency`
    return { validFrom: new Date(now).toISOString(), currency: row?.currency }
  },
  list: sql => sql`
    select sku, supplier, to_json(valid_from) #>> '{}' as "validFrom", trim_scale(unit_cost / 10000.0)::text as "unitCost",
      currency, pack_size as "packSize", trim_scale(lead_time_days)::text as "leadTimeDays"
    from ref.supply_terms order by sku, valid_from`,
  async faultsOf(transaction, rows) {
    const skus = rows.map(({ sku }) => sku)
    const unknown = await unknownAmong(transaction, 'products', skus)
    const strangers = await unknownAmong(
      transaction,
      'suppliers',
      rows.map(({ supplier }) => supplier),
    )
    return rows.map(({ sku, supplier }) => {
      if (unknown.has(sku)) return `sku ${sku} is no product: add it first (npm run products -- add FILE)`
      if (strangers.has(supplier))
        return `supplier ${supplier} is not known: add it first (npm run suppliers -- add FILE)`
      return null
    })
  },
  async write(transaction, rows) {
    const written = await transaction<{ sku: string; validFrom: number; added: boolean }[]>`
      insert into ref.supply_terms as known (sku, valid_from, supplier, unit_cost, currency, pack_size, lead_time_days)
      select sku, "validFrom", supplier, "unitCost" * 10000, currency, "packSize", "leadTimeDays"
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as given(sku text, "validFrom" timestamptz,
        supplier text, "unitCost" numeric, currency text, "packSize" integer, "leadTimeDays" numeric)
      on conflict (sku, valid_from) do update set supplier = excluded.supplier, unit_cost = excluded.unit_cost,
        currency = excluded.currency, pack_size = excluded.pack_size, lead_time_days = excluded.lead_time_days
      where (known.supplier, known.unit_cost, known.currency, known.pack_size, known.lead_time_days) is distinct from
        (excluded.supplier, excluded.unit_cost, excluded.currency, excluded.pack_size, excluded.lead_time_days)
      returning sku, (extract(epoch from valid_from) * 1000)::float8 as "validFrom", xmax = 0 as added`
    return changesOf(
      written.map(({ sku, validFrom: from, added }) => ({
        key: `${sku} from ${new Date(from).toISOString()}`,
        added,
      })),
    )
  },
}
