import { stringify } from 'csv-stringify/sync'
import type { OrderDetail } from './orders.ts'

const COLUMNS = [
  'purchase_order',
  'supplier',
  'supplier_name',
  'store',
  'store_name',
  'sku',
  'product',
  'units',
  'unit_cost',
  'cost',
  'currency',
  'expected_at',
  'service',
  'note',
] as const

/**
 * An order as a table for its supplier, with the byte order mark by which Excel knows UTF-8. A text that a spreadsheet
 * would run as a formula gets an apostrophe before it.
 */
export function orderCsv(order: OrderDetail): string {
  const rows = order.items.map(item => ({
    purchase_order: order.order,
    supplier: order.supplier,
    supplier_name: order.supplierName,
    store: item.store,
    store_name: item.storeName,
    sku: item.sku,
    product: item.productName,
    units: item.units,
    unit_cost: item.unitCost,
    cost: item.cost,
    currency: order.currency,
    expected_at: order.expectedAt === null ? null : new Date(order.expectedAt).toISOString(),
    service: order.isExpress ? 'express' : null,
    note: item.note,
  }))
  return stringify(rows, { header: true, columns: [...COLUMNS], escape_formulas: true, bom: true })
}
