import type { Sql } from '#db/client.ts'
import { formatInstant, type Instant } from '#domain/instant.ts'
import { customerRecords } from '#seed/world/customers.ts'
import type { World } from '#seed/world/world.ts'

const REPORTING_CURRENCY = 'EUR'

/**
 * Writes what the world's events refer to: stores, products, customers, suppliers and their terms, stock policies,
 * exchange rates. What has a validity holds from `validFrom` on, which must lie before the history. Doing it twice changes
 * nothing.
 */
export async function writeReference(sql: Sql, world: World, validFrom: Instant): Promise<void> {
  const customers = await customerRecords(world)
  await sql.begin(async transaction => {
    await transaction`
      insert into ref.stores ${transaction(
        world.shops.map(shop => ({
          store: shop.id,
          name: shop.name,
          zone: shop.zone,
          cut_over_hour: shop.cutOverHour,
          currency: shop.currency,
          tax_inclusive: shop.taxInclusive,
          channel: shop.channel,
          input: shop.input,
          partition: shop.partition,
        })),
      )} on conflict (store) do update
      set name = excluded.name, zone = excluded.zone, cut_over_hour = excluded.cut_over_hour,
        currency = excluded.currency, tax_inclusive = excluded.tax_inclusive, channel = excluded.channel,
        input = excluded.input`
    await transaction`
      insert into ref.products ${transaction(
        world.products.map(({ sku, name, category }) => ({ sku, name, category: category.name })),
      )} on conflict (sku) do update set name = excluded.name, category = excluded.category`
    await transaction`
      insert into ref.customers (customer, name, street, postcode, city, country)
      select * from unnest(
        ${customers.map(({ customer }) => customer)}::text[], ${customers.map(({ name }) => name)}::text[],
        ${customers.map(({ address }) => address?.street ?? null)}::text[],
        ${customers.map(({ address }) => address?.postcode ?? null)}::text[],
        ${customers.map(({ address }) => address?.city ?? null)}::text[],
        ${customers.map(({ address }) => address?.country ?? null)}::text[]
      ) on conflict (customer) do nothing`
    const suppliers = [...new Set(world.products.map(({ supplier }) => supplier))]
    await transaction`
      insert into ref.suppliers ${transaction(suppliers.map(({ id, name }) => ({ supplier: id, name })))}
      on conflict (supplier) do update set name = excluded.name`
    await transaction`
      insert into ref.supply_terms ${transaction(
        world.products.map(({ sku, supplier, unitCost, packSize }) => ({
          sku,
          valid_from: formatInstant(validFrom),
          supplier: supplier.id,
          unit_cost: unitCost,
          currency: REPORTING_CURRENCY,
          pack_size: packSize,
          lead_time_days: supplier.leadTimeDays,
        })),
      )} on conflict (sku, valid_from) do nothing`
    for (const shop of world.shops) {
      const policies = world.policies.get(shop.id) ?? []
      await transaction`
        insert into ref.stock_policies ${transaction(
          world.products.map((product, index) => ({
            store: shop.id,
            sku: product.sku,
            valid_from: formatInstant(validFrom),
            reorder_point: policies[index]?.reorderPoint ?? 0,
            order_up_to: policies[index]?.orderUpTo ?? 0,
            lead_time_days: product.supplier.leadTimeDays,
          })),
        )} on conflict (store, sku, valid_from) do nothing`
    }
    await transaction`
      insert into ref.exchange_rates ${transaction(
        ratesOf(world).map(([currency, rate]) => ({
          currency,
          reporting_currency: REPORTING_CURRENCY,
          valid_from: formatInstant(validFrom).slice(0, 10),
          rate,
        })),
      )} on conflict (currency, reporting_currency, valid_from) do nothing`
  })
}

// What one unit is worth follows from what the same goods cost in the stores of that currency.
function ratesOf(world: World): [currency: string, rate: string][] {
  const rates = new Map<string, string>([[REPORTING_CURRENCY, '1']])
  for (const { currency, priceFactor } of world.shops) {
    if (!rates.has(currency)) rates.set(currency, (1 / priceFactor).toFixed(6))
  }
  return [...rates]
}
