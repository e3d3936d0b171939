import type { Metadata } from 'next'
import { OrderSheet } from '#app/restock/orders/[order]/print/order-sheet.tsx'
import { orderIn } from '#app/restock/orders/order-address.ts'
import { HydrateQueries, requestQueryClient, trpc } from '#app/trpc/server.tsx'

interface Props {
  params: Promise<{ order: string }>
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: `${await orderIn(params)}, to print` }
}

export default async function Page({ params }: Props) {
  const order = await orderIn(params)
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
