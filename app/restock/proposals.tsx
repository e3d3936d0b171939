import { ArrowUp, Download } from 'lucide-react'
import { useState } from 'react'
import { formatShortDay } from '#app/format/day.ts'
import { formatExactMoney, formatMoney } from '#app/format/money.ts'
import { formatCount, plural } from '#app/format/number.ts'
import { localDateOf } from '#app/format/time.ts'
import { DraftFoot, type OrderLine } from '#app/restock/draft-foot.tsx'
import { ProductName } from '#app/restock/shortage-parts.tsx'
import { TransfersCard } from '#app/restock/transfers-card.tsx'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { BasisPopover, streamBasisOf } from '#app/ui/basis.tsx'
import { buttonLook } from '#app/ui/button.tsx'
import { Card, CardContent, type CardQuery, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { DataTable } from '#app/ui/data-table.tsx'

type Proposals = RouterOutputs['restock']['proposals']
type Supplier = Proposals['suppliers'][number]
type Line = Supplier['lines'][number]

/** The lines one would order. All that can be are chosen until one takes some out. */
interface Choice {
  lines: OrderLine[]
  isChosen(line: Line): boolean
  choose(line: Line, isChosen: boolean): void
}

/** Whom to order from and how much must be known. */
function canOrder({ supplier }: Supplier, { suggestedUnits }: Line): boolean {
  return supplier !== null && suggestedUnits !== null && suggestedUnits > 0
}

const keyOf = ({ store, sku }: Line) => JSON.stringify([store, sku])

function useChoice(proposals: Proposals | undefined): Choice {
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set())
  return {
    lines: (proposals?.suppliers ?? []).flatMap(supplier =>
      supplier.lines
        .filter(line => canOrder(supplier, line) && !left.has(keyOf(line)))
        .map(({ store, sku, suggestedUnits, cost, currency }) => ({
          store,
          sku,
          units: suggestedUnits ?? 0,
          supplier: supplier.supplier ?? '',
          cost,
          currency,
        })),
    ),
    isChosen: line => !left.has(keyOf(line)),
    choose(line, isChosen) {
      const next = new Set(left)
      if (isChosen) next.delete(keyOf(line))
      else next.add(keyOf(line))
      setLeft(next)
    },
  }
}

/** What to order now, supplier by supplier, in whole packs, with what it will cost and when it will come. */
export function ProposalCards({
  query,
  zone,
  csvHref,
}: {
  query: CardQuery<Proposals>
  zone: string
  csvHref: string
}) {
  const choice = useChoice(query.data)
  return (
    <div className="grid gap-3">
      <Card
        title="To order"
        actions={
          <>
            <a href={csvHref} download className={buttonLook()}>
              <Download className="size-4 text-muted" />
              CSV
            </a>
            <BasisPopover
              title="To order"
              definition="A product of a store is listed when on hand and on order together are at or below the reorder point of its policy. The proposal fills up to the policy's level, rounded up to whole packs of the supplier. It is expected after the supplier's lead time, if ordered now."
              bases={query.data && [streamBasisOf(query.data.basis, zone)]}
            />
          </>
        }
      >
        <CardContent
          query={query}
          skeleton={<Skeleton className="h-40" />}
          isEmpty={({ suppliers }) => suppliers.length === 0}
          empty={query.data ? <EmptyState {...nothingToOrder(query.data)} /> : null}
        >
          {data => (
            <>
              <SupplierList suppliers={data.suppliers} />
              {data.covered > 0 ? (
                <p className="mt-2 text-2xs text-muted">Beside these, {coveredText(data.covered)}.</p>
              ) : null}
            </>
          )}
        </CardContent>
      </Card>
      <TransfersCard zone={zone} now={query.data?.now ?? 0} />
      {query.data?.suppliers.map(supplier => (
        // Where a link of the list leads, for keyboards too; its head stays below that of the page.
        <div
          key={supplier.supplier ?? ''}
          id={cardIdOf(supplier)}
          tabIndex={-1}
          className="grid min-w-0 scroll-mt-20 rounded-card"
        >
          <SupplierCard supplier={supplier} zone={zone} choice={choice} />
        </div>
      ))}
      {query.data && query.data.suppliers.length > 0 ? <DraftFoot lines={choice.lines} /> : null}
    </div>
  )
}

/** Nothing to order is a verdict on what is known and has a reorder point, and on nothing else. */
export function nothingToOrder({ covered, stock }: Pick<Proposals, 'covered' | 'stock'>): {
  what: string
  advice: string
} {
  const judged = stock.known - stock.withoutPolicy
  const notJudged = stock.unknown + stock.withoutPolicy
  if (judged === 0) {
    return {
      what: 'Nothing can be proposed.',
      advice: 'Of nothing chosen above both the stock and a reorder point are known.',
    }
  }
  const parts = [
    covered > 0
      ? `${coveredText(covered)}.`
      : `What is on hand and on order is above the reorder point of each of ${plural(judged, 'product')} of stores.`,
    ...(notJudged > 0
      ? [`Of ${formatCount(notJudged)} more the stock or the reorder point is not known.`]
      : []),
  ]
  return { what: 'Nothing to order.', advice: parts.join(' ') }
}

const LIST_ID = 'suppliers-to-order-from'

