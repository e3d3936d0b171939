import { z } from 'zod'
import { WEEKDAYS } from '#domain/store.ts'
import { changesOf, type ReferenceTable } from '#server/intake/reference/reference-table.ts'
import {
  currencyCode,
  decimalFromZero,
  givenName,
  validFrom,
  wholeUnits,
} from '#server/intake/reference/table-file.ts'

const weekdays = z
  .union([z.array(z.string()), z.string().transform(text => text.split(/[\s,]+/))])
  .refine(days => days.length > 0 && days.every(day => WEEKDAYS.some(known => known === day)), {
    error: `must be weekdays, such as "tue fri", of ${WEEKDAYS.join(', ')}`,
  })
  .transform(days => [...new Set(days.map(day => (WEEKDAYS as readonly string[]).indexOf(day) + 1))].sort())

const money = () => decimalFromZero({ decimals: 4, such: '80.00' })

const schema = z
  .strictObject({
    supplier: givenName('the code of a supplier'),
    name: givenName('what it is called').optional(),
    validFrom: validFrom(),
    deliveryDays: weekdays.optional(),
    minimumValue: money()
      .refine(text => Number(text) > 0, { error: 'must be above 0; leave it out where there is none' })
      .optional(),
    expressMinutes: wholeUnits(1)
      .refine(minutes => minutes <= 525_600, { error: 'must be a year at most' })
      .optional(),
    expressFee: money().optional(),
    currency: currencyCode(),
  })
  .refine(({ expressMinutes, expressFee }) => (expressMinutes === undefined) === (expressFee === undefined), {
    error: 'express is given by expressMinutes and expressFee, both or neither',
  })

type SupplierRow = z.output<typeof schema>

/** Who delivers, and what holds for all orders of a supplier from when on. */
export const suppliers: ReferenceTable<SupplierRow> = {
  noun: 'supplier',
  plural: 'suppliers',
  columns: [
    ...['supplier', 'name', 'validFrom', 'deliveryDays', 'minimumValue'],
    ...['expressMinutes', 'expressFee', 'currency'],
  ],
  schema,
  keyOf: ({ supplier, validFrom: from }) => `${supplier} from ${from}`,
  async defaults(sql, now) {
    const [row] = await sql<{ currency: string }[]>`select currency from ref.reporting_currency`
    return { validFrom: new Date(now).toISOString(), currency: row?.currency }
  },
  async list(sql) {
    const rows = await sql<{ deliveryDays: number[] | null }[]>`
      select supplier, s.name, to_json(t.valid_from) #>> '{}' as "validFrom", t.delivery_days as "deliveryDays",
        trim_scale(t.minimum_value / 10000.0)::text as "minimumValue", t.express_minutes as "expressMinutes",
        trim_scale(t.express_fee / 10000.0)::text as "expressFee", t.currency
      from ref.suppliers s left join ref.supplier_terms t using (supplier) order by supplier, t.valid_from`
    return rows.map(row => ({
      ...row,
      deliveryDays: row.deliveryDays?.map(day => WEEKDAYS[day - 1] ?? '') ?? null,
    }))
  },
  faultsOf: async (_, rows) => rows.map(() => null),
  async write(transaction, rows) {
    const text = JSON.stringify(rows)
    const named = await transaction<{ supplier: string }[]>`
      insert into ref.suppliers as known (supplier, name)
      select distinct on (supplier) supplier, coalesce(name, supplier)
      from jsonb_to_recordset(${text}::text::jsonb) as given(supplier text, name text, "validFrom" timestamptz)
      order by supplier, name is null, "validFrom" desc
      on conflict (supplier) do update set name = excluded.name
      where known.name <> excluded.name and excluded.name <> excluded.supplier
      returning supplier`
    const written = await transaction<{ supplier: string; validFrom: number; added: boolean }[]>`
      insert into ref.supplier_terms as known
        (supplier, valid_from, delivery_days, minimum_value, express_minutes, express_fee, currency)
      select supplier, "validFrom", (select array_agg(day::smallint) from jsonb_array_elements_text("deliveryDays") day),
        "minimumValue" * 10000, "expressMinutes", "expressFee" * 10000, currency
      from jsonb_to_recordset(${text}::text::jsonb) as given(supplier text, "validFrom" timestamptz,
        "deliveryDays" jsonb, "minimumValue" numeric, "expressMinutes" integer, "expressFee" numeric, currency text)
      on conflict (supplier, valid_from) do update set delivery_days = excluded.delivery_days,
        minimum_value = excluded.minimum_value, express_minutes = excluded.express_minutes,
        express_fee = excluded.express_fee, currency = excluded.currency
      where (known.delivery_days, known.minimum_value, known.express_minutes, known.express_fee, known.currency)
        is distinct from (excluded.delivery_days, excluded.minimum_value, excluded.express_minutes, excluded.express_fee,
          excluded.currency)
      returning supplier, (extract(epoch from valid_from) * 1000)::float8 as "validFrom", xmax = 0 as added`
    const renamed = new Set(named.map(({ supplier }) => supplier))
    const changes = new Map(
      rows
        .filter(({ supplier }) => renamed.has(supplier))
        .map(row => [suppliers.keyOf(row), 'changed' as 'added' | 'changed']),
    )
    const terms = written.map(({ supplier, validFrom: from, added }) => ({
      key: `${supplier} from ${new Date(from).toISOString()}`,
      added,
    }))
    return new Map([...changes, ...changesOf(terms)])
  },
}
