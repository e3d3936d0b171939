/** Arguments that cannot be understood. The message says which, and what they may be. */
export class UsageError extends Error {
  override readonly name = 'UsageError'

  /** From an error of Node's `parseArgs`, whose message goes on to explain the parser, which is of no use here. */
  static from(error: unknown): UsageError {
    const message = error instanceof Error ? error.message : String(error)
    return new UsageError(`${message.split(/\. |\n/)[0]?.replace(/\.$/, '')}.`)
  }
}

/**
 * A whole number given on the command line.
 * @throws UsageError naming the option, its value and its range
 */
export function parseWholeNumber(
  option: string,
  text: string,
  { least, most }: { least: number; most: number },
): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  throw new UsageError(`--${option} is "${text}", but must be a whole number from ${least} to ${most}.`)
}