/** Of a supplier's card. What an address cannot hold as it is, an id does not hold either. */
function cardIdOf({ supplier }: Supplier): string {
  return `supplier-${encodeURIComponent(supplier ?? '')}`
}

/** Every supplier with its lines and what they cost, in as many columns as fit: each a way to its card. */
function SupplierList({ suppliers }: { suppliers: readonly Supplier[] }) {
  return (
    <nav id={LIST_ID} tabIndex={-1} aria-label="Suppliers" className="scroll-mt-32 outline-none">
      <ul className="grid grid-cols-[repeat(auto-fill,minmax(min(100%,20rem),1fr))] gap-x-8 text-xs">
        {suppliers.map(supplier => (
          <li
            key={supplier.supplier ?? ''}
            className="flex items-center justify-between gap-x-3 border-b border-line py-1.5"
          >
            <a
              href={`#${cardIdOf(supplier)}`}
              className="min-w-0 content-center underline decoration-line underline-offset-4 wrap-anywhere hover:decoration-current pointer-coarse:min-h-11"
            >
              {supplierName(supplier)}
            </a>
            <span className="flex shrink-0 flex-col-reverse items-end gap-x-3 sm:flex-row sm:items-baseline">
              <span className="text-2xs text-muted">{plural(supplier.lines.length, 'line')}</span>
              <span className="min-w-24 text-right">{costText(supplier)}</span>
            </span>
          </li>
        ))}
      </ul>
    </nav>
  )
}

function SupplierCard({ supplier, zone, choice }: { supplier: Supplier; zone: string; choice: Choice }) {
  return (
    <Card
      title={supplierName(supplier)}
      note={`${plural(supplier.lines.length, 'line')}${supplier.totals.length > 0 ? `, ${costText(supplier)}` : ''}`}
      actions={
        <a href={`#${LIST_ID}`} className={buttonLook({ kind: 'quiet' })}>
          <ArrowUp className="size-4" />
          To the list
        </a>
      }
    >
      {supplier.supplier === null ? (
        <p className="mb-2 text-2xs text-muted">
          No supply terms are on file for these products: packs, cost and supplier are unknown, so units are
          proposed one by one.
        </p>
      ) : null}
      <div className="flex max-h-120 flex-col">
        <DataTable
          caption={`To order from ${supplierName(supplier)}`}
          rows={supplier.lines}
          rowKey={({ store, sku }) => JSON.stringify([store, sku])}
          columns={[
            {
              key: 'choose',
              header: <span className="sr-only">Chosen</span>,
              align: 'left',
              cell: line => (
                <input
                  type="checkbox"
                  aria-label={`Order ${line.productName ?? line.sku} for ${line.storeName}`}
                  className="size-4 align-middle accent-text"
                  disabled={!canOrder(supplier, line)}
                  checked={canOrder(supplier, line) && choice.isChosen(line)}
                  onChange={({ target }) => choice.choose(line, target.checked)}
                />
              ),
            },
            { key: 'product', header: 'Product', align: 'left', cell: line => <ProductName alert={line} /> },
            { key: 'store', header: 'Store', align: 'left', cell: line => line.storeName },
            { key: 'hand', header: 'On hand', cell: line => formatCount(line.onHand) },
            { key: 'order', header: 'On order', cell: line => formatCount(line.onOrder) },
            { key: 'point', header: 'Reorder at', cell: line => formatCount(line.reorderPoint) },
            { key: 'upto', header: 'Up to', cell: line => formatCount(line.orderUpTo) },
            { key: 'pack', header: 'Pack of', cell: line => formatCount(line.packSize) },
            {
              key: 'units',
              header: 'Order',
              cell: line => (
                <strong className="font-semibold">
                  {line.suggestedUnits === null ? 'no level set' : formatCount(line.suggestedUnits)}
                </strong>
              ),
            },
            {
              key: 'unit',
              header: 'Unit cost',
              cell: ({ unitCost, currency }) =>
                unitCost === null || currency === null ? '–' : formatExactMoney(unitCost, currency),
            },
            {
              key: 'cost',
              header: 'Cost',
              cell: ({ cost, currency }) =>
                cost === null || currency === null ? (
                  '–'
                ) : (
                  <>
                    {formatMoney(cost, currency)} <span className="text-2xs text-muted">{currency}</span>
                  </>
                ),
            },
            {
              key: 'lead',
              header: 'Lead time',
              cell: ({ leadTimeDays }) => (leadTimeDays === null ? '–' : plural(leadTimeDays, 'day')),
            },
            {
              key: 'expected',
              header: 'Expected',
              cell: ({ expectedAt }) =>
                expectedAt === null ? '–' : formatShortDay(localDateOf(expectedAt, zone)),
            },
          ]}
        />
      </div>
    </Card>
  )
}

function coveredText(covered: number): string {
  return `${plural(covered, 'shelf is', 'shelves are')} at or below the reorder point and covered by what is on order`
}

function supplierName({ supplier, name }: Supplier): string {
  return name ?? supplier ?? 'No supplier on file'
}

function costText({ totals }: Supplier): string {
  if (totals.length === 0) return '–'
  return totals.map(({ cost, currency }) => `${formatMoney(cost, currency)} ${currency}`).join(' + ')
}
