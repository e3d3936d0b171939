import { TRPCError } from '@trpc/server'
import { isDatabaseAway } from '#server/serving/database-away.ts'
import { RefusedError } from '#server/serving/pipeline/refused.ts'
import { CursorError } from '#server/serving/reconcile/difference-events.ts'

/** Turns what a procedure threw into an answer: a database that is away is a state that passes, not a bug. */
export function toTrpcError(error: TRPCError): TRPCError {
  if (error.code !== 'INTERNAL_SERVER_ERROR') return error
  if (error.cause instanceof CursorError || error.cause instanceof RefusedError) {
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
