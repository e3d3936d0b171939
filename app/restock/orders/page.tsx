import type { Metadata } from 'next'
import { OrdersPage } from '#app/restock/orders/orders-page.tsx'
import { HydrateQueries, requestQueryClient, trpc } from '#app/trpc/server.tsx'

export const metadata: Metadata = { title: 'Orders' }

/** Asks beforehand what the page will ask, so that its first paint has the board. */
export default async function Page() {
  const queries = requestQueryClient()
  await Promise.all([
    queries.prefetchQuery(trpc.overview.get.queryOptions()),
    queries.prefetchQuery(trpc.orders.board.queryOptions()),
  ])
  return (
    <HydrateQueries>
      <OrdersPage />
    </HydrateQueries>
  )
}
