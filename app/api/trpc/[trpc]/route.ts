import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { createTrpcContext } from '#server/trpc/context.ts'
import { appRouter } from '#server/trpc/router.ts'

function handle(request: Request): Promise<Response> {
  return fetchRequestHandler({
    endpoint: '/api/trpc',
    req: request,
    router: appRouter,
    createContext: createTrpcContext,
  })
}

export { handle as GET, handle as POST }
