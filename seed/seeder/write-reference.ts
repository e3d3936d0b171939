import type { Sql } from '#db/client.ts'
import { drizzle, sql } from '#db/drizzle.ts'
import { exchangeRates, products, stockPolicies, suppliers, supplyTerms } from '#db/schema.ts'
import type { Transaction } from '#db/transaction.ts'
import { addDays, type BusinessDay } from '#domain/calendar.ts'
import { formatInstant, type Instant } from '#domain/instant.ts'
import { customerRecords } from '#seed/world/customers.ts'
import { keepingOf, type LifeCycle } from '#seed/world/life-cycles.ts'
import { announcedPromotions } from '#seed/world/promotions.ts'
import type { World } from '#seed/world/world.ts'

const REPORTING_CURRENCY = 'EUR'

/** Who works in the made world: one of each role. */
const PEOPLE = [
  { person: 'ada', name: 'Ada Brandt', role: 'buyer', email: 'ada@tillstream.example' },
  { person: 'ben', name: 'Ben Osei', role: 'manager', email: 'ben@tillstream.example' },
  { person: 'cleo', name: 'Cleo Martin', role: 'viewer', email: 'cleo@tillstream.example' },
] as const

/**
 * Writes what the world's events refer to: stores, products, customers, suppliers and their terms, stock policies,
 * promotions, exchange rates. What has a validity holds from `validFrom` on, which must lie before the history. Doing it twice changes
 * nothing.
 */
export async function writeReference(client: Sql, world: World, validFrom: Instant): Promise<void> {
  const customers = await customerRecords(world)
  await client.begin(async transaction => {
    const orm = drizzle(transaction)
    for (const shop of world.shops) {
      await transaction`
        insert into ref.stores (store, name, partition) values (${shop.id}, ${shop.name}, ${shop.partition})
        on conflict (store) do update set name = excluded.name`
      await transaction`
        insert into ref.store_versions (store, valid_from, zone, cut_over_hour, currency, tax_inclusive, channel, input,
          latitude, longitude)
        values (${shop.id}, ${shop.validFrom}, ${shop.zone}, ${shop.cutOverHour}, ${shop.currency}, ${shop.taxInclusive},
          ${shop.channel}, ${shop.input}, ${shop.location?.latitude ?? null}, ${shop.location?.longitude ?? null})
        on conflict (store, valid_from) do update set
          zone = excluded.zone, cut_over_hour = excluded.cut_over_hour, currency = excluded.currency,
          tax_inclusive = excluded.tax_inclusive, channel = excluded.channel, input = excluded.input,
          latitude = excluded.latitude, longitude = excluded.longitude`
    }
    await orm
      .insert(products)
      .values(world.products.map(({ sku, name, category }) => ({ sku, name, category: category.name })))
      .onConflictDoUpdate({
        target: products.sku,
        set: { name: sql`excluded.name`, category: sql`excluded.category` },
      })
    await transaction`
      insert into ref.customers (customer, name, street, postcode, city, country)
      select * from unnest(
        ${customers.map(({ customer }) => customer)}::text[], ${customers.map(({ name }) => name)}::text[],
        ${customers.map(({ address }) => address?.street ?? null)}::text[],
        ${customers.map(({ address }) => address?.postcode ?? null)}::text[],
        ${customers.map(({ address }) => address?.city ?? null)}::text[],
        ${customers.map(({ address }) => address?.country ?? null)}::text[]
      ) on conflict (customer) do nothing`
    await transaction`
      insert into purchasing.people ${transaction([...PEOPLE])} on conflict (person) do nothing`
    // The buyer hears of shortages by mail; without a mail server the outbox shows what would have gone.
    await transaction`
      insert into notify.subscriptions (person, way, address, kinds, digest_minutes, created_by)
      select p.name, 'email', p.email, '{shortage}', 60, 'npm run seed' from purchasing.people p
      where p.role = 'buyer' and p.email is not null
        and not exists (select from notify.subscriptions s where s.person = p.name)`
    await orm
      .insert(suppliers)
      .values(
        [...new Set(world.products.map(({ supplier }) => supplier))].map(({ id, name }) => ({
          supplier: id,
          name,
        })),
      )
      .onConflictDoUpdate({ target: suppliers.supplier, set: { name: sql`excluded.name` } })
    await writeSupplierTerms(transaction, world, validFrom)
    await writePromotions(transaction, world, validFrom)
    await orm
      .insert(supplyTerms)
      .values(
        world.products.map(({ sku, supplier, unitCost, packSize }) => ({
          sku,
          validFrom,
          supplier: supplier.id,
          unitCost,
          currency: REPORTING_CURRENCY,
          packSize,
          leadTimeDays: supplier.leadTimeDays,
        })),
      )
      .onConflictDoNothing()
    for (const shop of world.shops) {
      const policies = world.policies.get(shop.id) ?? []
      await orm
        .insert(stockPolicies)
        .values(
          world.products.flatMap(({ sku, supplier, lifeCycle }, index) =>
            policyTimes(lifeCycle, validFrom).map(({ from, isKept }) => ({
              store: shop.id,
              sku,
              validFrom: from,
              reorderPoint: isKept ? (policies[index]?.reorderPoint ?? 0) : 0,
              orderUpTo: isKept ? (policies[index]?.orderUpTo ?? 0) : 0,
              leadTimeDays: supplier.leadTimeDays,
              // What is kept no more is somebody's decision; how much there should be of the rest may be computed.
              source: isKept ? ('computed' as const) : ('file' as const),
            })),
          ),
        )
        .onConflictDoNothing()
    }
    await orm
      .insert(exchangeRates)
      .values(
        ratesOf(world).map(([currency, rate]) => ({
          currency,
          reportingCurrency: REPORTING_CURRENCY,
          validFrom: dayOf(validFrom),
          rate,
        })),
      )
      .onConflictDoNothing()
  })
}

