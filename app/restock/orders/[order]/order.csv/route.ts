import { TRPCError } from '@trpc/server'
import { getHTTPStatusCodeFromError } from '@trpc/server/http'
import { orderIn } from '#app/restock/orders/order-address.ts'
import { createCaller } from '#server/web/trpc/router.ts'
import { createTrpcContext } from '#server/web/trpc/trpc.ts'

/** An order as a file for its supplier. */
export async function GET(_: Request, { params }: { params: Promise<{ order: string }> }): Promise<Response> {
  const order = await orderIn(params)
  try {
    const csv = await createCaller(createTrpcContext()).orders.csv({ order })
    return new Response(csv, {
      headers: {
        'Content-Type': 'text/csv; charset=utf-8',
        'Content-Disposition': `attachment; filename="${order.replace(/[^\w-]/g, '_')}.csv"`,
        'Cache-Control': 'no-store',
      },
    })
  } catch (error) {
    if (!(error instanceof TRPCError)) throw error
    return new Response(`${error.message}\n`, { status: getHTTPStatusCodeFromError(error) })
  }
}
