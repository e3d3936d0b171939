import type { Metadata } from 'next'
import { OrderPage } from '#app/restock/orders/[order]/order-page.tsx'
import { orderIn } from '#app/restock/orders/order-address.ts'
import { HydrateQueries, requestQueryClient, trpc } from '#app/trpc/server.tsx'

interface Props {
  params: Promise<{ order: string }>
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: await orderIn(params) }
}

/** Asks beforehand what the page will ask, so that its first paint has the order. */
export default async function Page({ params }: Props) {
  const order = await orderIn(params)
  const queries = requestQueryClient()
  await Promise.all([
    queries.prefetchQuery(trpc.overview.get.queryOptions()),
    queries.prefetchQuery(trpc.orders.get.queryOptions({ order })),
  ])
  return (
    <HydrateQueries>
      <OrderPage order={order} />
    </HydrateQueries>
  )
}
