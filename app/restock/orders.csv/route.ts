import { TRPCError } from '@trpc/server'
import { getHTTPStatusCodeFromError } from '@trpc/server/http'
import { restockScopeOf } from '#app/restock/restock-scope.ts'
import { loadRestockState } from '#app/url-state.ts'
import { createCaller } from '#server/web/trpc/router.ts'
import { createTrpcContext } from '#server/web/trpc/trpc.ts'

/** What to order, as a file, for the same address as the page's. */
export async function GET(request: Request): Promise<Response> {
  const asked = loadRestockState(new URL(request.url).searchParams)
  const api = createCaller(createTrpcContext())
  try {
    const { stores } = await api.overview.get()
    const csv = await api.restock.proposalsCsv(restockScopeOf(asked, stores))
    const day = new Date().toISOString().slice(0, 10)
    return new Response(csv, {
      headers: {
        'Content-Type': 'text/csv; charset=utf-8',
        'Content-Disposition': `attachment; filename="order-proposals-${day}.csv"`,
        'Cache-Control': 'no-store',
      },
    })
  } catch (error) {
    if (!(error instanceof TRPCError)) throw error
    return new Response(`${error.message}\n`, { status: getHTTPStatusCodeFromError(error) })
  }
}