/** So far ahead is known what is to come. */
const KNOWN_AHEAD_DAYS = 400

/** From when on a policy holds: an edition that shops keep no more is ordered up to nothing. */
function policyTimes(lifeCycle: LifeCycle | null, validFrom: Instant): { from: Instant; isKept: boolean }[] {
  if (lifeCycle === null) return [{ from: validFrom, isKept: true }]
  const from = dayOf(validFrom)
  return keepingOf(lifeCycle, { from, to: addDays(from, KNOWN_AHEAD_DAYS) }).map((change, index) => ({
    from: index === 0 ? validFrom : Date.parse(`${change.from}T00:00:00Z`),
    isKept: change.isKept,
  }))
}

async function writeSupplierTerms(transaction: Transaction, world: World, validFrom: Instant): Promise<void> {
  for (const supplier of new Set(world.products.map(({ supplier }) => supplier))) {
    const { id, deliveryDays, minimumValue, express } = supplier
    await transaction`
      insert into ref.supplier_terms (supplier, valid_from, delivery_days, minimum_value, express_minutes, express_fee, currency)
      values (${id}, ${formatInstant(validFrom)}, ${[...deliveryDays]}::smallint[], ${minimumValue},
        ${express?.minutes ?? null}, ${express?.fee ?? null}, ${REPORTING_CURRENCY})
      on conflict do nothing`
  }
}

async function writePromotions(transaction: Transaction, world: World, validFrom: Instant): Promise<void> {
  const from = dayOf(validFrom)
  const announced = announcedPromotions(world.randomSeed, { from, to: addDays(from, KNOWN_AHEAD_DAYS) })
  for (const { id, title, firstDay, lastDay, discount, products } of announced) {
    const skus = products?.map(index => world.products[index]?.sku ?? '') ?? null
    await transaction`
      insert into ref.promotions (promotion, title, first_day, last_day, discount, skus)
      values (${id}, ${title}, ${firstDay}, ${lastDay}, ${discount}, ${skus}::text[])
      on conflict do nothing`
  }
}

function dayOf(at: Instant): BusinessDay {
  return formatInstant(at).slice(0, 10)
}

// What one unit is worth follows from what the same goods cost in the stores of that currency.
function ratesOf(world: World): [currency: string, rate: string][] {
  const rates = new Map<string, string>([[REPORTING_CURRENCY, '1']])
  for (const { currency, priceFactor } of world.shops) {
    if (!rates.has(currency)) rates.set(currency, (1 / priceFactor).toFixed(6))
  }
  return [...rates]
}
