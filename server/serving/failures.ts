// The API says of a failed answer whether the database is away; it reaches no further down than here.
export { isDatabaseAway } from '#db/database-away.ts'

/** What was asked for cannot be done as it is. The message says what can. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
}
