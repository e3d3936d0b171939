import type { Metadata } from 'next'
import { OrderSheet } from '#app/restock/orders/[order]/print/order-sheet.tsx'
import { HydrateQueries, requestQueryClient, trpc } from '#app/trpc/server.tsx'

interface Props {
  params: Promise<{ order: string }>
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `${decodeURIComponent((await params).order)}, to print` }
}

export default async function Page({ params }: Props) {
  const order = decodeURIComponent((await params).order)
  await Promise.all([
    requestQueryClient().prefetchQuery(trpc.overview.get.queryOptions()),
    requestQueryClient().prefetchQuery(trpc.orders.get.queryOptions({ order })),
  ])
  return (
    <HydrateQueries>
      <OrderSheet order={order} />
    </HydrateQueries>
  )
}
