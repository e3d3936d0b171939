import { TRPCClientError } from '@trpc/client'

/** A failure in words for the reader of a page: what happened, and what they can do. */
export interface Failure {
  what: string
  advice: string
}

/** @param error what a query or the socket threw */
export function describeFailure(error: unknown): Failure {
  if (error instanceof TRPCClientError) {
    const code = codeOf(error)
    if (code === null) {
      return {
        what: 'The server of this page did not answer.',
        advice: 'It may be restarting. The page goes on by itself once it is back.',
      }
    }
    if (code === 'SERVICE_UNAVAILABLE' || code === 'INTERNAL_SERVER_ERROR') {
      return {
        what: 'The database could not answer.',
        advice: 'If this lasts, ask /readyz of this server which part is missing.',
      }
    }
    if (code === 'BAD_REQUEST') {
      return {
        what: 'This address asks for something that does not exist.',
        advice: 'Choose the day, the stores and the currency again above.',
      }
    }
    return {
      what: error.message,
      advice: 'Try again; if it stays, the log of the web process has the cause.',
    }
  }
  return {
    what: 'Something went wrong on this page.',
    advice: error instanceof Error ? error.message : 'Try again, or load the page anew.',
  }
}

/** tRPC's error code, or null when no answer came at all. */
function codeOf(error: TRPCClientError<never>): string | null {
  const data: unknown = error.data
  if (typeof data === 'object' && data !== null && 'code' in data) return String(data.code)
  return null
}
