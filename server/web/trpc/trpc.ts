import { initTRPC, TRPCError } from '@trpc/server'
import { ZodError, z } from 'zod'
import { GIVEN_UP, isDatabaseAway, isGivenUp, RefusedError } from '#server/serving/failures.ts'
import { type Serving, serving } from '#server/serving/serving.ts'

/** What every procedure is given. */
export interface TrpcContext {
  serving: Serving
  /** Who asks, as they chose in the navigation: an id of `purchasing.people`. Null: nobody chose. */
  person: string | null
}

/** The context of one request: the process's connections to the database, and who asks. */
export function createTrpcContext({ req }: { req?: Request } = {}): TrpcContext {
  return { serving: serving(), person: personIn(req?.headers.get('cookie') ?? '') }
}

function personIn(cookies: string): string | null {
  return /(?:^|;\s*)tillstream_person=([a-z0-9-]{1,64})(?:;|$)/.exec(cookies)?.[1] ?? null
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
const explainFailures = trpc.middleware(async ({ next, path, ctx }) => {
  const result = await next()
  if (result.ok) return result
  const error = toTrpcError(result.error)
  if (error.code !== 'INTERNAL_SERVER_ERROR') throw error
  ctx.serving.onFault(error.cause ?? error, path)
  throw new TRPCError({
    code: 'INTERNAL_SERVER_ERROR',
    message: 'The server failed on this question; its log has the cause.',
    cause: error.cause,
  })
})

/** No column takes NUL or half a character, and nobody means them: not one procedure is asked about them. */
const refuseBrokenText = trpc.middleware(async ({ getRawInput, next }) => {
  const problem = brokenText(await getRawInput())
  if (problem !== null) throw new TRPCError({ code: 'BAD_REQUEST', message: problem })
  return next()
})

export const router = trpc.router
export const procedure = trpc.procedure.use(explainFailures).use(refuseBrokenText)
export const createCallerFactory = trpc.createCallerFactory

/** Calls of one request: pages ask for less at once. */
export const MAX_BATCH = 20

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
  if (isGivenUp(error.cause)) {
    return new TRPCError({ code: 'SERVICE_UNAVAILABLE', message: GIVEN_UP, cause: error.cause })
  }
  return error
}

const MAX_DEPTH = 16

/** What is wrong with the texts of an input, its keys among them; null when all is well. Bounded in depth: no input is deep. */
function brokenText(input: unknown): string | null {
  let level: unknown[] = [input]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) return `The input is nested more than ${MAX_DEPTH} deep.`
    const inner: unknown[] = []
    for (const value of level) {
      if (typeof value === 'string') {
        if (value.includes('\0') || !value.isWellFormed()) return 'The input holds NUL or half a character.'
      } else if (typeof value === 'object' && value !== null) {
        for (const part of Array.isArray(value) ? value : Object.entries(value).flat()) inner.push(part)
      }
    }
    level = inner
  }
  return null
}
