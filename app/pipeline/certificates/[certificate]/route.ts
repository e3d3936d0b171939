import { TRPCError } from '@trpc/server'
import { getHTTPStatusCodeFromError } from '@trpc/server/http'
import { createCaller } from '#server/web/trpc/router.ts'
import { createTrpcContext } from '#server/web/trpc/trpc.ts'

/** A certificate as a file. */
export async function GET(
  _: Request,
  { params }: { params: Promise<{ certificate: string }> },
): Promise<Response> {
  const { certificate } = await params
  try {
    const found = await createCaller(createTrpcContext()).pipeline.generations.certificate({
      certificate: Number(certificate),
    })
    return new Response(`${JSON.stringify(found, null, 2)}\n`, {
      headers: {
        'Content-Type': 'application/json; charset=utf-8',
        'Content-Disposition': `attachment; filename="tillstream-certificate-${found.certificate}.json"`,
        'Cache-Control': 'no-store',
      },
    })
  } catch (error) {
    if (!(error instanceof TRPCError)) throw error
    return new Response(`${error.message}\n`, { status: getHTTPStatusCodeFromError(error) })
  }
}
