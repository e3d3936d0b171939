import { z } from 'zod'
import type { Transaction } from '#db/transaction.ts'
import { formatInstant, type Instant } from '#domain/instant.ts'
import { textArray } from '#platform/pg-array.ts'
import { changesOf, type ReferenceTable, unknownAmong } from '#server/intake/reference/reference-table.ts'
import { decimalFromZero, givenName, validFrom, wholeUnits } from '#server/intake/reference/table-file.ts'

const schema = z
  .strictObject({
    store: givenName('the id of a store'),
    sku: givenName('the code of a product'),
    validFrom: validFrom(),
    reorderPoint: wholeUnits(0),
    orderUpTo: wholeUnits(0).optional(),
    leadTimeDays: decimalFromZero({ decimals: 2, such: '2' })
      .transform(Number)
      .refine(days => days <= 3_650, { error: 'must be 3,650 days at most' })
      .optional(),
  })
  .refine(({ reorderPoint, orderUpTo }) => orderUpTo === undefined || orderUpTo >= reorderPoint, {
    error: 'orderUpTo must not be below reorderPoint: what is ordered would be short when it comes',
  })

type PolicyRow = z.output<typeof schema>

/** When a store orders a product, and up to where, as people say: the nightly plan leaves it alone. */
export const policies: ReferenceTable<PolicyRow> = {
  noun: 'policy',
  plural: 'policies',
  columns: ['store', 'sku', 'validFrom', 'reorderPoint', 'orderUpTo', 'leadTimeDays'],
  schema,
  keyOf: ({ store, sku, validFrom: from }) => `${store} ${sku} from ${from}`,
  defaults: async (_, now) => ({ validFrom: new Date(now).toISOString() }),
  list: sql => sql`
    select store, sku, to_json(valid_from) #>> '{}' as "validFrom", reorder_point as "reorderPoint",
      order_up_to as "orderUpTo", trim_scale(lead_time_days)::text as "leadTimeDays", source
    from ref.stock_policies order by store, sku, valid_from`,
  async faultsOf(transaction, rows) {
    const stores = await unknownAmong(
      transaction,
      'stores',
      rows.map(({ store }) => store),
    )
    const skus = await unknownAmong(
      transaction,
      'products',
      rows.map(({ sku }) => sku),
    )
    return rows.map(({ store, sku }) => {
      if (stores.has(store)) return `store ${store} is not known: add it first (npm run stores -- add FILE)`
      return skus.has(sku) ? `sku ${sku} is no product: add it first (npm run products -- add FILE)` : null
    })
  },
  /** What says nothing holds at once, but from no moment that was judged already: tills' clocks may be ahead of ours. */
  async settle(transaction, rows, { validFrom: now }) {
    const judged = await judgedAlready(transaction, rows)
    return rows.map((row, index) => {
      const at = judged.get(index)
      if (row.validFrom !== now || at === undefined) return row
      return { ...row, validFrom: new Date(at + 1).toISOString() }
    })
  },
  async notesOf(transaction, rows) {
    const judged = await judgedAlready(transaction, rows)
    return rows.map(({ store, sku }, index) => {
      const at = judged.get(index)
      if (at === undefined) return null
      return (
        `the stock of ${sku} in ${store} was judged up to ${formatInstant(at)} by what held then: what was told stays ` +
        `told, and a replay judges by this from its validFrom on`
      )
    })
  },
  async write(transaction, rows) {
    const written = await transaction<{ store: string; sku: string; validFrom: number; added: boolean }[]>`
      insert into ref.stock_policies as known
        (store, sku, valid_from, reorder_point, order_up_to, lead_time_days, source)
      select store, sku, "validFrom", "reorderPoint", "orderUpTo", "leadTimeDays", 'file'
      from jsonb_to_recordset(${JSON.stringify(rows)}::text::jsonb) as given(store text, sku text,
        "validFrom" timestamptz, "reorderPoint" bigint, "orderUpTo" bigint, "leadTimeDays" numeric)
      on conflict (store, sku, valid_from) do update set reorder_point = excluded.reorder_point,
        order_up_to = excluded.order_up_to, lead_time_days = excluded.lead_time_days, source = excluded.source,
        service_level = null, safety_stock = null, abc_class = null
      where (known.reorder_point, known.order_up_to, known.lead_time_days, known.source) is distinct from
        (excluded.reorder_point, excluded.order_up_to, excluded.lead_time_days, excluded.source)
      returning store, sku, (extract(epoch from valid_from) * 1000)::float8 as "validFrom", xmax = 0 as added`
    return changesOf(
      written.map(({ store, sku, validFrom: from, added }) => ({
        key: `${store} ${sku} from ${new Date(from).toISOString()}`,
        added,
      })),
    )
  },
}

/**
 * Rows that would hold at a moment as of which the stream, in whichever of its generations, has judged without them, by
 * their place: a replay would judge otherwise. Those that stand as they are given change nothing.
 */
async function judgedAlready(
  transaction: Transaction,
  rows: readonly PolicyRow[],
): Promise<ReadonlyMap<number, Instant>> {
  const judged = await transaction<{ ordinal: number; at: Instant }[]>`
    select given.ordinal::integer as ordinal, stock.at
    from unnest(
      ${textArray(rows, ({ store }) => store)}::text::text[], ${textArray(rows, ({ sku }) => sku)}::text::text[],
      ${textArray(rows, ({ validFrom: from }) => from)}::text::timestamptz[],
      ${textArray(rows, ({ reorderPoint }) => String(reorderPoint))}::text::bigint[],
      ${textArray(rows, ({ orderUpTo }) => (orderUpTo === undefined ? null : String(orderUpTo)))}::text::bigint[]
    ) with ordinality as given(store, sku, valid_from, reorder_point, order_up_to, ordinal)
    cross join lateral (
      select max(s.judged_at) as at from stream.generations g
      join stream.stock s on s.generation = g.generation and s.store = given.store and s.sku = given.sku
      where s.judged_at >= given.valid_from
    ) stock
    where stock.at is not null and not exists (
      select from ref.stock_policies p
      where p.store = given.store and p.sku = given.sku and p.valid_from = given.valid_from
        and p.reorder_point = given.reorder_point and p.order_up_to is not distinct from given.order_up_to
    )`
  return new Map(judged.map(({ ordinal, at }) => [ordinal - 1, at]))
}
