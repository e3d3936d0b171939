/** What was asked for cannot be done as it is. The message says what can. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
}
