import type { ReactNode } from 'react'
import type { ReportRow } from '#app/trpc/router-outputs.ts'

/** What a row stands for: a product by name and code, a store by name, a category. */
export function rowTitle({ key }: ReportRow, stores: ReadonlyMap<string, string>): ReactNode {
  if (key.sku !== undefined) {
    return (
      <span className="inline-flex max-w-40 flex-col leading-tight sm:max-w-64">
        <span className="truncate">{key.name || key.sku}</span>
        <span className="text-2xs text-muted">{key.sku}</span>
      </span>
    )
  }
  return plainTitle(key, stores)
}

/** The same in one line of plain text. */
export function plainTitle(key: ReportRow['key'], stores: ReadonlyMap<string, string>): string {
  if (key.sku !== undefined) return key.name || key.sku
  if (key.store !== undefined) return stores.get(key.store) ?? key.store
  return key.category || 'No category'
}

/** Tells rows of one table apart. */
export function rowNameOf({ key }: ReportRow): string {
  return [key.period, key.store, key.sku, key.category].join(' ')
}
