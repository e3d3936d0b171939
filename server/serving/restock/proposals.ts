import { stringify } from 'csv-stringify/sync'
import type { Sql } from '#db/client.ts'
import { readSnapshot } from '#db/transaction.ts'
import { DAY_MS, type Instant } from '#domain/instant.ts'
import { formatAmount } from '#domain/money.ts'
import { unitsToOrder } from '#domain/replenishment/policy.ts'
import { type ShortageRule, shortageOf } from '#domain/shortage.ts'
import { readStreamStand, type StreamBasis } from '#server/serving/freshness/positions.ts'
import { inStores } from '#server/serving/scope.ts'
import type { RestockScope } from './alerts.ts'
import { type KnownStock, readKnownStock } from './known-stock.ts'

/** Something to order: a sku of a store whose stock, with what is on order, is at or below its reorder point. */
interface ProposedLine {
  store: string
  storeName: string
  sku: string
  productName: string | null
  rule: ShortageRule | null
  onHand: number
  onOrder: number
  reorderPoint: number
  orderUpTo: number | null
  /** 1 where nobody is known to deliver it. */
  packSize: number
  /** Whole packs; null where the policy does not say up to where. */
  suggestedUnits: number | null
  /** Of one, in the supplier's currency; null without terms. */
  unitCost: string | null
  cost: string | null
  leadTimeDays: number | null
  /** If it were ordered now; null where no lead time is known. */
  expectedAt: Instant | null
}

interface SupplierProposal {
  /** Null: skus for which no supplier is known. */
  supplier: string | null
  name: string | null
  /** One supplier's terms may be in several currencies; they are never added up. */
  totals: { currency: string; cost: string; lines: number; units: number }[]
  lines: (ProposedLine & { currency: string | null })[]
}

interface OrderProposals {
  suppliers: SupplierProposal[]
  /** Products of stores that are short, but of which enough is on order. */
  covered: number
  /** Of the stores and the supplier in scope: only what is known and has a reorder point can be proposed. */
  stock: KnownStock
  now: Instant
  basis: StreamBasis
}

interface NeedRow {
  store: string
  storeName: string
  sku: string
  productName: string | null
  onHand: number
  onOrder: number
  reorderPoint: number
  orderUpTo: number | null
  policyLeadTimeDays: string | null
  supplier: string | null
  supplierName: string | null
  unitCost: number | null
  currency: string | null
  packSize: number | null
  leadTimeDays: string | null
}

/** What to order now, by supplier: the stream's stock held against the policies and terms valid today. */
export async function readOrderProposals(sql: Sql, scope: RestockScope): Promise<OrderProposals> {
  return readSnapshot(sql, async reading => {
    const { now, basis } = await readStreamStand(reading)
    const rows = await reading<NeedRow[]>`
      select s.store, coalesce(st.name, s.store) as "storeName", s.sku, p.name as "productName",
        s.on_hand as "onHand", s.on_order as "onOrder", policy.reorder_point as "reorderPoint",
        policy.order_up_to as "orderUpTo", policy.lead_time_days::text as "policyLeadTimeDays", terms.supplier,
        terms.name as "supplierName", terms.unit_cost as "unitCost", terms.currency,
        terms.pack_size as "packSize", terms.lead_time_days::text as "leadTimeDays"
      from stream.stock s
      left join ref.stores st on st.store = s.store
      left join ref.products p on p.sku = s.sku
      cross join lateral (
        select reorder_point, order_up_to, lead_time_days from ref.stock_policies
        where store = s.store and sku = s.sku and valid_from <= now() order by valid_from desc limit 1
      ) policy
      left join lateral (
        select t.*, u.name from ref.supply_terms t join ref.suppliers u on u.supplier = t.supplier
        where t.sku = s.sku and t.valid_from <= now() order by t.valid_from desc limit 1
      ) terms on true
      where s.generation = ${basis.generation} and s.on_hand is not null
        and (s.on_hand <= policy.reorder_point or s.on_hand + s.on_order <= policy.reorder_point)
        ${inStores(reading, scope, 's.store')}
        ${scope.supplier ? reading`and terms.supplier = ${scope.supplier}` : reading``}
      order by terms.name nulls last, p.name, s.sku, "storeName"`
    const { rules, stores, supplier } = scope
    const stock = await readKnownStock(reading, { generation: basis.generation, stores, supplier })
    const needs = rows.filter(({ onHand, reorderPoint }) => {
      const rule = shortageOf(onHand, reorderPoint)
      return rules.length === 0 || (rule !== null && rules.includes(rule))
    })
    const isCovered = ({ onHand, onOrder, reorderPoint }: NeedRow) => onHand + onOrder > reorderPoint
    return {
      suppliers: bySupplier(
        needs.filter(row => !isCovered(row)),
        now,
      ),
      covered: needs.filter(isCovered).length,
      stock,
      now,
      basis,
    }
  })
}

