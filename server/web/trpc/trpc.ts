import { initTRPC, TRPCError } from '@trpc/server'
import { ZodError, z } from 'zod'
import { isDatabaseAway, RefusedError } from '#server/serving/failures.ts'
import { type Serving, serving } from '#server/serving/serving.ts'

/** What every procedure is given. */
export interface TrpcContext {
  serving: Serving
}

/** The context of one request: the process's connections to the database. */
export function createTrpcContext(): TrpcContext {
  return { serving: serving() }
}

// Answers are plain JSON: instants are epoch milliseconds, money and wide numbers decimal text, what is not there
// is null. So no transformer stands between, and a page prefetched on the server has what a browser would be sent.
const trpc = initTRPC.context<TrpcContext>().create({
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

export const pageSize = z.int().min(1).max(200).default(50)

/** Turns what a procedure threw into an answer: a database that is away is a state that passes, not a bug. */
function toTrpcError(error: TRPCError): TRPCError {
  if (error.code !== 'INTERNAL_SERVER_ERROR') return error
  if (error.cause instanceof RefusedError) {
    return new TRPCError({ code: 'BAD_REQUEST', message: error.cause.message, cause: error.cause })
  }
  if (isDatabaseAway(error.cause)) {
    return new TRPCError({
      code: 'SERVICE_UNAVAILABLE',
      message:
        'The database does not answer. Check that Postgres runs and that DATABASE_URL is right; /readyz names what is missing. The page goes on by itself once it is back.',
      cause: error.cause,
    })
  }
  return error
}
