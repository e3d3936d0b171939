import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { appRouter } from '#server/web/trpc/router.ts'
import { createTrpcContext, MAX_BATCH } from '#server/web/trpc/trpc.ts'

function handle(request: Request): Promise<Response> {
  return fetchRequestHandler({
    endpoint: '/api/trpc',
    req: request,
    router: appRouter,
    createContext: createTrpcContext,
    maxBatchSize: MAX_BATCH,
  })
}

export { handle as GET, handle as POST }