function bySupplier(rows: readonly NeedRow[], now: Instant): SupplierProposal[] {
  const suppliers = new Map<string | null, SupplierProposal>()
  for (const row of rows) {
    const { supplier, supplierName: name, currency } = row
    const proposal = suppliers.get(supplier) ?? { supplier, name, totals: [], lines: [] }
    const line = { ...toLine(row, now), currency }
    // Rounding up to the position's level may leave nothing: a policy whose two levels are one.
    if (line.suggestedUnits !== 0) proposal.lines.push(line)
    suppliers.set(supplier, proposal)
  }
  return [...suppliers.values()]
    .filter(({ lines }) => lines.length > 0)
    .map(proposal => ({ ...proposal, totals: totalsOf(proposal.lines) }))
}

function toLine(row: NeedRow, now: Instant): ProposedLine {
  const { store, storeName, sku, productName, onHand, onOrder, reorderPoint, orderUpTo, unitCost } = row
  const packSize = row.packSize ?? 1
  const suggestedUnits = unitsToOrder({ onHand, onOrder, reorderPoint, orderUpTo, packSize })
  const leadTime = row.leadTimeDays ?? row.policyLeadTimeDays
  const leadTimeDays = leadTime === null ? null : Number(leadTime)
  return {
    store,
    storeName,
    sku,
    productName,
    rule: shortageOf(onHand, reorderPoint),
    onHand,
    onOrder,
    reorderPoint,
    orderUpTo,
    packSize,
    suggestedUnits,
    unitCost: unitCost === null ? null : formatAmount(unitCost),
    cost:
      unitCost === null || suggestedUnits === null ? null : formatAmount(costOf(unitCost, suggestedUnits)),
    leadTimeDays,
    expectedAt: leadTimeDays === null ? null : now + leadTimeDays * DAY_MS,
  }
}

function costOf(unitCost: number, units: number): bigint {
  return BigInt(unitCost) * BigInt(units)
}

function totalsOf(lines: SupplierProposal['lines']): SupplierProposal['totals'] {
  const totals = new Map<string, { cost: bigint; lines: number; units: number }>()
  for (const { currency, unitCost, cost, suggestedUnits } of lines) {
    if (currency === null || unitCost === null || cost === null) continue
    const total = totals.get(currency) ?? { cost: 0n, lines: 0, units: 0 }
    total.cost += BigInt(cost.replace('.', ''))
    total.lines += 1
    total.units += suggestedUnits ?? 0
    totals.set(currency, total)
  }
  return [...totals].map(([currency, { cost, ...rest }]) => ({ currency, cost: formatAmount(cost), ...rest }))
}

const COLUMNS = [
  'supplier',
  'supplier_name',
  'store',
  'store_name',
  'sku',
  'product',
  'on_hand',
  'on_order',
  'reorder_point',
  'order_up_to',
  'pack_size',
  'suggested_units',
  'unit_cost',
  'cost',
  'currency',
  'lead_time_days',
  'expected_at',
] as const

/**
 * The proposals as a table for a spreadsheet, with the byte order mark by which Excel knows UTF-8. A name that
 * a spreadsheet would run as a formula gets an apostrophe before it; numbers below zero stay numbers.
 */
export function proposalsCsv({ suppliers }: OrderProposals): string {
  const rows = suppliers.flatMap(({ supplier, name, lines }) =>
    lines.map(line => ({
      supplier,
      supplier_name: name,
      store: line.store,
      store_name: line.storeName,
      sku: line.sku,
      product: line.productName,
      on_hand: line.onHand,
      on_order: line.onOrder,
      reorder_point: line.reorderPoint,
      order_up_to: line.orderUpTo,
      pack_size: line.packSize,
      suggested_units: line.suggestedUnits,
      unit_cost: line.unitCost,
      cost: line.cost,
      currency: line.currency,
      lead_time_days: line.leadTimeDays,
      expected_at: line.expectedAt === null ? null : new Date(line.expectedAt).toISOString(),
    })),
  )
  return stringify(rows, { header: true, columns: [...COLUMNS], escape_formulas: true, bom: true })
}
