import { formatMoney } from '#app/format/money.ts'
import { formatCount } from '#app/format/number.ts'
import { storeName } from '#app/restock/shortage-parts.tsx'
import type { StoreSummary } from '#app/trpc/router-outputs.ts'
import type { Column } from '#app/ui/data-table.tsx'
import { Chip } from '#app/ui/marks.tsx'
import { KIND_TEXTS, type PriceKind } from './price-words.ts'

interface HintedShelf {
  store: string
  sku: string
  productName: string | null
  kind: PriceKind
  onHand: number
}

/** A shelf in a list of hints, whichever path gives them. */
export const shelfId = ({ store, sku }: Pick<HintedShelf, 'store' | 'sku'>) => JSON.stringify([store, sku])

/** What a hint is about: with these begins a list of hints. */
export function shelfColumns(stores: readonly StoreSummary[]): Column<HintedShelf>[] {
  return [
    {
      key: 'product',
      header: 'Product',
      align: 'left',
      cell: ({ sku, productName }) => (
        <span className="inline-block max-w-32 whitespace-normal sm:max-w-44 2xl:max-w-none">
          {productName === null ? sku : `${productName} (${sku})`}
        </span>
      ),
    },
    storeColumn(stores),
    { key: 'kind', header: 'Why', align: 'left', cell: ({ kind }) => <Chip>{KIND_TEXTS[kind].chip}</Chip> },
    { key: 'onHand', header: 'On hand', cell: ({ onHand }) => formatCount(onHand) },
  ]
}

/** Where a price holds, in every list of prices. */
export function storeColumn<Row extends { store: string }>(stores: readonly StoreSummary[]): Column<Row> {
  return {
    key: 'store',
    header: 'Store',
    align: 'left',
    cell: ({ store }) => (
      <span className="inline-block max-w-32 whitespace-normal">{storeName(stores, store)}</span>
    ),
  }
}

export function moneyText(amount: string, currency: string): string {
  return `${formatMoney(amount, currency)} ${currency}`
}
