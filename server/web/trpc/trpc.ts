import { initTRPC } from '@trpc/server'
import superjson from 'superjson'
import { ZodError, z } from 'zod'
import type { Serving } from '#server/serving/serving.ts'
import { toTrpcError } from './error-mapping.ts'

/** What every procedure is given. */
export interface TrpcContext {
  serving: Serving
}

const trpc = initTRPC.context<TrpcContext>().create({
  transformer: superjson,
  errorFormatter({ shape, error }) {
    // A question that cannot be asked says in a sentence which field and why, not in a dump of issues.
    if (error.cause instanceof ZodError) return { ...shape, message: z.prettifyError(error.cause) }
    return shape
  },
})

/** Whatever goes wrong below a procedure leaves as an error that says what to do. */
const explainFailures = trpc.middleware(async ({ next }) => {
  const result = await next()
  if (!result.ok) throw toTrpcError(result.error)
  return result
})

export const router = trpc.router
export const procedure = trpc.procedure.use(explainFailures)
export const createCallerFactory = trpc.createCallerFactory
