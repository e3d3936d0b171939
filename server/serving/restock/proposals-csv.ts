import { stringify } from 'csv-stringify/sync'
import type { OrderProposals } from '#server/serving/restock/order-proposals.ts'

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
