import { readDemoSpeed } from '#db/demo-speed.ts'
import type { Reading } from '#db/transaction.ts'
import type { Instant } from '#domain/instant.ts'
import type { Amount } from '#domain/money.ts'

/** What holds for a product with its supplier today. */
export interface ProductTerms {
  sku: string
  supplier: string
  unitCost: Amount
  currency: string
  packSize: number
  leadTimeDays: number
}

/** By product; without those that nobody is known to deliver. */
export async function readProductTerms(
  reading: Reading,
  skus: readonly string[],
): Promise<Map<string, ProductTerms>> {
  const rows = await reading<ProductTerms[]>`
    select w.sku, t.supplier, t.unit_cost as "unitCost", t.currency, t.pack_size as "packSize",
      t.lead_time_days::float8 as "leadTimeDays"
    from unnest(${[...new Set(skus)]}::text[]) w(sku)
    cross join lateral (
      select * from ref.supply_terms t where t.sku = w.sku and t.valid_from <= now() order by t.valid_from desc limit 1
    ) t`
  return new Map(rows.map(row => [row.sku, row]))
}

/** What holds for every order of a supplier today. */
export interface SupplierTerms {
  /** ISO weekdays; null: any. */
  deliveryDays: number[] | null
  minimumValue: Amount | null
  /** Null: it has none. */
  express: { minutes: number; fee: Amount } | null
  currency: string | null
}

const NO_TERMS: SupplierTerms = { deliveryDays: null, minimumValue: null, express: null, currency: null }

/** @returns what holds without terms, where none are on file */
export async function readSupplierTerms(reading: Reading, supplier: string): Promise<SupplierTerms> {
  const [row] = await reading<
    {
      deliveryDays: number[] | null
      minimumValue: Amount | null
      minutes: number | null
      fee: Amount | null
      currency: string
    }[]
  >`
    select delivery_days as "deliveryDays", minimum_value as "minimumValue", express_minutes as minutes,
      express_fee as fee, currency
    from ref.supplier_terms where supplier = ${supplier} and valid_from <= now()
    order by valid_from desc limit 1`
  if (!row) return NO_TERMS
  const { deliveryDays, minimumValue, minutes, fee, currency } = row
  return {
    deliveryDays,
    minimumValue,
    express: minutes === null || fee === null ? null : { minutes, fee },
    currency,
  }
}

/** What terms in a currency say of an order in it; in another they say nothing of amounts. */
export function amountTerms(
  terms: SupplierTerms,
  currency: string,
): Pick<SupplierTerms, 'minimumValue' | 'express'> {
  if (terms.currency !== currency) return { minimumValue: null, express: null }
  return { minimumValue: terms.minimumValue, express: terms.express }
}

/**
 * When goods come that take `dueAt` by the calendar: in the demo the suppliers' days pass faster, by as much as its shops
 * trade faster. Express is minutes of the clock on the wall.
 */
export async function atDemoSpeed(reading: Reading, now: Instant, dueAt: Instant): Promise<Instant> {
  const speed = await readDemoSpeed(reading)
  return Math.round(now + (dueAt - now) / Math.max(1, speed))
}
