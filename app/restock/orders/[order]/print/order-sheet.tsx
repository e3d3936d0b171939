'use client'

import { useQuery } from '@tanstack/react-query'
import { Printer } from 'lucide-react'
import Link from 'next/link'
import { formatExactMoney, formatMoney } from '#app/format/money.ts'
import { formatCount } from '#app/format/number.ts'
import { formatFullMoment } from '#app/format/time.ts'
import { orderAddress } from '#app/restock/orders/order-address.ts'
import { type Order, orderValue } from '#app/restock/orders/order-parts.tsx'
import { useOverview } from '#app/shell/overview.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import { Button, buttonLook } from '#app/ui/button.tsx'
import { CardContent, Skeleton } from '#app/ui/card.tsx'

/** An order as one sends it on paper: what is to go where, at what cost, and nothing else. */
export function OrderSheet({ order }: { order: string }) {
  const trpc = useTRPC()
  const overview = useOverview()
  const query = useQuery(trpc.orders.get.queryOptions({ order }))
  const zone = overview.data?.stores[0]?.zone ?? 'UTC'
  return (
    <div className="mx-auto max-w-4xl py-6 text-sm print:max-w-none print:py-0">
      <div className="mb-6 flex flex-wrap gap-2 print:hidden">
        <Link href={orderAddress(order)} className={buttonLook()}>
          Back to the order
        </Link>
        <Button onClick={() => window.print()}>
          <Printer className="size-4 text-muted" />
          Print
        </Button>
      </div>
      <CardContent query={query} skeleton={<Skeleton className="h-96" />}>
        {data => <Sheet order={data} zone={zone} />}
      </CardContent>
    </div>
  )
}

function Sheet({ order, zone }: { order: Order; zone: string }) {
  const { currency, items, placedAt, expectedAt, isExpress, note } = order
  const stores = [...Map.groupBy(items, ({ storeName }) => storeName)]
  return (
    <article>
      <header className="mb-6 flex flex-wrap justify-between gap-4 border-b border-line pb-4">
        <div>
          <h1 className="text-lg font-semibold">Purchase order {order.order}</h1>
          <p className="text-muted">to {order.supplierName}</p>
        </div>
        <dl className="grid grid-cols-[auto_auto] gap-x-4 gap-y-0.5 text-xs">
          <dt className="text-muted">Date</dt>
          <dd>{placedAt === null ? 'a draft, not placed' : formatFullMoment(placedAt, zone)}</dd>
          <dt className="text-muted">Please deliver by</dt>
          <dd>{expectedAt === null ? '–' : formatFullMoment(expectedAt, zone)}</dd>
          {isExpress ? (
            <>
              <dt className="text-muted">Service</dt>
              <dd>express</dd>
            </>
          ) : null}
        </dl>
      </header>
      {note === null ? null : <p className="mb-4">{note}</p>}
      {stores.map(([name, lines]) => (
        <section key={name} className="mb-6 break-inside-avoid">
          <h2 className="mb-1 font-semibold">{name}</h2>
          <div className="overflow-x-auto">
            <table className="w-full text-xs">
              <thead>
                <tr className="text-left text-2xs text-muted">
                  <th className="py-1 font-normal">Number</th>
                  <th className="py-1 pl-3 font-normal">Product</th>
                  <th className="py-1 pl-3 text-right font-normal">Units</th>
                  <th className="py-1 pl-3 text-right font-normal">Each, {currency}</th>
                  <th className="py-1 pl-3 text-right font-normal">Cost, {currency}</th>
                </tr>
              </thead>
              <tbody>
                {lines.map(line => (
                  <tr key={line.sku} className="border-t border-line">
                    <td className="py-1">{line.sku}</td>
                    <td className="py-1 pl-3">
                      {line.productName ?? ''}
                      {line.note === null ? null : (
                        <span className="block text-2xs text-muted">{line.note}</span>
                      )}
                    </td>
                    <td className="py-1 pl-3 text-right">{formatCount(line.units)}</td>
                    <td className="py-1 pl-3 text-right">
                      {line.unitCost === null ? '–' : formatExactMoney(line.unitCost, currency)}
                    </td>
                    <td className="py-1 pl-3 text-right">
                      {line.cost === null ? '–' : formatMoney(line.cost, currency)}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </section>
      ))}
      <p className="flex justify-between border-t border-line pt-3 font-semibold">
        <span>Total{isExpress ? ', express among it' : ''}</span>
        <span>{orderValue(order)}</span>
      </p>
    </article>
  )
}
