/** Arguments that cannot be understood. The message says which, and what they may be. */
export class UsageError extends Error {
  override readonly name = 'UsageError'

  /** From an error of Node's `parseArgs`, whose message goes on to explain the parser, which is of no use here. */
  static from(error: unknown): UsageError {
    const message = error instanceof Error ? error.message : String(error)
    return new UsageError(`${message.split(/\. |\n/)[0]?.replace(/\.$/, '')}.`)
  }
}
