// The API says of a failed answer whether the database is away; it reaches no further down than here.
export { isDatabaseAway } from '#db/database-away.ts'

/** What was asked for cannot be done as it is. The message says what can. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
}

/** What is said of an answer that was not waited for to its end. */
export const GIVEN_UP =
  'This took too long and was given up: ask for fewer days or stores, or try again later.'

/** Whether the database ended a statement because it took longer than `statement_timeout` allows. */
export function isGivenUp(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ((cause as { code?: unknown }).code === QUERY_CANCELED) return true
  }
  return false
}

const QUERY_CANCELED = '57014'
