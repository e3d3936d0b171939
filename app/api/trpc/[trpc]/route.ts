import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { createTrpcContext } from '#server/web/trpc/context.ts'
import { appRouter } from '#server/web/trpc/router.ts'

function handle(request: Request): Promise<Response> {
  return fetchRequestHandler({
    endpoint: '/api/trpc',
    req: request,
    router: appRouter,
    createContext: createTrpcContext,
  })
}

export { handle as GET, handle as POST }
